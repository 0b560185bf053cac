"""Connects the transcript to the conversation: what its buttons ask for, and what it has to show."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox

from assistant_app.core.events import Event
from assistant_app.core.views import ConversationView
from assistant_app.i18n import _
from assistant_app.ui.conversation_trash import ConversationTrash
from assistant_app.ui.links import safe_url
from assistant_app.ui.transcript.view import TranscriptView

if TYPE_CHECKING:
    from assistant_app.ui.main_window import MainWindow


class TranscriptLink(QObject):
    """Owns the TranscriptView of a window."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._chat = window.chat
        self._trash = ConversationTrash(window)
        self.view = TranscriptView(window.stack)
        self._shown: ConversationView | None = None
        self._connect()
        window.theme.changed.connect(self._on_theme)
        self._on_theme()

    def show_view(self, view: ConversationView) -> None:
        """Show a conversation; nothing is drawn anew when only its title or its queue changed."""
        if (
            self._shown is None
            or view.messages != self._shown.messages
            or view.conversation.id != self._shown.conversation.id
        ):
            self.view.set_view(view)
        self._shown = view

    def scroll_to(self, message_id: str) -> None:
        """Bring a message into view."""
        self.view.scroll_to_message(message_id)

    def _connect(self) -> None:
        view, chat = self.view, self._chat
        chat.streamed.connect(self._on_streamed)
        view.edit_submitted.connect(self._on_edited)
        view.answer_edited.connect(
            lambda message_id, text: chat.do(lambda api: api.edit_answer(message_id, text))
        )
        view.regenerate_requested.connect(lambda message_id: chat.do(lambda api: api.regenerate(message_id)))
        view.continue_requested.connect(
            lambda message_id: chat.do(lambda api: api.continue_answer(message_id))
        )
        view.version_selected.connect(lambda message_id: chat.do(lambda api: api.select_version(message_id)))
        view.delete_requested.connect(self._on_delete)
        view.receipt_requested.connect(lambda message_id: self._open_receipt(message_id, replay=False))
        view.replay_requested.connect(lambda message_id: self._open_receipt(message_id, replay=True))
        view.read_aloud_requested.connect(self._window.voice.read_aloud)
        view.hush_requested.connect(self._window.voice.hush)
        view.older_wanted.connect(chat.load_older)
        view.link_activated.connect(self._on_link)

    def _on_streamed(self, event: Event) -> None:
        self.view.apply(event)

    def _on_edited(self, message_id: str, text: str, fork: bool) -> None:
        bridge = self._window.bridge
        if fork:
            bridge.ask(
                lambda api: api.fork(message_id, text),
                lambda conversation: self._window.logic.open_conversation(conversation.id),
                owner=self,
            )
        else:
            self._chat.do(lambda api: api.edit(message_id, text))

    def _on_delete(self, message_id: str) -> None:
        self._window.bridge.ask(
            lambda api: api.count_below(message_id),
            lambda counts: self._confirm(message_id, counts),
            owner=self,
        )

    def _confirm(self, message_id: str, counts: tuple[int, int]) -> None:
        """Ask only where more than one message goes; the toast takes any deletion back."""
        questions, answers = counts
        total = questions + answers
        if total <= 1:
            self._trash.delete_messages(message_id, total)
            return
        box = QMessageBox(self._window)
        box.setObjectName("delete_box")
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(_("Delete"))
        box.setText(
            _("This deletes {questions} of your messages and {answers} answers, in all versions.").format(
                questions=questions, answers=answers
            )
        )
        box.setInformativeText(_("They stay in the trash for 30 days."))
        delete = box.addButton(
            _("Delete {count} messages").format(count=total), QMessageBox.ButtonRole.DestructiveRole
        )
        keep = box.addButton(_("Keep"), QMessageBox.ButtonRole.RejectRole)
        delete.setToolTip(_("Put them into the trash"))
        keep.setToolTip(_("Leave everything as it is"))
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        box.buttonClicked.connect(
            lambda clicked: self._trash.delete_messages(message_id, total) if clicked is delete else None
        )
        box.setModal(False)
        box.open()

    def _open_receipt(self, message_id: str, *, replay: bool) -> None:
        self._window.pages.open("receipt", message_id=message_id, replay=replay)

    def _on_link(self, url: str) -> None:
        target = safe_url(url)
        if target is not None:
            QDesktopServices.openUrl(target)

    def _on_theme(self) -> None:
        theme = self._window.theme
        self.view.set_theme(theme)
