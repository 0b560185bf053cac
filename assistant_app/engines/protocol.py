"""Messages between the worker and the language engine process, as typed values.

Requests carry an `id` chosen by the worker; every reply names it. One request other than Ping and
Cancel is served at a time; a second one is answered with Failed(code="busy").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant_app.core.conversation import UsageSummary
from assistant_app.core.generation import ChatMessage, FinishReason, ModelInfo, ToolSpec
from assistant_app.core.sampling import Sampling


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


Request = Load | Unload | Count | Render | Generate | Embed | ForgetState | Cancel | Ping | Shutdown


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
    | Ok
    | Pong
    | Failed
)
