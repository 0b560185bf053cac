"""What happens, as values: everything that the GUI, the terminal and tests can hear."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from assistant_app.core.conversation import Message, ToolCallPart, ToolResultPart
from assistant_app.core.hotkeys import HotkeyState
from assistant_app.core.reminders import Reminder
from assistant_app.core.updates import Release
from assistant_app.core.voice import Segment, Talk, TalkTarget, Timings


class TurnPhase(StrEnum):
    """Where a turn is; every one of them can be stopped."""

    WAITING = "waiting"
    """Another conversation is being answered; this one is next in line."""
    LOADING = "loading"
    READING = "reading"
    WRITING = "writing"
    TOOL = "tool"
    """A tool works; the model waits for it."""


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The question is stored and an empty answer exists."""

    conversation_id: str
    message: Message
    """The assistant's message, still empty (or the text that is continued)."""


@dataclass(frozen=True, slots=True)
class TurnProgress:
    """A turn entered a phase or got further in it."""

    conversation_id: str
    message_id: str
    phase: TurnPhase
    fraction: float = 0.0
    """0 to 1 while loading and reading."""
    total_tokens: int = 0
    reused_tokens: int = 0
    tool: str = ""
    """Name of the tool that works."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of the answer."""

    conversation_id: str
    message_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of what the model thinks before it answers."""

    conversation_id: str
    message_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """The model has asked for a tool; it runs as soon as the model has ended its turn."""

    conversation_id: str
    message_id: str
    call: ToolCallPart


@dataclass(frozen=True, slots=True)
class ToolCallEnded:
    """A tool has returned, failed or was refused."""

    conversation_id: str
    message_id: str
    result: ToolResultPart


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The answer is final and stored: done, stopped, full or failed."""

    conversation_id: str
    message: Message


@dataclass(frozen=True, slots=True)
class ContextReport:
    """What the model can see of the conversation, told before each answer."""

    conversation_id: str
    items: "tuple[ContextItem, ...]"
    used_tokens: int
    available_tokens: int
    """Context window of the model."""


class Visibility(StrEnum):
    """How a message reaches the model."""

    WHOLE = "whole"
    SUMMARISED = "summarised"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class ContextItem:
    """One message, or the system prompt (`message_id` empty), in the model's view."""

    message_id: str
    role: str
    excerpt: str
    tokens: int
    visibility: Visibility


class EngineState(StrEnum):
    """Life of an engine process."""

    STOPPED = "stopped"
    STARTING = "starting"
    IDLE = "idle"
    LOADING = "loading"
    READY = "ready"
    BUSY = "busy"
    CRASHED = "crashed"
    GIVEN_UP = "given_up"
    """Crashed three times in five minutes with the same model."""


@dataclass(frozen=True, slots=True)
class EngineStateChanged:
    """An engine process started, loaded, died."""

    state: EngineState
    model: str = ""
    sentence: str = ""
    """English template, already filled, for states that the user must read; else empty."""
    engine: str = "language"
    """Which one: "language", "speech" or "voice"."""


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """Title, pin, branch or settings of a conversation changed, or it came or went."""

    conversation_id: str


@dataclass(frozen=True, slots=True)
class ModelsChanged:
    """A model was added, removed or chosen."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the user must read once: `code` is stable, `sentence` is finished and translated."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ReminderDue:
    """A reminder or a timer is due now, or became due while nobody was there to hear it."""

    reminder: Reminder
    late: bool
    """It should have been told more than a minute ago."""


@dataclass(frozen=True, slots=True)
class PageWanted:
    """The user asked the assistant to open a page of the window."""

    page: str


@dataclass(frozen=True, slots=True)
class UpdateFound:
    """A newer version can be had; told once per start until the user has closed the notice of it."""

    release: Release


@dataclass(frozen=True, slots=True)
class TalkChanged:
    """The talk machine entered a state."""

    talk: Talk


@dataclass(frozen=True, slots=True)
class HotkeyUsed:
    """The key everywhere went down or up, at monotonic time `at`, or its release will not come ("lost")."""

    action: Literal["press", "release", "lost"]
    at: float


@dataclass(frozen=True, slots=True)
class HotkeyChanged:
    """The key everywhere works now, or does not."""

    state: HotkeyState


@dataclass(frozen=True, slots=True)
class AudioLevel:
    """How loud the microphone is, at most 25 times a second while it is recorded."""

    rms_db: float
    """Full scale is 0, silence -120."""
    peak_db: float


@dataclass(frozen=True, slots=True)
class TranscriptPartial:
    """What was understood so far; replaces the one before."""

    text: str


@dataclass(frozen=True, slots=True)
class TranscriptFinal:
    """What was understood. In the conversation it is sent or waits for review; dictation inserts it."""

    text: str
    language: str
    duration_s: float
    target: TalkTarget
    conversation_id: str = ""
    """Where it goes; empty while that conversation does not exist yet, and for dictation. Spoken into
    no conversation, the words come again with the one that was created for them."""


@dataclass(frozen=True, slots=True)
class SpokenProgress:
    """An answer is read aloud, or no longer."""

    conversation_id: str
    message_id: str
    speaking: bool
    paused: bool = False


@dataclass(frozen=True, slots=True)
class TalkTimings:
    """Where the time of the present or last spoken turn went; comes again as more is known."""

    timings: Timings


@dataclass(frozen=True, slots=True)
class SpeechModelsChanged:
    """A speech model was downloaded, chosen or removed, or more of it has arrived."""


@dataclass(frozen=True, slots=True)
class FileProgress:
    """How far the transcription of a file is."""

    path: str
    fraction: float
    text: str
    """What was understood so far."""
    segments: tuple[Segment, ...] = ()
    """The same, with times."""


Event = (
    TurnStarted
    | TurnProgress
    | TextDelta
    | ReasoningDelta
    | ToolCallStarted
    | ToolCallEnded
    | TurnEnded
    | ContextReport
    | EngineStateChanged
    | ConversationChanged
    | ModelsChanged
    | Notice
    | ReminderDue
    | PageWanted
    | UpdateFound
    | TalkChanged
    | HotkeyUsed
    | HotkeyChanged
    | AudioLevel
    | TranscriptPartial
    | TranscriptFinal
    | SpokenProgress
    | TalkTimings
    | SpeechModelsChanged
    | FileProgress
)
