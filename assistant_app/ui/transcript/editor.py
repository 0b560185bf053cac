"""The field in which a message is changed in place."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from assistant_app.i18n import _

_MIN_PX = 70
_MAX_PX = 320


class _Field(QPlainTextEdit):
    """Tells its owner of the keys that decide."""

    decided = Signal(str)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        modifiers = event.modifiers()
        if event.key() == Qt.Key.Key_Escape:
            self.decided.emit("cancel")
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if modifiers & Qt.KeyboardModifier.ControlModifier:
                self.decided.emit("fork")
            elif modifiers & Qt.KeyboardModifier.ShiftModifier:
                self.insertPlainText("\n")
            else:
                self.decided.emit("here")
        else:
            super().keyPressEvent(event)


class MessageEditor(QWidget):
    """Two verbs for a question, one for an answer; Esc leaves and keeps what was typed.

    Signals:
        submitted: the text, and whether it goes into a new conversation.
        cancelled: the text as it stood.
        height_changed: it needs more or less room now.
    """

    submitted = Signal(str, bool)
    cancelled = Signal(str)
    height_changed = Signal()

    def __init__(self, message_id: str, text: str, original: str, from_user: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._original = original
        self._from_user = from_user
        self.setObjectName(f"editor-{message_id}")
        self.field = _Field(self)
        self.field.setObjectName(f"editField-{message_id}")
        self.field.setAccessibleName(_("Edit message"))
        self.field.setToolTip(_("Enter keeps the change here, Shift+Enter starts a line, Esc leaves"))
        self.field.setPlainText(text)
        self.field.setTabChangesFocus(True)
        self.field.decided.connect(self._decide)
        self.field.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(8)
        layout.addWidget(self.field)
        row = QHBoxLayout()
        row.setSpacing(8)
        if from_user:
            self._add(
                row, "askAgain", _("Ask again here"), _("A new version of this question (Enter)"), "here"
            )
            self._add(
                row,
                "fork",
                _("In a new conversation"),
                _("Everything here stays as it is (Ctrl+Enter)"),
                "fork",
            )
        else:
            self._add(
                row, "keepBoth", _("Keep both"), _("Your wording becomes another version (Enter)"), "here"
            )
        row.addStretch(1)
        if text != original:
            self._add(row, "discard", _("Discard changes"), _("Back to the words as they were"), "discard")
        self._add(row, "cancelEdit", _("Cancel"), _("Leave; what you typed is kept (Esc)"), "cancel")
        layout.addLayout(row)
        self._fit()

    def _add(self, row: QHBoxLayout, name: str, text: str, tooltip: str, verb: str) -> None:
        button = QPushButton(text, self)
        button.setObjectName(f"{name}Button")
        button.setAccessibleName(text)
        button.setToolTip(tooltip)
        button.setAutoDefault(False)
        if verb == "here":
            button.setProperty("kind", "primary")
        button.clicked.connect(lambda: self._decide(verb))
        row.addWidget(button)

    def _decide(self, verb: str) -> None:
        text = self.field.toPlainText()
        if verb == "cancel":
            self.cancelled.emit(text)
        elif verb == "discard":
            self.cancelled.emit(self._original)
        elif text.strip():
            self.submitted.emit(text, verb == "fork" and self._from_user)

    def _fit(self) -> None:
        lines = self.field.document().size().height()
        height = int(lines * self.field.fontMetrics().lineSpacing()) + 26
        height = max(_MIN_PX, min(_MAX_PX, height))
        if height != self.field.height():
            self.field.setFixedHeight(height)
            self.height_changed.emit()
