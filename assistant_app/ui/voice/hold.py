"""How a button is held: by mouse, finger, Space or Enter, and what happens when its release is lost."""

import time

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractButton

from assistant_app.ui.voice.held_key import HeldKey

_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Select)
_DOWN = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
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
        self._mouse = False
        self._by_mouse = False
        """Whether the click that may follow comes from the mouse."""
        self._key = HeldKey(self)
        self._key.pressed.connect(self._on_key_pressed)
        self._key.released.connect(lambda at: self._on_key_ended(self.released, at))
        self._key.lost.connect(lambda at: self._on_key_ended(self.lost, at))
        button.installEventFilter(self)
        button.clicked.connect(self._on_clicked)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            return self._on_key(event)
        if isinstance(event, QMouseEvent):
            if event.button() is Qt.MouseButton.LeftButton:
                self._on_mouse(event.type())
        elif event.type() in _ENDS:
            self._key.lose()
            self._lose_mouse()
        elif event.type() is QEvent.Type.FocusOut:
            self._key.lose()
        return False

    def _on_key(self, event: QKeyEvent) -> bool:
        if event.type() not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) or event.key() not in _KEYS:
            return False
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        # Qt would click the button as well; here only press and release count.
        return self._key.take(event, talks=plain and not self._mouse) or plain

    def _on_key_pressed(self, at: float) -> None:
        self._button.setDown(True)
        self.pressed.emit(at)

    def _on_key_ended(self, signal: SignalInstance, at: float) -> None:
        self._button.setDown(False)
        signal.emit(at)

    def _on_mouse(self, kind: QEvent.Type) -> None:
        if kind in _DOWN and not self._key.held:
            self._mouse = self._by_mouse = True
            self.pressed.emit(time.monotonic())
        elif kind is QEvent.Type.MouseButtonRelease and self._mouse:
            self._mouse = False
            self._forget_mouse()
            self.released.emit(time.monotonic())

    def _lose_mouse(self) -> None:
        if self._mouse:
            self._mouse = False
            self._button.setDown(False)
            self._forget_mouse()
            self.lost.emit(time.monotonic())

    def _forget_mouse(self) -> None:
        # `clicked`, if it comes, comes before this.
        QTimer.singleShot(0, self, lambda: setattr(self, "_by_mouse", self._mouse))

    def _on_clicked(self) -> None:
        if not self._by_mouse:
            self.tapped.emit()
