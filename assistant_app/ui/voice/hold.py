"""How a button is held: by mouse, finger, Space or Enter, and what happens when its release is lost."""

import time

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractButton

_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Select)
_ENDS = (QEvent.Type.WindowDeactivate, QEvent.Type.Hide)


class Hold(QObject):
    """Watches a button; Qt's own `released` cannot tell a release from a focus that went away.

    Signals:
        pressed, released: monotonic time.
        lost: monotonic time; the release will not come.
        tapped: the button was clicked without being held, by a screen reader for instance.
    """

    pressed = Signal(float)
    released = Signal(float)
    lost = Signal(float)
    tapped = Signal()

    def __init__(self, button: QAbstractButton) -> None:
        super().__init__(button)
        self._button = button
        self._key: int | None = None
        self._mouse = False
        self._was_held = False
        button.installEventFilter(self)
        button.clicked.connect(self._on_clicked)

    @property
    def held(self) -> bool:
        """Whether it is down."""
        return self._mouse or self._key is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if isinstance(event, QKeyEvent):
            return self._on_key(event)
        if isinstance(event, QMouseEvent):
            if event.button() is Qt.MouseButton.LeftButton:
                self._on_mouse(kind)
        elif self.held and (kind in _ENDS or (kind is QEvent.Type.FocusOut and not self._mouse)):
            self._key, self._mouse = None, False
            self._button.setDown(False)
            self._forget()
            self.lost.emit(time.monotonic())
        return False

    def _forget(self) -> None:
        # `clicked`, if it comes, comes before this.
        QTimer.singleShot(0, self, lambda: setattr(self, "_was_held", self.held))

    def _on_mouse(self, kind: QEvent.Type) -> None:
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick) and not self.held:
            self._mouse = self._was_held = True
            self.pressed.emit(time.monotonic())
        elif kind is QEvent.Type.MouseButtonRelease and self._mouse:
            self._mouse = False
            self._forget()
            self.released.emit(time.monotonic())

    def _on_key(self, event: QKeyEvent) -> bool:
        if event.key() not in _KEYS or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if event.isAutoRepeat():
            return True
        if event.type() is QEvent.Type.KeyPress and not self.held:
            self._key = event.key()
            self._was_held = True
            self._button.setDown(True)
            self.pressed.emit(time.monotonic())
        elif event.type() is QEvent.Type.KeyRelease and self._key == event.key():
            self._key = None
            self._button.setDown(False)
            self._was_held = False
            self.released.emit(time.monotonic())
        return event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)

    def _on_clicked(self) -> None:
        if not self._was_held:
            self.tapped.emit()
