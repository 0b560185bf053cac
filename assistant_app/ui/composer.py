"""Where one types: waiting messages, text, model, token count, Send and Stop."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from assistant_app.i18n import _
from assistant_app.ui.actions import ActionSet
from assistant_app.ui.icons import icon
from assistant_app.ui.message_edit import MessageEdit
from assistant_app.ui.model_button import ModelButton
from assistant_app.ui.queue_chips import QueueChips
from assistant_app.ui.theme import Theme

if TYPE_CHECKING:
    from assistant_app.core.views import QueuedMessage

_DRAFT_DELAY_MS = 400
_COUNT_DELAY_MS = 450


class Composer(QFrame):
    """The message box.

    Signals:
        submitted: the text that the user wants to send; the box is empty already.
        draft_changed: the text as it stands, at most half a second after a key.
        count_wanted: the text whose tokens should be counted.
    """

    submitted = Signal(str)
    draft_changed = Signal(str)
    count_wanted = Signal(str)

    def __init__(self, actions: ActionSet, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._answering = False
        self._ready = self._send_when_ready = False
        self._draft_saved = ""
        self.last_message = ""
        """What Up in the empty box brings back."""
        self.setObjectName("composer")

        self.edit = MessageEdit(self)
        self.queue = QueueChips(theme, self)
        self.model_button = ModelButton(theme, self)
        self._tokens = QLabel(self)
        self._tokens.setObjectName("token_count")
        self._tokens.setProperty("role", "muted")
        self._tokens.setToolTip(_("What your message costs of the model's context window"))
        self._dictated = QLabel(self)
        self._dictated.setObjectName("dictated")
        self._dictated.setProperty("role", "muted")
        self._dictated.setWordWrap(True)
        self._dictated.setTextFormat(Qt.TextFormat.PlainText)
        self._dictated.hide()
        self.microphone_button = QToolButton(self)
        self.microphone_button.setObjectName("microphone_button")
        self.microphone_button.setAccessibleName(_("Dictate"))
        self.microphone_button.setToolTip(
            _("Dictate into the message box: hold it while you speak, or tap to start and stop")
        )
        self.microphone_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.send_button = QToolButton(self)
        self.send_button.setObjectName("send_button")
        self.send_button.setAccessibleName(_("Send"))
        self.send_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.send_button.clicked.connect(lambda: self.send())
        self.stop_button = QToolButton(self)
        self.stop_button.setObjectName("stop_button")
        self.stop_button.setAccessibleName(_("Stop"))
        self.stop_button.setToolTip(actions["stop"].toolTip())
        self.stop_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.stop_button.clicked.connect(lambda: actions["stop"].trigger())
        for button in (self.microphone_button, self.send_button, self.stop_button):
            button.setIconSize(QSize(20, 20))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(self.model_button)
        bar.addStretch(1)
        bar.addWidget(self._tokens)
        bar.addWidget(self.microphone_button)
        bar.addWidget(self.stop_button)
        bar.addWidget(self.send_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 10, 8)
        layout.setSpacing(6)
        layout.addWidget(self.queue)
        layout.addWidget(self.edit)
        layout.addWidget(self._dictated)
        layout.addLayout(bar)

        self._draft_timer = QTimer(self, singleShot=True, interval=_DRAFT_DELAY_MS)
        self._draft_timer.timeout.connect(self.flush_draft)
        self._count_timer = QTimer(self, singleShot=True, interval=_COUNT_DELAY_MS)
        self._count_timer.timeout.connect(lambda: self.count_wanted.emit(self.text()))
        self.edit.textChanged.connect(self._on_typed)
        self.edit.send_pressed.connect(self.send)
        self.edit.recall_pressed.connect(self._recall)
        self.edit.focus_changed.connect(self._on_focus)
        theme.changed.connect(self._recolour)
        self.set_send_key("enter")
        self._recolour()
        self.set_answering(False)

    # --- for the window
    def text(self) -> str:
        """Return what stands in the box."""
        return self.edit.toPlainText()

    def show_draft(self, text: str) -> None:
        """Replace what stands in the box without storing it again."""
        if text != self.text():
            self.edit.setPlainText(text)
            self.edit.moveCursor(QTextCursor.MoveOperation.End)
        self._draft_saved = text
        self._draft_timer.stop()
        self.show_tokens("")
        if text.strip():
            self._count_timer.start()

    def put_text(self, text: str) -> None:
        """Put a text into the box as if it had been typed, and the cursor behind it."""
        self.edit.selectAll()
        self.edit.insertPlainText(text)
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_ready(self) -> None:
        """Say that somebody listens now; a message that was sent before goes on its way."""
        self._ready = True
        if self._send_when_ready:
            self.send()

    def flush_draft(self) -> None:
        """Have the draft stored now if it is not."""
        self._draft_timer.stop()
        if self.text() != self._draft_saved:
            self._draft_saved = self.text()
            self.draft_changed.emit(self._draft_saved)

    def set_answering(self, answering: bool) -> None:
        """Offer Stop while an answer is written; Send is there, too, when there is something to queue."""
        self._answering = answering
        self._show_buttons()

    def set_send_key(self, key: str) -> None:
        """Send with "enter" or with "ctrl_enter"."""
        self.edit.send_with_ctrl = key == "ctrl_enter"
        shown = "Ctrl+Enter" if self.edit.send_with_ctrl else "Enter"
        self.send_button.setToolTip(_("Send the message ({key})").format(key=shown))

    def show_tokens(self, sentence: str, *, too_many: bool = False) -> None:
        """Show what the message costs, in words."""
        self._tokens.setText(sentence)
        self._tokens.setProperty("role", "danger" if too_many else "muted")
        self._tokens.style().unpolish(self._tokens)
        self._tokens.style().polish(self._tokens)

    def show_dictation(self, text: str, *, hearing: bool) -> None:
        """Show what is being dictated, or empty for nothing, and whether the microphone listens."""
        self._dictated.setText(text)
        self._dictated.setVisible(bool(text))
        button = self.microphone_button
        if button.property("listening") != hearing:
            button.setProperty("listening", hearing)
            button.setAccessibleDescription(_("Listening") if hearing else "")
            button.style().unpolish(button)
            button.style().polish(button)
            self._recolour()

    def show_queue(self, messages: Sequence["QueuedMessage"]) -> None:
        """Show the messages that wait."""
        self.queue.show_messages(messages)

    def send(self) -> None:
        """Hand over what stands in the box, unless that is only space."""
        text = self.text()
        if not text.strip():
            return
        if not self._ready:
            self._send_when_ready = True
            return
        self._draft_timer.stop()
        self._count_timer.stop()
        self.edit.clear()
        self._draft_timer.stop()
        self._draft_saved = ""
        self.last_message = text
        self.show_tokens("")
        self.submitted.emit(text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.edit.setFocus(Qt.FocusReason.MouseFocusReason)
        event.accept()

    # --- inside
    def _on_typed(self) -> None:
        self._show_buttons()
        if not self._draft_timer.isActive():
            # Not started anew with each key: somebody who types without a pause is stored, too.
            self._draft_timer.start()
        if self.text().strip():
            self._count_timer.start()
        else:
            self._count_timer.stop()
            self.show_tokens("")

    def _recall(self) -> None:
        if self.last_message:
            self.put_text(self.last_message)

    def _show_buttons(self) -> None:
        typed = bool(self.text().strip())
        self.stop_button.setVisible(self._answering)
        self.send_button.setVisible(typed or not self._answering)
        self.send_button.setEnabled(typed)

    def _on_focus(self, focused: bool) -> None:
        self.setProperty("active", focused)
        self.style().unpolish(self)
        self.style().polish(self)

    def _recolour(self) -> None:
        colors = self._theme.colors
        hearing = bool(self.microphone_button.property("listening"))
        self.microphone_button.setIcon(icon("microphone", colors.window if hearing else colors.text))
        self.send_button.setIcon(icon("send", colors.accent_text, colors.window))
        self.stop_button.setIcon(icon("stop", colors.window))
