"""Opens the windows beside the main one: imported when first asked for, each there at most once."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import shiboken6
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from assistant_app.paths import Paths
from assistant_app.ui.bridge import Bridge
from assistant_app.ui.theme import Theme

if TYPE_CHECKING:
    from assistant_app.ui.pages.page import Page

PAGES = {
    "models": "models_page:ModelsPage",
    "speech-models": "speech_models_page:SpeechModelsPage",
    "transcript": "transcript_page:TranscriptPage",
    "settings": "settings_page:SettingsPage",
    "conversation-settings": "conversation_page:ConversationPage",
    "prompt": "prompt_page:PromptPage",
    "receipt": "receipt_page:ReceiptPage",
    "trash": "trash_page:TrashPage",
    "time-machine": "time_machine_page:TimeMachinePage",
    "shortcuts": "shortcuts_page:ShortcutsPage",
    "doctor": "doctor_page:DoctorPage",
    "help": "help_page:HelpPage",
    "about": "about_page:AboutPage",
}


class PageOpener(QObject):
    """Keeps track of the open pages, and is what a page knows of its surroundings.

    Signals:
        page_wanted: identifier of a page that another page wants opened.
        settings_changed: the settings as a dictionary, after a page changed them.
        conversation_wanted: identifier of a conversation that a page wants shown.
        confirmed: a sentence that says what was done.
    """

    page_wanted = Signal(str)
    settings_changed = Signal(dict)
    conversation_wanted = Signal(str)
    confirmed = Signal(str)

    def __init__(self, bridge: Bridge, theme: Theme, paths: Paths, window: QWidget) -> None:
        super().__init__(window)
        self.bridge = bridge
        self.theme = theme
        self.paths = paths
        self._window = window
        self._open: dict[str, Page] = {}

    def open(self, page_id: str, **arguments: Any) -> "Page":
        """Bring a page to the front; one with other arguments takes the place of the old one."""
        page = self._open.get(page_id)
        if page is not None and shiboken6.isValid(page):
            if not arguments or page.arguments == arguments:
                page.show()
                page.raise_()
                page.activateWindow()
                return page
            page.close()
        module, name = PAGES[page_id].split(":")
        kind = getattr(import_module(f"assistant_app.ui.pages.{module}"), name)
        page = cast("Page", kind(self, self._window, **arguments))
        page.arguments = arguments
        self._open[page_id] = page
        page.show()
        return page

    def close_all(self) -> None:
        """Close every page that is open."""
        for page in self._open.values():
            if shiboken6.isValid(page):
                page.close()
