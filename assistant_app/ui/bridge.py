"""The way between worker and window: questions go out, answers and events come in, in order."""

import logging
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from assistant_app.core.errors import AssistantError

if TYPE_CHECKING:
    from assistant_app.worker.api import AssistantApi
    from assistant_app.worker.thread import WorkerThread

log = logging.getLogger(__name__)
T = TypeVar("T")


class _Answer(NamedTuple):
    deliver: Callable[[Any], object] | None
    value: Any
    owner: QObject | None


class _Attach(NamedTuple):
    worker: "WorkerThread"


class Bridge(QObject):
    """Delivers everything from the worker on the GUI thread, in the order in which it happened there.

    An answer is posted in the same step of the worker's loop in which the call returned, so no event
    that the answer already contains comes after it, and none that it lacks comes before it.

    Signals:
        happened: an event of `assistant_app.core.events`.
        failed: the AssistantError of a call that nobody else handles.
    """

    happened = Signal(object)
    failed = Signal(object)
    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: WorkerThread | None = None
        self._waiting: list[Callable[[], None]] = []
        self._unsubscribe: Callable[[], None] | None = None
        self._closed = False
        self._pending = 0
        self._posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def attach(self, worker: "WorkerThread") -> None:
        """Listen to a worker, ask it what has been asked so far, and start it."""
        if self._closed:
            return
        self._worker = worker
        self._unsubscribe = worker.api.subscribe(self._post)
        worker.start()
        waiting, self._waiting = self._waiting, []
        for ask in waiting:
            ask()

    def attach_soon(self, worker: "WorkerThread") -> None:
        """Do the same from another thread."""
        self._post(_Attach(worker))

    def fail_soon(self, error: AssistantError) -> None:
        """Tell from another thread that there will be no worker."""
        self._post(_Answer(self.failed.emit, error, self))

    @property
    def busy(self) -> bool:
        """Whether answers are still to come."""
        return self._pending > 0

    def ask(
        self,
        make: Callable[["AssistantApi"], Coroutine[Any, Any, T]],
        on_done: Callable[[T], object] | None = None,
        on_error: Callable[[AssistantError], object] | None = None,
        owner: QObject | None = None,
    ) -> None:
        """Run `make(api)` on the worker and call back here; nothing is called once `owner` is deleted."""
        if self._closed:
            return
        worker = self._worker
        if worker is None:
            self._waiting.append(lambda: self.ask(make, on_done, on_error, owner))
            return
        self._pending += 1
        started = time.monotonic()

        async def run() -> None:
            try:
                value = await make(worker.api)
            except AssistantError as error:
                self._post(_Answer(on_error or self.failed.emit, error, owner))
            except Exception as error:
                log.exception("a request from the window failed")
                wrapped = AssistantError(detail=f"{type(error).__name__}: {error}")
                self._post(_Answer(on_error or self.failed.emit, wrapped, owner))
            else:
                self._post(_Answer(on_done, value, owner))
            log.debug("answered after %.0f ms", 1000 * (time.monotonic() - started))

        coroutine = run()
        try:
            worker.call(coroutine)
        except RuntimeError:
            coroutine.close()
            self._pending -= 1

    def close(self) -> None:
        """Stop listening; answers that are still under way are dropped."""
        if not self._closed:
            self._closed = True
            if self._unsubscribe is not None:
                self._unsubscribe()

    def _post(self, item: object) -> None:
        try:
            self._posted.emit(item)
        except RuntimeError:
            log.debug("the window is gone; %s is dropped", type(item).__name__)

    def _deliver(self, item: object) -> None:
        if isinstance(item, _Attach):
            self.attach(item.worker)
            return
        if not isinstance(item, _Answer):
            if not self._closed:
                self.happened.emit(item)
            return
        self._pending -= 1
        if self._closed or item.deliver is None:
            return
        owner = item.owner if item.owner is not None else getattr(item.deliver, "__self__", None)
        if isinstance(owner, QObject) and not shiboken6.isValid(owner):
            return
        item.deliver(item.value)
