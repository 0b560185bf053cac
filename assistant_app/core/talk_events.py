"""What happens to the talk machine, and what it wants done. Values only; times are monotonic seconds."""

from dataclasses import dataclass

from assistant_app.core.voice import TalkTarget


# --- what happens
@dataclass(frozen=True, slots=True)
class Press:
    """The talk key or button goes down."""

    at: float
    conversation_id: str = ""
    target: TalkTarget = TalkTarget.CONVERSATION


@dataclass(frozen=True, slots=True)
class Release:
    """It goes up."""

    at: float


@dataclass(frozen=True, slots=True)
class Lost:
    """It is down and its release will never come."""

    at: float


@dataclass(frozen=True, slots=True)
class Start:
    """Listen until Finish, wherever the wish comes from."""

    at: float
    conversation_id: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """End listening and recognise."""

    at: float


@dataclass(frozen=True, slots=True)
class Toggle:
    """Start or End."""

    at: float
    conversation_id: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Esc: the newest of recording, recognition, waiting text and answer is given up."""

    at: float


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; see `due`."""

    at: float


@dataclass(frozen=True, slots=True)
class Flowed:
    """The first sound of a recording has come."""

    number: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The speaker of a recording has been silent for long enough."""

    number: int
    at: float


@dataclass(frozen=True, slots=True)
class Broken:
    """The device of a recording failed or was lost: nothing more will come."""

    number: int
    at: float
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """A finished recording became text, or (with a code) did not."""

    number: int
    code: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Again:
    """Recognise the last recording once more."""

    target: TalkTarget


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The waiting text is sent, or was dropped."""

    number: int | None = None
    """Of the recording whose text is sent; None: it was dropped."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A text has reached its conversation, or it could not."""

    number: int


@dataclass(frozen=True, slots=True)
class Thinking:
    """A spoken question is being answered, or no longer."""

    on: bool


@dataclass(frozen=True, slots=True)
class Speaking:
    """Something is read aloud, or no longer."""

    on: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something is wrong that ends no recording."""

    code: str
    sentence: str


Happening = (
    Press
    | Release
    | Lost
    | Start
    | End
    | Toggle
    | Cancel
    | Tick
    | Flowed
    | SpeechEnded
    | Broken
    | Recognised
    | Again
    | Reviewed
    | Sent
    | Thinking
    | Speaking
    | Trouble
)


# --- what is to be done
@dataclass(frozen=True, slots=True)
class Interrupt:
    """Silence the voice now."""

    stop: bool
    """Stop the answer too."""
    cut: bool
    """Keep of the answer only what was spoken: the user talks on from there."""


@dataclass(frozen=True, slots=True)
class Record:
    """Begin a recording."""

    number: int
    pressed_at: float
    conversation_id: str
    target: TalkTarget
    hands_free: bool


@dataclass(frozen=True, slots=True)
class Finish:
    """End a recording and recognise it."""

    number: int
    released_at: float


@dataclass(frozen=True, slots=True)
class Drop:
    """Throw a recording away."""

    number: int


@dataclass(frozen=True, slots=True)
class Forget:
    """Give the recognition of a finished recording up; its text is not wanted."""

    number: int


@dataclass(frozen=True, slots=True)
class Recognise:
    """Recognise the kept sound once more, as recording `number`."""

    number: int


@dataclass(frozen=True, slots=True)
class Send:
    """Send a text to its conversation."""

    number: int


@dataclass(frozen=True, slots=True)
class Review:
    """Show a text and wait until it was corrected."""

    number: int


@dataclass(frozen=True, slots=True)
class Insert:
    """Put a text into the message box."""

    number: int


@dataclass(frozen=True, slots=True)
class DropText:
    """Forget the text that waits for review."""


Command = Interrupt | Record | Finish | Drop | Forget | Recognise | Send | Review | Insert | DropText
