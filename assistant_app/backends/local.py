"""Answers from the engine on this computer: loads the model that is wanted, and again after a crash."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Protocol

from assistant_app.core.conversation import UsageSummary
from assistant_app.core.errors import Cancelled, ModelError
from assistant_app.core.generation import (
    BackendEvent,
    ChatMessage,
    Finished,
    FinishReason,
    GenerationRequest,
    LoadPlan,
    LoadProgress,
    ModelInfo,
    RenderedPrompt,
    ToolSpec,
)


class EngineClient(Protocol):
    """The supervised engine process. Requests wait for each other; all raise AssistantError only."""

    @property
    def loaded(self) -> tuple[LoadPlan, ModelInfo] | None:
        """The model in memory and how it was asked for; None when there is none (any more)."""

    async def load(self, plan: LoadPlan, on_progress: Callable[[float], None]) -> ModelInfo:
        """Load a model, whatever was loaded before."""

    async def unload(self) -> None:
        """Free the model."""

    async def count(self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = ()) -> list[int]:
        """Return what each message costs in tokens; what the tools cost is in one of the numbers."""

    async def render(self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = ()) -> RenderedPrompt:
        """Apply the template."""

    def generate(self, request: GenerationRequest) -> AsyncGenerator[BackendEvent, None]:
        """Stream an answer; closing it stops the engine."""

    async def prefill(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = (), conversation_id: str = ""
    ) -> None:
        """Read a prompt ahead of time; the last message is the question as far as it is known."""

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """Return one normalised vector per text."""

    async def forget_state(self, conversation_id: str = "") -> None:
        """Delete saved prompt states."""

    async def cancel(self) -> None:
        """Stop the running request."""


class Models(Protocol):
    """Where models are looked up."""

    def plan(self, wanted: str) -> LoadPlan:
        """Return how to load a model. Raises NotFound, ModelError."""


class LocalBackend:
    """A core.generation.ChatBackend on the local engine.

    Requests queue in the order in which they come. Asking for another model stops the answer that
    is being written with the old one.
    """

    def __init__(
        self, engine: EngineClient, models: Models, on_progress: Callable[[LoadProgress], None]
    ) -> None:
        self._engine = engine
        self._models = models
        self._on_progress = on_progress
        self._lock = asyncio.Lock()
        self._plan: LoadPlan | None = None
        self._cancels = 0

    async def load(self, model_id: str) -> ModelInfo:
        """Make a model ready; at once if it is.

        Args:
            model_id: As the catalogue knows it, or a path.

        Raises:
            NotFound: There is no such model.
            ModelError: It cannot be used or does not fit.
            Cancelled: `cancel` was called meanwhile.
            EngineStopped: The engine died.
        """
        plan = await asyncio.to_thread(self._models.plan, model_id)
        if self._lock.locked() and self._plan is not None and plan.path != self._plan.path:
            await self._engine.cancel()
        async with self._lock:
            self._plan = plan
            return await self._ready()

    async def unload(self) -> None:
        """Give the model's memory back; the next request loads it again."""
        async with self._lock:
            await self._engine.unload()

    async def count_tokens(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = ()
    ) -> list[int]:
        """Return what each message costs in the prompt, template wrapping included, in tokens."""
        async with self._lock:
            await self._ready()
            return await self._engine.count(messages, tools)

    async def render(self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = ()) -> RenderedPrompt:
        """Return the prompt as `generate` would send it."""
        async with self._lock:
            await self._ready()
            return await self._engine.render(messages, tools)

    async def prefill(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = (), conversation_id: str = ""
    ) -> None:
        """Read ahead of time what the next prompt begins with; cancelling the call stops the engine."""
        async with self._lock:
            await self._ready()
            await self._engine.prefill(messages, tools, conversation_id)

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """Return one normalised vector per text."""
        async with self._lock:
            await self._ready()
            return await self._engine.embed(texts)

    async def forget_state(self, conversation_id: str = "") -> None:
        """Delete the saved prompt state of a conversation, or all of them."""
        async with self._lock:
            await self._engine.forget_state(conversation_id)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[BackendEvent, None]:
        """Stream an answer. Closing the iterator or calling `cancel` stops the engine."""
        async with self._lock:
            cancels = self._cancels
            try:
                await self._ready()
            except Cancelled:
                yield Finished(FinishReason.CANCELLED, UsageSummary())
                return
            if cancels != self._cancels:
                yield Finished(FinishReason.CANCELLED, UsageSummary())
                return
            async with aclosing(self._engine.generate(request)) as events:
                async for event in events:
                    yield event

    async def cancel(self) -> None:
        """Stop loading, reading or writing; the running `generate` ends with Finished(CANCELLED)."""
        self._cancels += 1
        await self._engine.cancel()

    async def _ready(self) -> ModelInfo:
        """Load the chosen model unless it is in memory: the first time, or after the engine died."""
        plan = self._plan
        if plan is None:
            raise ModelError(detail="a request before any model was chosen")
        loaded = self._engine.loaded
        if loaded is not None and loaded[0] == plan:
            return loaded[1]

        def progress(fraction: float) -> None:
            self._on_progress(LoadProgress(plan.name, fraction))

        return await self._engine.load(plan, progress)
