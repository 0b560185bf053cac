"""What goes to a backend and what comes back: one vocabulary for local and remote models."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from assistant_app.core.conversation import UsageSummary
from assistant_app.core.sampling import Sampling


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn as a chat template sees it."""

    role: str
    content: str
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    """OpenAI form: {"id", "type": "function", "function": {"name", "arguments": object}}."""
    tool_call_id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model is told about it."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON schema of the arguments object."""


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One answer wanted."""

    messages: Sequence[ChatMessage]
    sampling: Sampling
    conversation_id: str = ""
    """Key of the saved prompt state; empty: keep none."""
    tools: Sequence[ToolSpec] = ()
    json_schema: Mapping[str, Any] | None = None
    """The whole answer must be JSON of this shape."""
    continue_text: str = ""
    """Text that the answer begins with already; generation goes on after it."""


class FinishReason(StrEnum):
    """Why an answer ended."""

    END = "end"
    """The model ended its turn."""
    STOP_STRING = "stop_string"
    LENGTH = "length"
    """max_tokens, or the context window is full."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Reading:
    """How much of the prompt has been evaluated."""

    done_tokens: int
    total_tokens: int
    reused_tokens: int


@dataclass(frozen=True, slots=True)
class Delta:
    """More text of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of an answer; always the last event of a stream that did not raise."""

    reason: FinishReason
    usage: UsageSummary
    prompt: str = ""
    """The prompt exactly as it was sent, template applied."""


BackendEvent = Reading | Delta | Finished


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that is ready to answer."""

    id: str
    name: str
    path: str = ""
    sha256: str = ""
    """Of the whole file; the key of receipts and saved states."""
    architecture: str = ""
    n_ctx_tokens: int = 0
    """Context window in use."""
    n_ctx_train_tokens: int = 0
    n_params: int = 0
    size_bytes: int = 0
    chat_template: str = ""
    library: str = ""
    """Name and version of what runs it."""
    n_threads: int = 0
    tools: bool = False
    """Its chat template can list tools."""
    state_reuse: bool = True
    """False where the model family failed the self-test of saved states."""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """A model that is to be loaded on this computer, and how; two equal plans give the same engine."""

    model_id: str
    name: str
    path: str
    n_ctx_tokens: int = 0
    """0: the engine chooses."""
    n_threads: int = 0
    """0: the engine chooses."""
    state_dir: str = ""
    """Folder of saved prompt states; empty: none are kept."""
    state_budget_bytes: int = 0
    ignore_memory: bool = False
    """Load it although the estimate says that it does not fit: the user said so."""


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """A model is being loaded; `fraction` is 0 to 1."""

    model: str
    fraction: float


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """A prompt with the template applied."""

    text: str
    tokens: int


class ChatBackend(Protocol):
    """A way to get an answer. Methods run on the worker's asyncio loop and raise AssistantError only."""

    async def load(self, model_id: str) -> ModelInfo:
        """Make a model ready (at once if it is); progress goes to the event sink given at construction."""

    async def unload(self) -> None:
        """Give the model's memory back."""

    async def count_tokens(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = ()
    ) -> list[int]:
        """Return what each message costs in the prompt, template wrapping included, in tokens.

        What the list of tools costs is in one of the numbers.
        """

    async def render(self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = ()) -> RenderedPrompt:
        """Return the prompt as `generate` would send it."""

    async def prefill(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = (), conversation_id: str = ""
    ) -> None:
        """Read what the next prompt begins with, so that `generate` need not. May do nothing.

        The last message is the question as far as it is known, empty at first. `cancel` and
        cancelling the call stop it; what was read by then is not lost.
        """

    def generate(self, request: GenerationRequest) -> AsyncGenerator[BackendEvent, None]:
        """Stream an answer. Closing the generator or calling `cancel` stops the engine."""

    async def cancel(self) -> None:
        """Stop loading, reading or writing; the running `generate` ends with Finished(CANCELLED)."""
