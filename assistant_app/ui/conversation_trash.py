"""Deleting with a way back: into the trash at once, and a toast that undoes it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from assistant_app.core.views import TrashRow
from assistant_app.i18n import _, ngettext
from assistant_app.ui.notices import Button

if TYPE_CHECKING:
    from assistant_app.ui.main_window import MainWindow


class ConversationTrash(QObject):
    """Deletes conversations and messages of one window."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window

    def delete(self, conversation_id: str, title: str) -> None:
        """Put a conversation into the trash and offer to undo it."""
        sentence = _("“{title}” is in the trash.").format(title=title or _("Untitled"))
        self._window.bridge.ask(
            lambda api: api.trash_conversation(conversation_id),
            lambda _none: self._offer(sentence, "conversation", conversation_id),
            owner=self,
        )

    def delete_messages(self, message_id: str, count: int) -> None:
        """Put a message and what is below it into the trash and offer to undo it."""
        sentence = ngettext(
            "{count} message is in the trash.", "{count} messages are in the trash.", count
        ).format(count=count)
        conversation_id = self._window.chat.conversation_id
        self._window.bridge.ask(
            lambda api: api.delete_message(message_id),
            lambda _none: self._offer(sentence, "messages", conversation_id),
            owner=self,
        )

    def _offer(self, sentence: str, kind: str, conversation_id: str) -> None:
        undo = Button(_("Undo"), lambda: self._undo(kind, conversation_id))
        self._window.toast.show_text(sentence, undo)

    def _undo(self, kind: str, conversation_id: str) -> None:
        self._window.bridge.ask(
            lambda api: api.trash(), lambda rows: self._restore(rows, kind, conversation_id), owner=self
        )

    def _restore(self, rows: list[TrashRow], kind: str, conversation_id: str) -> None:
        newest = max((row for row in rows if row.kind == kind), key=lambda row: row.deleted_at, default=None)
        if newest is None:
            return
        found = newest.id
        self._window.bridge.ask(
            lambda api: api.restore_trash(found),
            lambda _none: self._window.logic.open_conversation(conversation_id),
            owner=self,
        )
