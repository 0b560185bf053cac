"""What the transcript knows of one message: the stored message and what was streamed on top of it."""

from dataclasses import dataclass, field, replace

from assistant_app.core.conversation import Message, MessageState, Role
from assistant_app.core.events import TurnPhase, TurnProgress
from assistant_app.core.views import ShownMessage

_LINE_CHARACTERS = 85
_LINE_PX = 25
_AROUND_PX = 84


@dataclass(slots=True)
class LiveMessage:
    """One row of the transcript, with or without a widget."""

    shown: ShownMessage
    text: str = ""
    reasoning: str = ""
    phase: TurnPhase | None = None
    fraction: float = 0.0
    began_thinking: float = field(default=0.0)
    """Seconds of a monotonic clock; 0 when it was not seen to think."""
    thought_s: float = 0.0

    @classmethod
    def of(cls, shown: ShownMessage) -> "LiveMessage":
        """Take a message as it is stored."""
        return cls(shown, shown.message.text, shown.message.reasoning)

    @property
    def message(self) -> Message:
        """The stored message."""
        return self.shown.message

    @property
    def id(self) -> str:
        """Identifier of the message."""
        return self.shown.message.id

    @property
    def from_user(self) -> bool:
        """Whether the user wrote it."""
        return self.message.role is Role.USER

    @property
    def writing(self) -> bool:
        """Whether more may come."""
        return self.message.state is MessageState.STREAMING

    def take(self, shown: ShownMessage) -> bool:
        """Take a newer stored form; return whether anything on screen changes.

        While it is being written the stored text may be behind what was streamed; that is kept.
        """
        if shown == self.shown:
            return False
        writing = shown.message.state is MessageState.STREAMING
        text, reasoning = shown.message.text, shown.message.reasoning
        if not (writing and self.text.startswith(text)):
            self.text = text
        if not (writing and self.reasoning.startswith(reasoning)):
            self.reasoning = reasoning
        self.shown = shown
        if not writing:
            self.phase = None
        return True

    def replaced(self, message: Message) -> ShownMessage:
        """Return the row's place among its versions with another message in it."""
        return replace(self.shown, message=message)

    def progress(self, event: TurnProgress) -> None:
        """Remember the phase."""
        self.phase, self.fraction = event.phase, event.fraction

    def estimated_height(self) -> int:
        """Return about how many logical pixels it will need."""
        lines = len(self.text) // _LINE_CHARACTERS + min(self.text.count("\n"), 4_000) + 1
        return _AROUND_PX + min(lines, 8_000) * _LINE_PX
