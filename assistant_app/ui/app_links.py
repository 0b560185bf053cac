"""Follows assistant-app: links in a window; their text waits in the message box for the user to send it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from assistant_app.core.app_links import AskLink, LinkError, PageLink, parse_link
from assistant_app.core.views import ConversationView
from assistant_app.i18n import _, translate
from assistant_app.ui.notices import Banner

if TYPE_CHECKING:
    from assistant_app.ui.main_window import MainWindow

_NOTICE, _REFUSED = "link", "link-refused"
"""Names of the banners."""


class AppLinks(QObject):
    """Puts the text of links into the message box of the new conversation, behind what is typed there.

    Whoever made a link may want it sent, and knows when the user types: so it gets no keyboard, and as
    long as it stands there a notice says where it came from.
    """

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._chat = window.chat
        self._waiting: list[str] = []
        """Texts for the new conversation, which is not on screen yet."""
        self._stands = False
        """Whether a text of a link stands in the message box of the new conversation."""
        # Behind the window's own: the draft of what was opened is in the message box already.
        self._chat.opened.connect(self._on_opened)
        self._chat.failed.connect(lambda _error: self._go_on())
        window.composer.edit.textChanged.connect(self._on_typed)

    def follow(self, link: str) -> None:
        """Do what a link asks for, or say why not."""
        self._window.come_forward()
        try:
            wanted = parse_link(link)
        except LinkError as error:
            self._window.banners.show_banner(_REFUSED, error.sentence(translate), level="warning")
            return
        self._window.banners.hide_banner(_REFUSED)
        if isinstance(wanted, AskLink):
            self._waiting.append(wanted.text)
            self._go_on()
        elif isinstance(wanted, PageLink):
            self._open_page(wanted.page)

    def _open_page(self, page: str) -> None:
        if page == "voice":
            self._window.voice.show_pane(focus=False)
        else:
            self._window.pages.open(page)

    def _go_on(self) -> None:
        """Put the texts where they belong, if that is on screen; else have it opened."""
        chat = self._chat
        if not self._waiting or not chat.ready:
            return
        if chat.conversation_id:
            self._window.logic.open_conversation("")
        elif not chat.view.conversation.id:
            self._put()

    def _put(self) -> None:
        composer = self._window.composer
        typed = composer.text().rstrip()
        texts, self._waiting = self._waiting, []
        composer.put_text("\n\n".join(filter(None, (typed, *texts))))
        composer.flush_draft()
        self._stands = True
        notice = self._tell()
        # It takes the keyboard from the message box, and keys do nothing there. Qt would look for another
        # widget in a window without any that has it.
        notice.show()
        notice.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_opened(self, view: ConversationView) -> None:
        if self._waiting:
            self._go_on()
        elif self._stands and not view.conversation.id:
            self._tell()
        if view.conversation.id:
            self._window.banners.hide_banner(_NOTICE)

    def _on_typed(self) -> None:
        if self._stands and not self._chat.view.conversation.id and not self._window.composer.text().strip():
            self._stands = False
            self._window.banners.hide_banner(_NOTICE)

    def _tell(self) -> Banner:
        return self._window.banners.show_banner(
            _NOTICE,
            _("This text came from a link and was not sent: read it, then send it or delete it."),
            lasting=True,
        )
