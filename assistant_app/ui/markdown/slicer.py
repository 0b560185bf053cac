"""Does long work on the GUI thread in slices of a few milliseconds, between the events of the user."""

from collections import deque
from collections.abc import Iterator
from time import perf_counter
from weakref import WeakMethod

from PySide6.QtCore import QObject, QTimer

_SLICE_S = 0.006
_PAUSE_MS = 1
"""A timer of zero would leave other events no room under some platforms."""


class Slicer(QObject):
    """Runs generators step by step; a step is what lies between two yields and must be short."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: deque[tuple[object, Iterator[None]]] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(_PAUSE_MS)
        run = WeakMethod(self.run_slice)
        self._timer.timeout.connect(lambda: (method := run()) and method())

    @property
    def busy(self) -> bool:
        """Whether work is left."""
        return bool(self._jobs)

    def add(self, owner: object, job: Iterator[None], *, soon: bool = False) -> None:
        """Queue work; `soon` puts it before the rest. `owner` is the name to drop it by."""
        if soon:
            self._jobs.appendleft((owner, job))
        else:
            self._jobs.append((owner, job))
        if not self._timer.isActive():
            self._timer.start()

    def drop(self, owner: object) -> None:
        """Forget the work of an owner."""
        self._jobs = deque(entry for entry in self._jobs if entry[0] is not owner)

    def run_slice(self, seconds: float = _SLICE_S) -> None:
        """Work for about `seconds`."""
        end = perf_counter() + seconds
        while self._jobs:
            entry = self._jobs[0]
            try:
                next(entry[1])
            except StopIteration:
                self._remove(entry)
            except Exception:
                self._remove(entry)
                raise
            if perf_counter() >= end:
                return
        self._timer.stop()

    def _remove(self, entry: tuple[object, Iterator[None]]) -> None:
        # A step may have put other work before this.
        self._jobs = deque(other for other in self._jobs if other is not entry)

    def finish(self, owner: object) -> None:
        """Do the work of one owner to its end, now."""
        for entry in [entry for entry in self._jobs if entry[0] is owner]:
            for _step in entry[1]:
                pass
        self.drop(owner)
