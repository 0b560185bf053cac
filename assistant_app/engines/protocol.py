"""Messages between the worker and the engine processes (language, speech, voice), as typed values.

Requests carry an `id` chosen by the worker; every reply names it. One request other than Ping and
Cancel is served at a time; a second one is answered with Failed(code="busy").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant_app.core.conversation import UsageSummary
from assistant_app.core.generation import ChatMessage, FinishReason, ModelInfo, ToolSpec
from assistant_app.core.sampling import Sampling
from assistant_app.core.voice import Heard, ListenOptions, SpeechModelInfo, SpeechPlan, VoiceRow


# --- worker → engine
@dataclass(frozen=True, slots=True)
class Load:
    """Load a model file; the one that was loaded is freed first."""

    id: int
    path: str
    model_id: str
    name: str
    n_ctx_tokens: int = 0
    """0: the engine chooses (the model's own, at most what fits into memory and 8192)."""
    n_threads: int = 0
    """0: physical cores minus one, at least one."""
    state_dir: str = ""
    """Folder of saved prompt states; empty: none are kept."""
    state_budget_bytes: int = 1 << 30
    ignore_memory: bool = False
    """Load although the estimate says that it does not fit."""


@dataclass(frozen=True, slots=True)
class Unload:
    """Free the model."""

    id: int


@dataclass(frozen=True, slots=True)
class Count:
    """Count what each message costs in the prompt, template wrapping and list of tools included."""

    id: int
    messages: tuple[ChatMessage, ...]
    tools: tuple[ToolSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Render:
    """Apply the template without generating."""

    id: int
    messages: tuple[ChatMessage, ...]
    tools: tuple[ToolSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Generate:
    """Generate an answer."""

    id: int
    messages: tuple[ChatMessage, ...]
    sampling: Sampling
    conversation_id: str = ""
    tools: tuple[ToolSpec, ...] = ()
    json_schema: Mapping[str, Any] | None = None
    continue_text: str = ""


@dataclass(frozen=True, slots=True)
class Embed:
    """Turn texts into vectors with the loaded model, in a context of its own, freed when idle."""

    id: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForgetState:
    """Delete the saved prompt state of a conversation; "" deletes all."""

    id: int
    conversation_id: str


@dataclass(frozen=True, slots=True)
class Prefill:
    """Read a prompt ahead of time, so that `Generate` with the same beginning need not."""

    id: int
    messages: tuple[ChatMessage, ...]
    """The last one is the question as far as it is known, empty at first."""
    conversation_id: str = ""
    tools: tuple[ToolSpec, ...] = ()


# --- worker → speech engine
@dataclass(frozen=True, slots=True)
class LoadSpeech:
    """Load a Whisper checkpoint and run it once on silence."""

    id: int
    plan: SpeechPlan


@dataclass(frozen=True, slots=True)
class Listen:
    """Take samples of an utterance and recognise it as far as `stage` says."""

    id: int
    utterance: str
    """A new one drops the sound of the one before."""
    start: int
    """Samples that the engine must have already; else it answers with Failed(code="speech-gap")."""
    samples: str
    """Base64 of 16-bit little-endian mono samples at 16 kHz."""
    stage: Literal["feed", "partial", "final"]
    options: ListenOptions = field(default_factory=ListenOptions)


# --- worker → voice engine
@dataclass(frozen=True, slots=True)
class OpenVoices:
    """Find out what can speak here."""

    id: int


@dataclass(frozen=True, slots=True)
class Say:
    """Read a piece aloud; answered with Sounding when it begins and Ok when it has ended."""

    id: int
    text: str
    language: str
    """BCP 47 or a bare language code."""
    voice: str = ""
    rate: float = 0.0
    volume: float = 1.0


@dataclass(frozen=True, slots=True)
class Hush:
    """Silence at once; everything that waits is dropped and answered with Ok."""

    id: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Hold the sound, or let it go on."""

    id: int
    paused: bool


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop the running request. The shared stop byte has been set already; this is for the record."""

    id: int


@dataclass(frozen=True, slots=True)
class Ping:
    """Are you there?"""

    id: int


@dataclass(frozen=True, slots=True)
class Shutdown:
    """Save what is worth saving and exit with 0."""

    id: int


Request = (
    Load
    | Unload
    | Count
    | Render
    | Generate
    | Embed
    | ForgetState
    | Prefill
    | LoadSpeech
    | Listen
    | OpenVoices
    | Say
    | Hush
    | Pause
    | Cancel
    | Ping
    | Shutdown
)


# --- engine → worker
@dataclass(frozen=True, slots=True)
class Hello:
    """First message of an engine, once native libraries are imported."""

    pid: int
    library: str
    """For instance "llama-cpp-python 0.3.36"."""
    system_info: str
    """CPU features, as llama.cpp prints them."""
    isolated: bool = False
    """The process has no network."""


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """Part of a model file that has been loaded, 0 to 1."""

    id: int
    fraction: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model is ready."""

    id: int
    info: ModelInfo


@dataclass(frozen=True, slots=True)
class Counted:
    """Answer to Count, one number per message."""

    id: int
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rendered:
    """Answer to Render."""

    id: int
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Prompt tokens evaluated so far; sent at the start and after each batch."""

    id: int
    done_tokens: int
    total_tokens: int
    reused_tokens: int


@dataclass(frozen=True, slots=True)
class Delta:
    """Whole characters of the answer; several tokens may travel together, at most 20 ms apart."""

    id: int
    text: str


@dataclass(frozen=True, slots=True)
class Generated:
    """End of an answer."""

    id: int
    reason: FinishReason
    usage: UsageSummary
    prompt: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """Answer to Embed: one normalised vector per text."""

    id: int
    vectors: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class SpeechLoaded:
    """Answer to LoadSpeech."""

    id: int
    info: SpeechModelInfo


@dataclass(frozen=True, slots=True)
class Listened:
    """Answer to Listen."""

    id: int
    heard: Heard


@dataclass(frozen=True, slots=True)
class Voices:
    """Answer to OpenVoices; empty where nothing can speak."""

    id: int
    rows: tuple[VoiceRow, ...]
    engine: str
    """"qt", "espeak" or ""."""


@dataclass(frozen=True, slots=True)
class Sounding:
    """The piece of a Say has begun to sound."""

    id: int
    at: float
    """Monotonic seconds of this computer."""


@dataclass(frozen=True, slots=True)
class Ok:
    """A request without a result is done."""

    id: int


@dataclass(frozen=True, slots=True)
class Pong:
    """Answer to Ping, from a thread that never waits for native code; also sent once a second."""

    id: int
    busy: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """A request failed; the engine goes on.

    `code` names a class of core.errors (its `code`), `sentence` is its English template and
    `params` fill it; `detail` is for the log.
    """

    id: int
    code: str
    sentence: str
    params: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""


Reply = (
    Hello
    | LoadProgress
    | Loaded
    | Counted
    | Rendered
    | Reading
    | Delta
    | Generated
    | Embedded
    | SpeechLoaded
    | Listened
    | Voices
    | Sounding
    | Ok
    | Pong
    | Failed
)
