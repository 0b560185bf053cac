"""What the transcript knows of one message: the stored message and what was streamed on top of it."""

from dataclasses import dataclass, field, replace

from assistant_app.core.conversation import (
    AudioTranscriptPart,
    Message,
    MessageState,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from assistant_app.core.events import TurnPhase, TurnProgress
from assistant_app.core.views import ShownMessage

_LINE_CHARACTERS = 85
_LINE_PX = 25
_AROUND_PX = 84
_TOOL_PX = 32


@dataclass(slots=True)
class TextRun:
    """Text up to a tool call or the end."""

    text: str


@dataclass(slots=True)
class ToolRun:
    """A tool call, and its result once there is one."""

    call: ToolCallPart
    result: ToolResultPart | None = None


def runs_of(message: Message) -> list[TextRun | ToolRun]:
    """Return what a message shows, in order."""
    results = {part.call_id: part for part in message.parts if isinstance(part, ToolResultPart)}
    runs: list[TextRun | ToolRun] = []
    for part in message.parts:
        if isinstance(part, ToolCallPart):
            runs.append(ToolRun(part, results.get(part.call_id)))
        elif isinstance(part, TextPart | AudioTranscriptPart) and part.text:
            _add_text(runs, part.text)
    return runs


def _add_text(runs: list[TextRun | ToolRun], text: str) -> None:
    if runs and isinstance(runs[-1], TextRun):
        runs[-1].text += text
    else:
        runs.append(TextRun(text))


@dataclass(slots=True)
class LiveMessage:
    """One row of the transcript, with or without a widget."""

    shown: ShownMessage
    runs: list[TextRun | ToolRun] = field(default_factory=list)
    reasoning: str = ""
    phase: TurnPhase | None = None
    fraction: float = 0.0
    began_thinking: float = field(default=0.0)
    """Seconds of a monotonic clock; 0 when it was not seen to think."""
    thought_s: float = 0.0
    spoken: bool = False
    """Whether it is being read aloud."""

    @classmethod
    def of(cls, shown: ShownMessage) -> "LiveMessage":
        """Take a message as it is stored."""
        return cls(shown, runs_of(shown.message), shown.message.reasoning)

    @property
    def message(self) -> Message:
        """The stored message."""
        return self.shown.message

    @property
    def text(self) -> str:
        """The visible text; what stands before and after a tool call is a paragraph of its own."""
        return "\n\n".join(run.text for run in self.runs if isinstance(run, TextRun) and run.text)

    @property
    def in_text(self) -> bool:
        """Whether text is the last thing that came."""
        return bool(self.runs) and isinstance(self.runs[-1], TextRun)

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
        runs, reasoning = runs_of(shown.message), shown.message.reasoning
        if not (writing and self._is_ahead_of(runs)):
            self.runs = runs
        if not (writing and self.reasoning.startswith(reasoning)):
            self.reasoning = reasoning
        self.shown = shown
        if not writing:
            self.phase = None
        return True

    def _is_ahead_of(self, stored: list[TextRun | ToolRun]) -> bool:
        """Tell whether everything in `stored` is there already."""
        if len(stored) > len(self.runs):
            return False
        for mine, theirs in zip(self.runs, stored, strict=False):
            if isinstance(mine, TextRun) and isinstance(theirs, TextRun):
                if not mine.text.startswith(theirs.text):
                    return False
            elif not (
                isinstance(mine, ToolRun)
                and isinstance(theirs, ToolRun)
                and mine.call == theirs.call
                and theirs.result in (None, mine.result)
            ):
                return False
        return True

    def add_text(self, text: str) -> None:
        """Take text that was streamed."""
        _add_text(self.runs, text)

    def start_tool(self, call: ToolCallPart) -> None:
        """Take a call."""
        self.runs.append(ToolRun(call))

    def end_tool(self, result: ToolResultPart) -> None:
        """Take the result of a call."""
        for run in self.runs:
            if isinstance(run, ToolRun) and run.call.call_id == result.call_id:
                run.result = result

    def replaced(self, message: Message) -> ShownMessage:
        """Return the row's place among its versions with another message in it."""
        return replace(self.shown, message=message)

    def progress(self, event: TurnProgress) -> None:
        """Remember the phase."""
        self.phase, self.fraction = event.phase, event.fraction

    def estimated_height(self) -> int:
        """Return about how many logical pixels it will need."""
        text = self.text
        lines = len(text) // _LINE_CHARACTERS + min(text.count("\n"), 4_000) + 1
        tools = sum(isinstance(run, ToolRun) for run in self.runs)
        return _AROUND_PX + min(lines, 8_000) * _LINE_PX + tools * _TOOL_PX
