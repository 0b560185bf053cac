"""A key while it is held: one press and one release, whatever the system repeats in between."""

import time

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QKeyEvent

_REPEAT_MS = 25
"""How long a release waits for the press that would make it a repetition."""


class HeldKey(QObject):
    """Follows at most one key.

    X11 repeats a held key as pairs of release and press with the same time stamp. Qt marks them as
    repetitions only if both have arrived when it looks, which on a busy computer is often not so (measured:
    never, at a load of 8 on 2 cores). So a release is believed once no press with its time stamp follows; the
    time that is told is that of the release itself.

    Signals:
        pressed, released: monotonic time.
        lost: monotonic time; the release will not come.
    """

    pressed = Signal(float)
    released = Signal(float)
    lost = Signal(float)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._key: int | None = None
        self._released_at = 0.0
        self._stamp = 0
        self._ending = QTimer(self, singleShot=True, interval=_REPEAT_MS)
        self._ending.timeout.connect(self._end)

    @property
    def held(self) -> bool:
        """Whether it is down."""
        return self._key is not None

    def take(self, event: QKeyEvent, *, talks: bool) -> bool:
        """Take a key event; `talks` tells whether a press of this key counts. Return whether it was ours."""
        mine = event.key() == self._key
        if event.type() is QEvent.Type.KeyRelease:
            if mine and not event.isAutoRepeat() and not self._ending.isActive():
                self._released_at, self._stamp = time.monotonic(), event.timestamp()
                self._ending.start()
            return mine
        if mine and self._ending.isActive():
            if self._stamp and event.timestamp() == self._stamp:
                self._ending.stop()
                return True
            self._ending.stop()
            self._end()
        if self._key is not None:
            return mine
        if not talks or event.isAutoRepeat():
            return False
        self._key = event.key()
        self.pressed.emit(time.monotonic())
        return True

    def lose(self) -> None:
        """The keyboard went elsewhere; nothing if no key is held, or if it was released just before."""
        if self._ending.isActive():
            self._ending.stop()
            self._end()
        elif self._key is not None:
            self._key = None
            self.lost.emit(time.monotonic())

    def _end(self) -> None:
        self._key = None
        self.released.emit(self._released_at)
