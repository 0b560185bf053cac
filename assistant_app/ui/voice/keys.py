"""Keys that talk from anywhere in a window: the chosen one, and Space in the voice pane."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QWindow

from assistant_app.ui.voice.held_key import HeldKey

_MODIFIERS = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.ShiftModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)
_KEYS = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
_GONE = (QEvent.Type.FocusOut, QEvent.Type.Hide, QEvent.Type.Close)


class TalkKeys(HeldKey):
    """Sees the keys of a window before its widgets do. Modifiers may go up before the key itself."""

    def __init__(self, window: QWindow, space_talks: Callable[[], bool], parent: QObject) -> None:
        """Watch `window`; `space_talks` tells whether Space is free to talk now."""
        super().__init__(parent)
        self._space_talks = space_talks
        self._chosen = QKeySequence()
        window.installEventFilter(self)

    def choose(self, keys: str) -> None:
        """Use a key such as "F8" or "Ctrl+Space"; empty or odd: none."""
        self._chosen = QKeySequence(keys)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() in _KEYS:
            return self.take(event, talks=self._talks(event))
        if event.type() in _GONE:
            self.lose()
        return False

    def _talks(self, event: QKeyEvent) -> bool:
        modifiers = event.modifiers() & _MODIFIERS
        if QKeySequence(QKeyCombination(modifiers, Qt.Key(event.key()))) == self._chosen:
            return True
        plain = modifiers == Qt.KeyboardModifier.NoModifier
        return event.key() == Qt.Key.Key_Space and plain and self._space_talks()
