"""Keys that talk from anywhere in a window: the chosen one, and Space in the voice pane."""

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QWindow

_MODIFIERS = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.ShiftModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)
_GONE = (QEvent.Type.FocusOut, QEvent.Type.Hide, QEvent.Type.Close)


class TalkKeys(QObject):
    """Sees the keys of a window before its widgets do; only one is held at a time.

    Signals:
        pressed, released: monotonic time.
        lost: monotonic time; the window lost the keyboard, so the release will not come.
    """

    pressed = Signal(float)
    released = Signal(float)
    lost = Signal(float)

    def __init__(self, window: QWindow, space_talks: Callable[[], bool], parent: QObject) -> None:
        """Watch `window`; `space_talks` tells whether Space is free to talk now."""
        super().__init__(parent)
        self._space_talks = space_talks
        self._chosen = QKeySequence()
        self._held: int | None = None
        window.installEventFilter(self)

    def choose(self, keys: str) -> None:
        """Use a key such as "F8" or "Ctrl+Space"; empty or odd: none."""
        self._chosen = QKeySequence(keys)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            if event.type() is QEvent.Type.KeyPress:
                return self._on_press(event)
            if event.type() is QEvent.Type.KeyRelease:
                return self._on_release(event)
        elif event.type() in _GONE and self._held is not None:
            self._held = None
            self.lost.emit(time.monotonic())
        return False

    def _on_press(self, event: QKeyEvent) -> bool:
        if event.isAutoRepeat():
            return event.key() == self._held
        if self._held is not None or not self._talks(event):
            return False
        self._held = event.key()
        self.pressed.emit(time.monotonic())
        return True

    def _on_release(self, event: QKeyEvent) -> bool:
        # Modifiers may go up first, so only the key itself counts.
        if self._held is None or event.key() != self._held:
            return False
        if not event.isAutoRepeat():
            self._held = None
            self.released.emit(time.monotonic())
        return True

    def _talks(self, event: QKeyEvent) -> bool:
        modifiers = event.modifiers() & _MODIFIERS
        if QKeySequence(QKeyCombination(modifiers, Qt.Key(event.key()))) == self._chosen:
            return True
        plain = modifiers == Qt.KeyboardModifier.NoModifier
        return event.key() == Qt.Key.Key_Space and plain and self._space_talks()
