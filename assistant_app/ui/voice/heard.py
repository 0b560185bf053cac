"""What was understood: grey while it may still change, black when it is final, editable for review."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from assistant_app.i18n import _

_LINES = (3, 8)
"""Fewest and most lines of the box for corrections; it scrolls after that."""
_FRAME_PX = 20
_SHOWN = 600
"""Letters shown of what is said; the end, which is newest."""


class ReviewEdit(QPlainTextEdit):
    """The text that waits.

    Signals:
        send_pressed: Ctrl+Enter.
        discard_pressed: Esc.
    """

    send_pressed = Signal()
    discard_pressed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.send_pressed.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.discard_pressed.emit()
        else:
            super().keyPressEvent(event)


class HeardView(QWidget):
    """The words of the user.

    Signals:
        sent: the text as corrected.
        discarded: the user does not want it.
    """

    sent = Signal(str)
    discarded = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("heard")
        self._text = ""
        self._most_lines = _LINES[1]
        self._title = QLabel(_("You said"), self)
        self._title.setProperty("role", "muted")
        self.label = QLabel(self)
        self.label.setObjectName("heard_text")
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.edit = ReviewEdit(self)
        self.edit.setObjectName("review_edit")
        self.edit.setAccessibleName(_("What was understood"))
        self.edit.setToolTip(_("Correct it, then send it (Ctrl+Enter) or discard it (Esc)"))
        self.edit.setTabChangesFocus(True)
        self._send = QPushButton(_("Send"), self)
        self._send.setObjectName("review_send")
        self._send.setProperty("kind", "primary")
        self._send.setToolTip(_("Send the text as it stands (Ctrl+Enter)"))
        self._discard = QPushButton(_("Discard"), self)
        self._discard.setObjectName("review_discard")
        self._discard.setToolTip(_("Send nothing (Esc)"))
        for button in (self._send, self._discard):
            button.setAccessibleName(button.text())
            button.setAutoDefault(False)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._send)
        row.addWidget(self._discard)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._title)
        layout.addWidget(self.label)
        layout.addWidget(self.edit)
        layout.addLayout(row)
        self._send.clicked.connect(self._on_send)
        self.edit.send_pressed.connect(self._on_send)
        self._discard.clicked.connect(self.discarded)
        self.edit.discard_pressed.connect(self.discarded)
        self.edit.textChanged.connect(self._on_edited)
        self.edit.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self.set_reviewing(False)

    @property
    def reviewing(self) -> bool:
        """Whether the text waits to be corrected."""
        return not self.edit.isHidden()

    def show_text(self, text: str, *, final: bool) -> None:
        """Show what was understood so far, or in the end."""
        self._text = text
        shown = text if len(text) <= _SHOWN else "…" + text[-_SHOWN:]
        self.label.setText(shown)
        self.label.setAccessibleName(shown)
        role = "" if final else "muted"
        if self.label.property("role") != role:
            self.label.setProperty("role", role)
            self.label.style().unpolish(self.label)
            self.label.style().polish(self.label)
        self.setVisible(bool(text) or self.reviewing)

    def set_reviewing(self, reviewing: bool) -> None:
        """Let the text be corrected, or show it only."""
        if reviewing and not self.reviewing:
            self.edit.setPlainText(self._text)
            self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)
        for part in (self.edit, self._send, self._discard):
            part.setVisible(reviewing)
        QTimer.singleShot(0, self, self._fit)
        self.label.setVisible(not reviewing)
        self._title.setText(_("Is this what you said?") if reviewing else _("You said"))
        self.setVisible(bool(self._text) or reviewing)

    def set_compact(self, compact: bool) -> None:
        """Let the box be no higher than it must."""
        self._most_lines = _LINES[0] if compact else _LINES[1]
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._fit)

    def _on_edited(self) -> None:
        self._send.setEnabled(bool(self.edit.toPlainText().strip()))

    def _fit(self) -> None:
        needed = round(self.edit.document().documentLayout().documentSize().height())
        lines = min(self._most_lines, max(_LINES[0], needed))
        self.edit.setFixedHeight(self.edit.fontMetrics().lineSpacing() * lines + _FRAME_PX)

    def _on_send(self) -> None:
        text = self.edit.toPlainText().strip()
        if text and self.reviewing:
            self.sent.emit(text)
