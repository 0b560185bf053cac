"""Talking and listening as values: states, what was heard, devices, voices, choices. Pure, no I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from assistant_app.core.errors import AssistantError
from assistant_app.core.text import N_

SAMPLE_RATE = 16_000
"""Samples per second of everything that is recognised; mono, 16-bit signed, little endian on the wire."""
MAX_RECORDING_S = 60.0
WARN_RECORDING_S = 50.0
PRE_ROLL_S = 0.5
POST_ROLL_S = 0.12
NO_SPACES = frozenset({"zh", "yue", "ja", "th", "lo", "my"})
"""Languages that put no spaces between words."""


class TalkState(StrEnum):
    """Where a spoken turn is; one machine on the worker's loop goes through them."""

    IDLE = "idle"
    ARMING = "arming"
    """Asked to listen; no sound has come from the microphone yet ("Getting ready")."""
    LISTENING = "listening"
    FINISHING = "finishing"
    """Released: the rest of the sound is recognised."""
    REVIEW = "review"
    """The text waits to be corrected and sent."""
    THINKING = "thinking"
    SPEAKING = "speaking"


class TalkTarget(StrEnum):
    """What becomes of the words."""

    CONVERSATION = "conversation"
    COMPOSER = "composer"
    """Dictation: they are put into the message box."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What the talk machine shows of itself."""

    state: TalkState = TalkState.IDLE
    target: TalkTarget = TalkTarget.CONVERSATION
    latched: bool = False
    """Listening goes on without a held key until the next press."""
    hands_free: bool = False
    code: str = ""
    """Stable name of why the last try came to nothing: "no-microphone", "microphone-refused",
    "only-zeros", "device-lost", "too-short", "silence", "unclear", "no-speech-engine", …; else empty."""
    sentence: str = ""
    """The same as a finished, translated sentence."""
    recording_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time of one spoken turn went, in seconds after the release; None: not (yet) reached."""

    capture_s: float | None = None
    """Post-roll and what the resampler held back."""
    text_s: float | None = None
    first_token_s: float | None = None
    first_clause_s: float | None = None
    first_sound_s: float | None = None


# --- recognising
@dataclass(frozen=True, slots=True)
class ListenOptions:
    """How speech is turned into text."""

    language: str = "en"
    """A code of Whisper's ("en", "zh"); empty: found out from the sound."""
    translate: bool = False
    """Write English whatever is spoken."""
    prompt: str = ""
    """Names and words that occur, comma-separated; short."""
    full_window: bool = False
    """Always encode 30 s, as the model was trained; else only as much as was spoken."""
    timestamps: bool = False
    """Segments with times, for files; implies the full window."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a transcript; seconds from the beginning of the sound."""

    start_s: float
    end_s: float
    text: str


class NoText(StrEnum):
    """Why there is no text."""

    TOO_SHORT = "too-short"
    SILENCE = "silence"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Heard:
    """What was recognised, and how."""

    text: str = ""
    no_text: NoText | None = None
    language: str = ""
    audio_s: float = 0.0
    speech_s: float = 0.0
    trailing_silence_s: float = 0.0
    segments: tuple[Segment, ...] = ()
    consumed_s: float = 0.0
    """With timestamps: where the next window has to begin."""
    tokens: int = 0
    hint_tokens: int = 0
    """Tokens of the last partial that needed no decoding again."""
    encoder_passes: int = 0
    retried: bool = False
    window_positions: int = 0
    """Encoder positions (50 a second) of the last pass."""
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    compression_ratio: float = 0.0
    cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SpeechModelInfo:
    """A loaded speech model."""

    name: str
    path: str
    multilingual: bool
    languages: tuple[str, ...]
    n_params: int
    quantised: bool
    """Linear layers and vocabulary product work in 8 bits."""
    note: str = ""
    """Why not, where that was wanted; technical."""
    warm_up_s: float = 0.0
    """What recognising five seconds took right after loading."""
    full_window_only: bool = False
    """Its positions cannot be cut."""


@dataclass(frozen=True, slots=True)
class SpeechPlan:
    """Which model to load, and how."""

    path: str
    name: str
    n_threads: int = 0
    """0: what suits this computer."""
    quantise: bool = True


class Recogniser(Protocol):
    """An engine that turns speech into text. One job at a time; methods raise AssistantError only."""

    async def load(self, plan: SpeechPlan) -> SpeechModelInfo:
        """Load a model and run it once on silence; at once when it is loaded already."""

    async def feed(self, utterance: str, samples: bytes) -> Heard:
        """Take the next 16-bit samples of an utterance, without recognising; say what is speech in all."""

    async def partial(self, utterance: str, samples: bytes, options: ListenOptions) -> Heard:
        """Take samples and recognise all that was heard so far."""

    async def final(self, utterance: str, samples: bytes, options: ListenOptions) -> Heard:
        """Take the last samples and recognise the utterance; its sound is kept until the next one."""

    async def cancel(self) -> None:
        """Stop the running job; it raises Cancelled."""


# --- speaking
@dataclass(frozen=True, slots=True)
class VoiceRow:
    """A voice that can read aloud."""

    id: str
    name: str
    language: str
    """BCP 47, for instance "en-GB", "zh-CN"."""
    engine: str
    """"qt" or "espeak"."""


@dataclass(frozen=True, slots=True)
class SpeakOptions:
    """How answers are read aloud."""

    rate: float = 0.0
    """-1 to 1; 0 is the voice's own."""
    volume: float = 1.0
    """0 to 1."""
    voices: Mapping[str, str] = field(default_factory=dict)
    """Chosen voice by language code ("en", "zh"); others: the first that speaks the language."""


class Speaker(Protocol):
    """Reads pieces of text aloud, in order. Methods run on the worker's loop, raise AssistantError only."""

    async def prepare(self) -> None:
        """Start the voice process before it is needed; at once when it runs."""

    async def say(self, text: str, language: str, options: SpeakOptions) -> None:
        """Read one piece; returns when its last sound has been played or it was hushed."""

    async def hush(self) -> None:
        """Silence, at once; every running `say` returns."""

    async def pause(self) -> None: ...

    async def resume(self) -> None: ...

    async def voices(self) -> Sequence[VoiceRow]: ...

    on_sound: Callable[[float], None] | None
    """Called with the monotonic time at which a piece began to sound."""


# --- capturing
@dataclass(frozen=True, slots=True)
class MicrophoneRow:
    """A device that can be listened to. `id` is name and host interface, never a number."""

    id: str
    name: str
    host: str
    default: bool = False


class MicrophoneError(AssistantError):
    """There is nothing to listen with. `reason` is the code that Talk carries."""

    code = "microphone"
    default_sentence = N_("No microphone was found. Connect one and press again; typing works as always.")

    def __init__(
        self,
        sentence: str | None = None,
        *,
        reason: str = "no-microphone",
        detail: str = "",
        **params: object,
    ) -> None:
        super().__init__(sentence, detail=detail, **params)
        self.reason = reason


class Recording(Protocol):
    """One utterance while it is captured. All methods on the worker's loop."""

    @property
    def seconds(self) -> float:
        """Length so far, pre-roll included."""

    def take(self) -> bytes:
        """Return the 16-bit 16 kHz samples that came since the last call."""

    async def finish(self, released_at: float | None = None) -> bytes:
        """Wait for the post-roll, flush the resampler, return the remaining samples.

        Args:
            released_at: Monotonic time from which the post-roll counts; None: now.
        """

    def drop(self) -> None:
        """Throw it away."""


class Microphone(Protocol):
    """Where sound comes from. Opened on first use, kept warm, released. Methods on the worker's loop."""

    async def record(self, pressed_at: float, not_before: float, on_flow: Callable[[], None]) -> Recording:
        """Begin an utterance: open or reuse the stream, take the pre-roll before the press.

        Args:
            pressed_at: Monotonic time of the press.
            not_before: Nothing older than this is taken (the assistant's own voice).
            on_flow: Called once, on the loop, when the first block arrives that is not all zeros.

        Raises MicrophoneError.
        """

    async def release(self) -> None:
        """Close the stream now, whatever the warm time; a recording ends with what it has."""

    async def rows(self) -> Sequence[MicrophoneRow]:
        """List what can be listened to; empty where there is nothing. Raises MicrophoneError."""

    async def devices_changed(self) -> None:
        """Sound devices came or went: look again, now or when the recording is over."""

    on_level: Callable[[float, float], None] | None
    """Called at most 25 times a second, on the loop, with RMS and peak in dBFS (-120 to 0)."""
    on_lost: Callable[[MicrophoneError], None] | None
    """Called on the loop while it is recorded, with what is wrong: "device-lost", after which no more
    comes and `finish` returns what there is; "only-zeros" or "microphone-refused" after a second without
    any sound, after which the recording goes on and `on_flow` may still come."""
    on_fallback: Callable[[MicrophoneError], None] | None
    """Called on the loop when another microphone is listened to than the chosen one, which is missing;
    reason "other-microphone"."""


class SpeechMissing(AssistantError):
    """What voice needs is not installed or not downloaded."""

    code = "no-speech-engine"
    default_sentence = N_(
        "Speech recognition is not installed, so nothing was recorded; typing works as always."
    )


class SpeechNotInstalled(SpeechMissing):
    """There is no speech engine on this computer; the sentence says how to get it here."""

    code = "speech-not-installed"


NOT_SET_UP = frozenset({SpeechMissing.code, SpeechNotInstalled.code})
"""Codes of troubles that last until something was got or installed; speaking again does not help."""


class SpeechGap(AssistantError):
    """The speech engine lacks the beginning of an utterance; it has to be sent again."""

    code = "speech-gap"
    default_sentence = N_("Speech recognition lost the beginning of the recording; try again.")


class VoiceMissing(AssistantError):
    """Nothing on this computer can read aloud."""

    code = "no-voice"
    default_sentence = N_(
        "Nothing on this computer can read aloud, so answers stay text; install the package espeak-ng or"
        " speech-dispatcher."
    )


# --- files and models
@dataclass(frozen=True, slots=True)
class Transcript:
    """A file as text."""

    path: str
    language: str
    """Of the text: English when it was translated."""
    duration_s: float
    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        """All of it."""
        between = "" if self.language in NO_SPACES else " "
        return between.join(segment.text.strip() for segment in self.segments if segment.text.strip())


class TranscriptIncomplete(AssistantError):
    """Transcribing a file ended before its end; `transcript` is what there is until then."""

    code = "transcript-incomplete"
    default_sentence = N_("Stopped; the text so far is kept.")

    def __init__(
        self,
        sentence: str | None = None,
        *,
        transcript: Transcript,
        stopped: bool = False,
        detail: str = "",
        **params: object,
    ) -> None:
        super().__init__(sentence, detail=detail, **params)
        self.transcript = transcript
        self.stopped = stopped
        """The user wanted it."""


@dataclass(frozen=True, slots=True)
class SpeechModelRow:
    """A Whisper that is or can be on this computer."""

    id: str
    """"tiny", "base.en", "turbo", …, or the path of a file of one's own."""
    name: str
    path: str
    """Where it lies or will lie."""
    size_bytes: int
    multilingual: bool
    present: bool
    chosen: bool
    fits: bool = True
    note: str = ""
    """One finished sentence: what it is good for, or why it does not fit."""
    received_bytes: int | None = None
    """While it is downloaded; of one that is not, what an earlier try left behind is not counted."""
    recommended: bool = False
    """The one to begin with on this computer."""
    own: bool = False
    """A file of the user's, used where it lies."""
