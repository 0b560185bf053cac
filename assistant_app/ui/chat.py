"""The open conversation as the window knows it: what is shown, what is running, what is to be stored."""

from collections.abc import Callable, Coroutine
from time import monotonic
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from assistant_app.core.conversation import Conversation, Message, Role
from assistant_app.core.errors import AssistantError
from assistant_app.core.events import (
    ContextReport,
    ConversationChanged,
    Event,
    ReasoningDelta,
    TextDelta,
    ToolCallEnded,
    ToolCallStarted,
    TurnEnded,
    TurnPhase,
    TurnProgress,
    TurnStarted,
)
from assistant_app.core.views import ConversationView
from assistant_app.ui.bridge import Bridge

if TYPE_CHECKING:
    from assistant_app.worker.api import AssistantApi

_FIRST_MESSAGES = 120
_MORE_MESSAGES = 200
_SPEED_EVERY_S = 0.25


class Chat(QObject):
    """Follows one conversation.

    The view is asked for again whenever its shape may have changed. Text of a message that the shown
    view does not hold yet is left out: the view that is under way contains it, because answers and
    events arrive in the order in which they happened.

    Signals:
        opened: a ConversationView that is another conversation than before; its draft counts.
        updated: the ConversationView of the same conversation, with another shape.
        streamed: an event that changes a message on screen.
        progressed: TurnProgress of the open conversation, None when nothing is being written.
        answering_changed: whether an answer is being written here.
        context_changed: ContextReport, or None when it is not known.
        context_failed: the error that says why the prompt cannot be built.
        speed_counted: tokens per second, counted while it writes.
        not_sent: the text and the error of a message that could not be stored.
        failed: an AssistantError that the user must read.
    """

    opened = Signal(object)
    updated = Signal(object)
    streamed = Signal(object)
    progressed = Signal(object)
    answering_changed = Signal(bool)
    context_changed = Signal(object)
    context_failed = Signal(object)
    speed_counted = Signal(float)
    not_sent = Signal(str, object)
    failed = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.view = ConversationView(Conversation(""), ())
        self.ready = False
        """Whether the first conversation has arrived from the worker."""
        self.answering = False
        self._wanted = ""
        self._begun = False
        self._last = _FIRST_MESSAGES
        self._known: set[str] = set()
        self._reloading = False
        self._reload_again = False
        self._unsent: list[str] = []
        self._creating = False
        self._counting = False
        self._count_next: str | None = None
        self._written: tuple[float, int] = (0.0, 0)
        self._speed_shown = 0.0
        bridge.happened.connect(self._on_event)

    # --- which conversation
    @property
    def conversation_id(self) -> str:
        """The open conversation; "" before its first message."""
        return self._wanted

    @property
    def written_tokens(self) -> int:
        """How many pieces of the running answer have arrived since it began to be written."""
        return self._written[1]

    def start(self) -> None:
        """Open the conversation that was open last, or an empty one."""
        self._bridge.ask(
            lambda api: api.latest_conversation(),
            lambda found: self.open(self._wanted if self._begun else found or ""),
            self._on_start_failed,
            self,
        )

    def begin(self) -> None:
        """Something is said here: the conversation that was open last must not be opened over it."""
        self._begun = True

    def open(self, conversation_id: str) -> None:
        """Show another conversation; "" is a new one."""
        self._begun = True
        self._wanted = conversation_id
        self._last = _FIRST_MESSAGES
        self._bridge.ask(
            lambda api: api.open_conversation(conversation_id, last=_FIRST_MESSAGES),
            lambda view: self._on_opened(conversation_id, view),
            lambda error: self._on_open_failed(conversation_id, error),
            self,
        )

    def adopt(self, conversation_id: str) -> None:
        """Go on in the conversation that the first spoken words made; what is typed stays where it is."""
        if not self._wanted:
            self._wanted = conversation_id
            self.reload()

    def load_older(self) -> None:
        """Show more of the beginning."""
        if len(self.view.messages) >= self._last:
            self._last += _MORE_MESSAGES
            self.reload()

    def load_whole(self) -> None:
        """Show every message, so that any of them can be scrolled to."""
        self._last = 1_000_000
        self.reload()

    def reload(self) -> None:
        """Ask for the view again; calls while one is under way become one more."""
        if self._reloading:
            self._reload_again = True
            return
        self._reloading = True
        wanted, last = self._wanted, self._last
        self._bridge.ask(
            lambda api: api.open_conversation(wanted, last=last),
            lambda view: self._on_reloaded(wanted, view),
            lambda error: self._on_reload_failed(wanted, error),
            self,
        )

    def show(self, view: ConversationView) -> None:
        """Take a view of the open conversation as it is now."""
        self._take(view)
        self.updated.emit(view)
        self._set_answering(view.answering)

    # --- what the user does here
    def submit(self, text: str) -> None:
        """Send a message; one sent before the conversation is there waits for it."""
        if not self.ready or self._creating:
            self._unsent.append(text)
        elif self._wanted:
            self._send(text)
        else:
            self._creating = True
            self._bridge.ask(
                lambda api: api.create_conversation(),
                lambda conversation: self._on_created(conversation, text),
                lambda error: self._on_not_created(text, error),
                self,
            )

    def stop(self) -> None:
        """Stop the answer here, whatever it is doing."""
        wanted = self._wanted
        if wanted:
            self.do(lambda api: api.stop(wanted))

    def do(self, make: Callable[["AssistantApi"], Coroutine[Any, Any, Any]]) -> None:
        """Run a call whose result shows itself by events."""
        self._bridge.ask(make, None, self.failed.emit, self)

    def save_draft(self, text: str) -> None:
        """Keep what stands in the message box."""
        wanted = self._wanted
        if self.ready:
            self._bridge.ask(lambda api: api.save_draft(wanted, text), None, self.failed.emit, self)

    def count(self, draft: str) -> None:
        """Ask what the model would see with this draft; only the newest draft is counted."""
        if not self.ready or self.answering:
            return
        if self._counting:
            self._count_next = draft
            return
        self._counting = True
        wanted = self._wanted
        self._bridge.ask(
            lambda api: api.context(wanted, draft),
            lambda report: self._on_counted(wanted, report),
            lambda error: self._on_not_counted(wanted, error),
            self,
        )

    def last_question(self) -> str:
        """Return the newest message of the user on screen."""
        for shown in reversed(self.view.messages):
            if shown.message.role is Role.USER:
                return shown.message.text
        return ""

    def last_answer(self) -> Message | None:
        """Return the newest answer on screen."""
        for shown in reversed(self.view.messages):
            if shown.message.role is Role.ASSISTANT:
                return shown.message
        return None

    # --- what the worker answers
    def _on_start_failed(self, error: AssistantError) -> None:
        self.ready = True
        self.failed.emit(error)
        self._send_waiting()

    def _on_opened(self, conversation_id: str, view: ConversationView) -> None:
        if conversation_id != self._wanted:
            return
        self._take(view)
        self.ready = True
        self.opened.emit(view)
        self._set_answering(view.answering)
        self._send_waiting()

    def _on_open_failed(self, conversation_id: str, error: AssistantError) -> None:
        self.failed.emit(error)
        if conversation_id and conversation_id == self._wanted:
            self.open("")
        else:
            self._on_opened(conversation_id, ConversationView(Conversation(""), ()))

    def _on_reloaded(self, conversation_id: str, view: ConversationView) -> None:
        self._reloading = False
        if conversation_id == self._wanted:
            self.show(view)
        if self._reload_again:
            self._reload_again = False
            self.reload()

    def _on_reload_failed(self, conversation_id: str, error: AssistantError) -> None:
        self._reloading = self._reload_again = False
        if conversation_id == self._wanted:
            self.failed.emit(error)

    def _take(self, view: ConversationView) -> None:
        self.view = view
        self._known = {shown.message.id for shown in view.messages}

    def _on_created(self, conversation: Conversation, text: str) -> None:
        self._creating = False
        if not self._wanted:
            self._wanted = conversation.id
        self._bridge.ask(lambda api: api.save_draft("", ""), None, self.failed.emit, self)
        self._send(text, conversation.id)
        self._send_waiting()

    def _on_not_created(self, text: str, error: AssistantError) -> None:
        self._creating = False
        self.not_sent.emit(text, error)

    def _send_waiting(self) -> None:
        waiting, self._unsent = self._unsent, []
        for text in waiting:
            self.submit(text)

    def _send(self, text: str, conversation_id: str = "") -> None:
        target = conversation_id or self._wanted
        self._bridge.ask(
            lambda api: api.submit(target, text),
            lambda _message: self.reload(),
            lambda error: self.not_sent.emit(text, error),
            self,
        )

    def _on_counted(self, conversation_id: str, report: ContextReport) -> None:
        if conversation_id == self._wanted:
            self.context_changed.emit(report)
        self._count_again()

    def _on_not_counted(self, conversation_id: str, error: AssistantError) -> None:
        if conversation_id == self._wanted:
            self.context_failed.emit(error)
        self._count_again()

    def _count_again(self) -> None:
        self._counting = False
        draft, self._count_next = self._count_next, None
        if draft is not None:
            self.count(draft)

    def _set_answering(self, answering: bool) -> None:
        if answering != self.answering:
            self.answering = answering
            self.answering_changed.emit(answering)
        if not answering:
            self.progressed.emit(None)

    # --- what happens
    def _on_event(self, event: Event) -> None:
        conversation_id = getattr(event, "conversation_id", None)
        if not conversation_id or conversation_id != self._wanted:
            return
        if isinstance(event, ConversationChanged):
            self.reload()
        elif isinstance(event, ContextReport):
            self.context_changed.emit(event)
        elif isinstance(event, TurnProgress):
            self.progressed.emit(event)
            if event.phase is TurnPhase.WRITING:
                self._written = (monotonic(), 0)
            self._stream(event.message_id, event)
        elif isinstance(event, TurnStarted):
            self._written = (monotonic(), 0)
            self._set_answering(True)
            self._stream(event.message.id, event)
            self.reload()
        elif isinstance(event, TextDelta | ReasoningDelta):
            self._count_speed()
            self._stream(event.message_id, event)
        elif isinstance(event, ToolCallStarted | ToolCallEnded):
            self._stream(event.message_id, event)
        elif isinstance(event, TurnEnded):
            self._stream(event.message.id, event)
            self._set_answering(False)
            self.reload()

    def _stream(self, message_id: str, event: Event) -> None:
        if message_id in self._known:
            self.streamed.emit(event)

    def _count_speed(self) -> None:
        # A delta is about a token; the engine's own figure replaces this one at the end.
        began, count = self._written
        self._written = (began, count + 1)
        now = monotonic()
        if now - self._speed_shown >= _SPEED_EVERY_S and now - began > _SPEED_EVERY_S:
            self._speed_shown = now
            self.speed_counted.emit((count + 1) / (now - began))
