"""Shows exactly what would be sent to the model now."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from assistant_app.core.errors import AssistantError
from assistant_app.i18n import _
from assistant_app.ui.page_opener import PageOpener
from assistant_app.ui.pages.page import Page


class PromptPage(Page):
    """The prompt, template applied, to read and to copy."""

    def __init__(self, opener: PageOpener, parent: QWidget, conversation_id: str, draft: str) -> None:
        super().__init__(
            opener,
            parent,
            "prompt",
            _("Prompt"),
            _("Exactly what the model would read if the message were sent now, its markers included."),
            (720, 600),
        )
        self._box = self.text_box("prompt_text", _("Prompt"))
        self._box.setPlaceholderText(_("Loading the model…"))
        self.body.addWidget(self._box, 1)
        self.button("copy_prompt", _("Copy"), _("Copy the whole prompt"), self._copy)
        self.close_button()
        self.bridge.ask(
            lambda api: api.prompt_text(conversation_id, draft), self._box.setPlainText, self._on_error, self
        )

    def _on_error(self, error: AssistantError) -> None:
        self._box.setPlaceholderText("")
        self.show_error(error)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._box.toPlainText())
