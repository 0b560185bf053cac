"""What the parts of the main window do to each other: actions, events, banners, the transcript."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from assistant_app.core.errors import AssistantError, PromptTooLong
from assistant_app.core.events import (
    ContextReport,
    ConversationChanged,
    EngineState,
    EngineStateChanged,
    Event,
    ModelsChanged,
    Notice,
    PageWanted,
    ReminderDue,
    TurnEnded,
    TurnStarted,
    UpdateFound,
)
from assistant_app.core.views import ConversationView, ModelRow
from assistant_app.i18n import _, translate
from assistant_app.ui.actions import Needs
from assistant_app.ui.conversation_trash import ConversationTrash
from assistant_app.ui.notices import Button
from assistant_app.ui.page_opener import PAGES
from assistant_app.ui.reminders import Reminders
from assistant_app.ui.updates import Updates
from assistant_app.ui.voice.sound_files import choose_sound_file, is_sound
from assistant_app.ui.wording import number

if TYPE_CHECKING:
    from assistant_app.ui.main_window import MainWindow
    from assistant_app.ui.transcript_link import TranscriptLink

_POCKET = "pocket-model"
_MODEL = ".gguf"


class WindowLogic(QObject):
    """Connects the widgets of one window; the only place that knows all of them."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._bridge = window.bridge
        self._chat = window.chat
        self._models: Sequence[ModelRow] = ()
        self._settings: dict[str, Any] = {}
        self._transcript: TranscriptLink | None = None
        self._scroll_to = ""
        self._trash = ConversationTrash(window)
        self._reminders = Reminders(window)
        self._updates = Updates(window)
        self._bind_actions()
        self._connect_parts()
        self._show_title()
        self._enable()

    def start(self) -> None:
        """Ask for what the window shows; called once the window can be seen."""
        self._chat.start()
        self._window.sidebar.model.refresh()
        self._bridge.ask(lambda api: api.settings(), self.take_settings, owner=self)
        self._load_models()

    def transcript(self) -> "TranscriptLink":
        """Return the transcript, imported and built at the first call: it is not needed to type."""
        if self._transcript is None:
            from assistant_app.ui.transcript_link import TranscriptLink

            self._transcript = TranscriptLink(self._window)
            self._window.stack.addWidget(self._transcript.view)
        return self._transcript

    @staticmethod
    def takes_file(name: str) -> bool:
        """Tell whether a file may be dropped on the window."""
        return name.lower().endswith(_MODEL) or is_sound(name)

    def take_files(self, files: Sequence[str]) -> None:
        """Add the model files that were dropped on the window, and transcribe the first recording."""
        models = [Path(name) for name in files if name.lower().endswith(_MODEL)]
        if models:
            from assistant_app.ui.pages.models_page import ModelsPage

            page = self._window.pages.open("models")
            if isinstance(page, ModelsPage):
                page.add_files(models)
        sound = next((name for name in files if is_sound(name)), None)
        if sound is not None:
            self._transcribe(Path(sound))

    def _transcribe(self, path: Path) -> None:
        self._window.pages.open("transcript", path=path)

    # --- wiring
    def _bind_actions(self) -> None:
        window, pages = self._window, self._window.pages
        sidebar = window.sidebar
        window.actions_.bind(
            {
                "new": self.new_conversation,
                "models": lambda: pages.open("models"),
                "settings": lambda: pages.open("settings"),
                "trash": lambda: pages.open("trash"),
                "transcribe-file": lambda: choose_sound_file(window, self._transcribe),
                "time-machine": lambda: pages.open("time-machine"),
                "quit": window.close,
                "stop": self._stop,
                "rename": self._rename,
                "pin": self._pin,
                "delete": self._delete,
                "conversation-settings": self._conversation_settings,
                "regenerate": self._regenerate,
                "prompt": self._prompt,
                "search": self._search,
                "focus-message": lambda: window.composer.edit.setFocus(Qt.FocusReason.ShortcutFocusReason),
                "sidebar": self._toggle_sidebar,
                "voice": window.voice.toggle_pane,
                "previous": lambda: self._step(-1),
                "next": lambda: self._step(1),
                "larger": lambda: self._resize_text(1),
                "smaller": lambda: self._resize_text(-1),
                "palette": self._open_palette,
                "help": lambda: pages.open("help"),
                "shortcuts": lambda: pages.open("shortcuts"),
                "doctor": lambda: pages.open("doctor"),
                "about": lambda: pages.open("about"),
            }
        )
        sidebar.left.connect(window.actions_["focus-message"].trigger)

    def _connect_parts(self) -> None:
        window, chat, composer = self._window, self._chat, self._window.composer
        self._bridge.happened.connect(self._on_event)
        self._bridge.failed.connect(self.show_error)
        chat.failed.connect(self.show_error)
        chat.opened.connect(self._on_opened)
        chat.updated.connect(self._on_updated)
        chat.answering_changed.connect(self._on_answering)
        chat.progressed.connect(window.status.show_progress)
        chat.context_changed.connect(self._on_context)
        chat.context_failed.connect(self._on_context_failed)
        chat.speed_counted.connect(lambda speed: window.status.show_speed(speed, measured=False))
        chat.not_sent.connect(self._on_not_sent)
        composer.submitted.connect(self._submit)
        composer.draft_changed.connect(chat.save_draft)
        composer.count_wanted.connect(chat.count)
        composer.queue.edited.connect(self._edit_queued)
        composer.model_button.chosen.connect(self._choose_model)
        composer.model_button.manage_wanted.connect(lambda: window.pages.open("models"))
        window.sidebar.open_wanted.connect(self._open_found)
        window.welcome.example_chosen.connect(self._submit)
        window.status.strip.message_chosen.connect(self._show_message)
        window.pages.page_wanted.connect(lambda page_id: window.pages.open(page_id))
        window.pages.settings_changed.connect(self.take_settings)
        window.pages.conversation_wanted.connect(self.open_conversation)
        window.voice.talker.changed.connect(lambda _talk: self._enable())
        window.voice.talker.reading.connect(lambda _progress: self._enable())
        window.pages.confirmed.connect(lambda sentence: window.toast.show_text(sentence))

    # --- conversations
    def open_conversation(self, conversation_id: str) -> None:
        """Show a conversation, storing the draft of the one that is left."""
        if conversation_id == self._chat.conversation_id and self._chat.ready:
            return
        self._window.composer.flush_draft()
        self._chat.open(conversation_id)

    def new_conversation(self) -> None:
        """Begin a conversation; it is stored with its first message."""
        self.open_conversation("")
        self._window.composer.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _open_found(self, conversation_id: str, message_id: str) -> None:
        self._scroll_to = message_id
        if message_id and conversation_id == self._chat.conversation_id:
            self._show_message(message_id)
        self.open_conversation(conversation_id)

    def _step(self, step: int) -> None:
        row = self._window.sidebar.model.neighbour(self._chat.conversation_id, step)
        if row is not None:
            self.open_conversation(row.id)

    def _target(self) -> str:
        """Return the conversation that an action means: the one marked in the list, else the open one."""
        sidebar = self._window.sidebar
        marked = sidebar.marked()
        return marked.id if marked is not None and sidebar.list.hasFocus() else self._chat.conversation_id

    def _rename(self) -> None:
        if not self._window.sidebar.isVisible():
            self._toggle_sidebar(True)
        self._window.sidebar.rename_current()

    def _pin(self) -> None:
        target = self._target()
        index = self._window.sidebar.model.index_of(target)
        row = self._window.sidebar.model.row_at(index)
        pinned = not (row.pinned if row is not None else self._chat.view.conversation.pinned)
        self._chat.do(lambda api: api.pin(target, pinned))

    def _delete(self) -> None:
        target = self._target()
        model = self._window.sidebar.model
        row = model.row_at(model.index_of(target))
        after = model.neighbour(target, 1) or model.neighbour(target, -1)
        self._trash.delete(target, row.title if row is not None else self._chat.view.conversation.title)
        if target == self._chat.conversation_id:
            self._window.composer.flush_draft()
            self._chat.open(after.id if after is not None else "")

    def _conversation_settings(self) -> None:
        self._window.pages.open("conversation-settings", conversation_id=self._chat.conversation_id)

    def _regenerate(self) -> None:
        answer = self._chat.last_answer()
        if answer is not None:
            self._chat.do(lambda api: api.regenerate(answer.id))

    def _prompt(self) -> None:
        self._window.pages.open(
            "prompt", conversation_id=self._chat.conversation_id, draft=self._window.composer.text()
        )

    # --- the window itself
    def _search(self) -> None:
        self._toggle_sidebar(True)
        self._window.sidebar.focus_search()

    def _toggle_sidebar(self, shown: bool | None = None) -> None:
        sidebar = self._window.sidebar
        visible = not sidebar.isVisibleTo(self._window) if shown is None else shown
        had_focus = sidebar.isAncestorOf(QApplication.focusWidget() or self._window)
        sidebar.setVisible(visible)
        self._window.actions_["sidebar"].setChecked(visible)
        if not visible and had_focus:
            self._window.composer.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _resize_text(self, step: int) -> None:
        size = max(-4, min(12, int(self._settings.get("text_size", 0)) + step))
        self._bridge.ask(lambda api: api.change_settings({"text_size": size}), None, owner=self)
        self.take_settings({**self._settings, "text_size": size})

    def _open_palette(self) -> None:
        from assistant_app.ui.palette import CommandPalette

        CommandPalette(self._window).open_palette()

    def _stop(self) -> None:
        # Voice stops the answer that it speaks by itself, and keeps of it what was heard.
        if self._window.voice.talker.busy:
            self._window.voice.talker.cancel()
        else:
            self._chat.stop()

    def _enable(self) -> None:
        given = Needs.ANSWERING if self._chat.answering else Needs.IDLE
        if self._window.voice.talker.busy:
            given |= Needs.ANSWERING
        if self._chat.conversation_id:
            given |= Needs.CONVERSATION
        if self._chat.view.messages:
            given |= Needs.QUESTION
        self._window.set_enabled_actions(given)

    def _show_title(self) -> None:
        conversation = self._chat.view.conversation
        title = " ".join(conversation.title.split())
        self._window.title.setText(title or _("New conversation"))
        self._window.title.setToolTip(title)
        self._window.setWindowTitle(f"{title} – {_('Assistant')}" if title else _("Assistant"))
        self._window.actions_["pin"].setChecked(conversation.pinned)

    # --- messages
    def _submit(self, text: str) -> None:
        self._chat.submit(text)
        if not self._settings.get("first_run_done", True):
            self._settings["first_run_done"] = True
            self._bridge.ask(lambda api: api.change_settings({"first_run_done": True}), None, owner=self)

    def _on_not_sent(self, text: str, error: AssistantError) -> None:
        composer = self._window.composer
        typed = composer.text()
        composer.put_text(f"{text}\n{typed}" if typed.strip() else text)
        self.show_error(error)

    def _edit_queued(self, queued_id: str, text: str) -> None:
        conversation_id = self._chat.conversation_id
        self._chat.do(lambda api: api.edit_queued(conversation_id, queued_id, text))

    def _show_message(self, message_id: str) -> None:
        known = {shown.message.id for shown in self._chat.view.messages}
        if message_id in known:
            self.transcript().scroll_to(message_id)
        elif len(known) >= 100:
            self._scroll_to = message_id
            self._chat.load_whole()

    # --- what the conversation tells
    def _on_opened(self, view: ConversationView) -> None:
        composer = self._window.composer
        typed = composer.text()
        if typed and not self._window.property("first_view_shown"):
            # Typed before the first conversation was there: it stays, behind what was kept.
            composer.show_draft(view.draft)
            composer.put_text(f"{view.draft}\n{typed}" if view.draft.strip() else typed)
        else:
            composer.show_draft(view.draft)
        self._window.setProperty("first_view_shown", True)
        self._window.status.show_context(None)
        answer = self._chat.last_answer()
        self._window.status.show_usage(answer.usage if answer is not None else None)
        self._window.sidebar.show_current(view.conversation.id)
        self._on_updated(view)
        if view.messages and not view.draft.strip():
            self._chat.count("")

    def _on_updated(self, view: ConversationView) -> None:
        window = self._window
        window.composer.last_message = self._chat.last_question()
        window.composer.show_queue(view.queued)
        if view.messages:
            self.transcript().show_view(view)
            window.stack.setCurrentWidget(self.transcript().view)
        else:
            window.stack.setCurrentWidget(window.welcome)
        window.sidebar.show_current(self._chat.conversation_id)
        self._show_title()
        self._show_model()
        self._enable()
        if self._scroll_to and any(shown.message.id == self._scroll_to for shown in view.messages):
            message_id, self._scroll_to = self._scroll_to, ""
            QTimer.singleShot(0, self, lambda: self.transcript().scroll_to(message_id))

    def _on_answering(self, answering: bool) -> None:
        self._window.composer.set_answering(answering)
        self._enable()
        if not answering:
            answer = self._chat.last_answer()
            self._window.composer.flush_draft()
            if answer is not None and answer.usage is not None:
                self._window.status.show_usage(answer.usage)
            # The answer itself is part of what the model will see.
            self._chat.count(self._window.composer.text())

    def _on_context(self, report: ContextReport) -> None:
        known = {shown.message.id for shown in self._chat.view.messages}
        draft = [item for item in report.items if item.message_id and item.message_id not in known]
        self._window.status.show_context(report)
        if draft and self._window.composer.text().strip() and not self._chat.answering:
            self._window.composer.show_tokens(_("{count} tokens").format(count=number(draft[-1].tokens)))

    def _on_context_failed(self, error: AssistantError) -> None:
        if isinstance(error, PromptTooLong) and self._window.composer.text().strip():
            needed = number(int(str(error.params.get("needed", 0))))
            available = number(int(str(error.params.get("available", 0))))
            self._window.composer.show_tokens(
                _("Too long: {needed} of {available} tokens").format(needed=needed, available=available),
                too_many=True,
            )
        elif self._window.composer.text().strip():
            self._window.composer.show_tokens("")

    # --- models and settings
    def _load_models(self) -> None:
        self._bridge.ask(lambda api: api.models(), self._on_models, owner=self)

    def _on_models(self, rows: Sequence[ModelRow]) -> None:
        self._models = rows
        self._show_model()

    def _show_model(self) -> None:
        own = self._chat.view.conversation.model or ""
        self._window.composer.model_button.show_models(self._models, own)
        in_use = next((r for r in self._models if (r.id == own if own else r.chosen)), None)
        banners = self._window.banners
        if in_use is None or not in_use.bundled:
            banners.hide_banner(_POCKET)
        elif self._window.state.value("pocket_banner", "show") == "show" and _POCKET not in banners.codes():
            banners.show_banner(
                _POCKET,
                _("This is the pocket model: tiny, it knows this app and its tools, not the world."),
                button=Button(_("Get a bigger one"), lambda: self._window.pages.open("models")),
                on_close=lambda: self._window.state.setValue("pocket_banner", "hide"),
            )

    def _choose_model(self, model_id: str) -> None:
        conversation_id = self._chat.conversation_id or None
        self._chat.do(lambda api: api.choose_model(model_id, conversation_id))
        if conversation_id is not None:
            # The choice is also what the next conversation begins with, as in every other program.
            self._chat.do(lambda api: api.choose_model(model_id, None))

    def take_settings(self, settings: dict[str, Any]) -> None:
        """Apply the settings that the window itself obeys."""
        self._settings = dict(settings)
        self._window.theme.choose(str(settings.get("theme", "system")), int(settings.get("text_size", 0)))
        self._window.composer.set_send_key(str(settings.get("send_key", "enter")))
        self._window.voice.take_settings(self._settings)
        self._window.welcome.show_first_run(not settings.get("first_run_done", True))

    # --- what happens
    def _on_event(self, event: Event) -> None:
        window = self._window
        if isinstance(event, ConversationChanged):
            window.sidebar.refresh()
            if not event.conversation_id:
                self._chat.reload()
        elif isinstance(event, TurnStarted):
            window.sidebar.model.set_answering(event.conversation_id, True)
        elif isinstance(event, TurnEnded):
            window.sidebar.model.set_answering(event.conversation_id, False)
            self._on_turn_ended(event)
        elif isinstance(event, EngineStateChanged) and event.engine == "language":
            window.status.show_engine(event)
            if event.sentence and event.state is EngineState.GIVEN_UP:
                self._show_given_up(translate(event.sentence))
        elif isinstance(event, ModelsChanged):
            self._load_models()
        elif isinstance(event, Notice):
            window.banners.show_banner(event.code, event.sentence, level="warning")
        elif isinstance(event, ReminderDue):
            self._reminders.say(event)
        elif isinstance(event, UpdateFound):
            self._updates.say(event.release)
        elif isinstance(event, PageWanted) and event.page in PAGES:
            window.pages.open(event.page)

    def _on_turn_ended(self, event: TurnEnded) -> None:
        message = event.message
        if event.conversation_id != self._chat.conversation_id:
            return
        if message.usage is not None:
            self._window.status.show_usage(message.usage)

    def _show_given_up(self, sentence: str) -> None:
        self._window.banners.show_banner(
            "engine",
            sentence,
            level="error",
            button=Button(_("Choose another model"), lambda: self._window.pages.open("models")),
            detail="engine given up",
        )

    def show_error(self, error: AssistantError) -> None:
        """Say what went wrong in one sentence, with a report to copy."""
        self._window.banners.show_banner(
            error.code, error.sentence(translate), level="error", detail=f"{error.code} {error.detail}"
        )
