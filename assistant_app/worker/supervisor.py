"""The language engine as the worker sees it: one request at a time, stoppable, restarted when it died."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing

from assistant_app.core import generation as core
from assistant_app.core.conversation import UsageSummary
from assistant_app.core.errors import AssistantError, Cancelled, EngineStopped
from assistant_app.core.events import Event
from assistant_app.core.generation import (
    BackendEvent,
    ChatMessage,
    Finished,
    FinishReason,
    GenerationRequest,
    LoadPlan,
    ModelInfo,
    RenderedPrompt,
    ToolSpec,
)
from assistant_app.core.text import N_
from assistant_app.engines import protocol
from assistant_app.worker.engine_client import Dialect, EngineClient, Loading
from assistant_app.worker.engine_crashes import CrashLog
from assistant_app.worker.engine_life import Limits, Sentences

_DIALECT: Dialect[ModelInfo] = Dialect(
    kind="language",
    last=(
        protocol.Loaded,
        protocol.Counted,
        protocol.Rendered,
        protocol.Generated,
        protocol.Embedded,
        protocol.Ok,
        protocol.Failed,
    ),
    loads=(protocol.Load,),
    unloads=(protocol.Unload,),
    info=lambda reply: reply.info if isinstance(reply, protocol.Loaded) else None,
    busy=lambda request: isinstance(request, protocol.Generate | protocol.Embed),
    sentences=Sentences(
        stopped=EngineStopped.default_sentence,
        given_up=N_(
            "{model} stopped several times ({reason}) and is not started again for a few minutes; your text"
            " is kept. Choose a smaller model, or a smaller context window in the settings."
        ),
        nameless=N_("The model"),
    ),
)


class EngineSupervisor(EngineClient[LoadPlan, ModelInfo]):
    """The language engine: loads models and generates with them."""

    def __init__(
        self,
        on_event: Callable[[Event], None],
        *,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        crashes: CrashLog | None = None,
    ) -> None:
        """Prepare; no process is started. The arguments are EngineClient's."""
        super().__init__(
            _DIALECT, on_event, command=command, environment=environment, limits=limits, crashes=crashes
        )

    # --- requests
    async def load(self, plan: LoadPlan, on_progress: Callable[[float], None]) -> ModelInfo:
        """Load a model, whatever was loaded before. Raises ModelError too."""

        def request(identifier: int) -> protocol.Request:
            return protocol.Load(
                id=identifier,
                path=plan.path,
                model_id=plan.model_id,
                name=plan.name,
                n_ctx_tokens=plan.n_ctx_tokens,
                n_threads=plan.n_threads,
                state_dir=plan.state_dir,
                state_budget_bytes=plan.state_budget_bytes,
                ignore_memory=plan.ignore_memory,
            )

        loading = Loading(plan, plan.name, f"{plan.path}|{plan.n_ctx_tokens}")
        async with aclosing(self._exchange(request, loading)) as replies:
            async for reply in replies:
                if isinstance(reply, protocol.LoadProgress):
                    on_progress(reply.fraction)
                elif isinstance(reply, protocol.Loaded):
                    return reply.info
        raise AssistantError(detail="the engine ended a Load without a model")

    async def unload(self) -> None:
        """Free the model; without a process there is nothing to free."""
        if self._life.running is not None:
            await self._result(lambda i: protocol.Unload(i), protocol.Ok)

    async def count(self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = ()) -> list[int]:
        """Return what each message costs in tokens; what the tools cost is in one of the numbers."""
        counted = await self._result(
            lambda i: protocol.Count(i, tuple(messages), tuple(tools)), protocol.Counted
        )
        return list(counted.tokens)

    async def render(self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = ()) -> RenderedPrompt:
        """Apply the template."""
        rendered = await self._result(
            lambda i: protocol.Render(i, tuple(messages), tuple(tools)), protocol.Rendered
        )
        return RenderedPrompt(rendered.text, rendered.tokens)

    async def prefill(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = (), conversation_id: str = ""
    ) -> None:
        """Read a prompt ahead of time; the last message is the question as far as it is known.

        Whoever gives up waiting stops it; what was read by then stays in memory.
        """
        await self._result(
            lambda i: protocol.Prefill(i, tuple(messages), conversation_id, tuple(tools)), protocol.Ok
        )

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """Return one normalised vector per text."""
        return list(
            (await self._result(lambda i: protocol.Embed(i, tuple(texts)), protocol.Embedded)).vectors
        )

    async def forget_state(self, conversation_id: str = "") -> None:
        """Delete saved prompt states: one conversation's, or all."""
        await self._result(lambda i: protocol.ForgetState(i, conversation_id), protocol.Ok)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[BackendEvent, None]:
        """Stream an answer; a stopped one ends with Finished(CANCELLED). Closing it stops the engine."""

        def make(identifier: int) -> protocol.Request:
            return protocol.Generate(
                id=identifier,
                messages=tuple(request.messages),
                sampling=request.sampling,
                conversation_id=request.conversation_id,
                tools=tuple(request.tools),
                json_schema=request.json_schema,
                continue_text=request.continue_text,
            )

        try:
            async with aclosing(self._exchange(make)) as replies:
                async for reply in replies:
                    if isinstance(reply, protocol.Delta):
                        yield core.Delta(reply.text)
                    elif isinstance(reply, protocol.Reading):
                        yield core.Reading(reply.done_tokens, reply.total_tokens, reply.reused_tokens)
                    elif isinstance(reply, protocol.Generated):
                        yield Finished(reply.reason, reply.usage, reply.prompt)
        except Cancelled:
            yield Finished(FinishReason.CANCELLED, UsageSummary())
