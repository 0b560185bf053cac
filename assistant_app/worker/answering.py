"""Writes one answer: asks the model, finds its tool calls, keeps and tells what happens."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field, replace

from assistant_app.core.agent import Agent, ModelTurn
from assistant_app.core.conversation import (
    Conversation,
    Message,
    MessageState,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UsageSummary,
)
from assistant_app.core.errors import PromptTooLong
from assistant_app.core.events import (
    Event,
    ReasoningDelta,
    TextDelta,
    ToolCallEnded,
    ToolCallStarted,
    TurnPhase,
    TurnProgress,
)
from assistant_app.core.generation import (
    Delta,
    Finished,
    FinishReason,
    GenerationRequest,
    ModelInfo,
    Reading,
)
from assistant_app.core.ids import new_id
from assistant_app.core.prompt import open_end
from assistant_app.core.sampling import Sampling
from assistant_app.core.toolcalls import CallSplitter, WrittenCall
from assistant_app.core.tools import Tool
from assistant_app.core.views import Receipt
from assistant_app.worker.journal import Journal
from assistant_app.worker.parts import Parts
from assistant_app.worker.prompting import Prompter
from assistant_app.worker.splitting import splitter_for
from assistant_app.worker.turn import Turn

_STATES = {
    FinishReason.END: MessageState.DONE,
    FinishReason.STOP_STRING: MessageState.DONE,
    FinishReason.LENGTH: MessageState.LENGTH,
    FinishReason.CANCELLED: MessageState.STOPPED,
}
_ID_CHARS = 9


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be answered, and with what."""

    conversation: Conversation
    path: Sequence[Message]
    """The branch, the question last."""
    info: ModelInfo
    sampling: Sampling
    tools: Sequence[Tool] = ()


class Answering:
    """The desk (core.agent.Desk) on which one answer is written."""

    def __init__(
        self,
        turn: Turn,
        question: Question,
        parts: Parts,
        prompter: Prompter,
        journal: Journal,
        emit: Callable[[Event], None],
    ) -> None:
        self._turn = turn
        self._question = question
        self._parts = parts
        self._prompter = prompter
        self._journal = journal
        self._emit = emit
        self._usages: list[UsageSummary] = []
        self._request: GenerationRequest | None = None
        self._finished = Finished(FinishReason.CANCELLED, UsageSummary())
        self._raw: list[str] = []
        """What the model wrote since it was asked last, reasoning left out."""

    async def run(self, translate: Callable[[str], str]) -> tuple[Message, Receipt | None]:
        """Write the answer; return it with the receipt of the model's last turn."""
        turn, info = self._turn, self._question.info
        agent = Agent(
            self, self._question.tools, turn.stop, translate, max_result_chars=info.n_ctx_tokens // 2
        )
        await agent.run()
        reason = FinishReason.CANCELLED if turn.stop.is_set() else self._finished.reason
        message = turn.snapshot(_STATES[reason], usage=_total(self._usages))
        return message, self._receipt(message)

    # --- what the agent asks for
    async def write(self, *, with_tools: bool) -> ModelTurn:
        """Let the model write until it ends its turn."""
        turn, question = self._turn, self._question
        if question.info.tools:
            closed, continued = open_end(turn.parts)
        else:
            closed, continued = (), turn.snapshot().text
        path = list(question.path)
        if closed:
            path.append(replace(turn.message, parts=closed))
        tools = [tool.spec for tool in question.tools] if with_tools else []
        try:
            prepared = await self._prompter.prepare(
                question.conversation,
                path,
                question.info,
                self._parts.settings.current,
                question.sampling,
                tools=tools,
            )
            self._emit(prepared.report)
            self._request = GenerationRequest(
                messages=prepared.turns,
                sampling=question.sampling,
                conversation_id=question.conversation.id,
                tools=prepared.tools,
                continue_text=continued,
            )
            self._raw = [continued]
            return await self._generate(self._request, with_tools)
        except PromptTooLong:
            if not any(isinstance(part, ToolResultPart) for part in turn.parts):
                raise
            # What the tools gave fills the window: the answer has to do with that.
            self._finished = replace(self._finished, reason=FinishReason.LENGTH)
            return ModelTurn()

    def tool_started(self, call: ToolCallPart) -> None:
        """Tell which tool works."""
        self._phase(TurnPhase.TOOL, tool=call.name)

    def tool_ended(self, result: ToolResultPart) -> None:
        """Keep a result."""
        turn = self._turn
        if turn.over.is_set():
            return
        turn.parts.append(result)
        self._emit(ToolCallEnded(turn.conversation_id, turn.message.id, result))
        self._journal.streaming(turn.snapshot())

    def say(self, text: str) -> None:
        """Add text that the model did not write."""
        self._add(TextPart, text)

    # --- the stream
    async def _generate(self, request: GenerationRequest, with_tools: bool) -> ModelTurn:
        turn, backend = self._turn, self._parts.backend
        splitter = CallSplitter.after(request.continue_text) if self._question.tools else None
        written = _Written(splitter, with_tools, has_text=bool(request.continue_text.strip()))
        reasoning = await splitter_for(backend, request, self._question.info)
        finished: Finished | None = None
        cancelled = False
        if turn.stop.is_set():
            self._finished = replace(self._finished, reason=FinishReason.CANCELLED)
            return ModelTurn(cancelled=True)
        async with aclosing(backend.generate(request)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    finished = event
                elif turn.stop.is_set():
                    # Stop may have been pressed before there was anything in the engine to stop.
                    if not cancelled:
                        cancelled = True
                        await backend.cancel()
                elif isinstance(event, Delta):
                    self._take(written, reasoning.feed(event.text))
                else:
                    self._reading(event)
        if not turn.over.is_set():
            self._take(written, reasoning.finish())
            if written.splitter is not None:
                self._place(written, written.splitter.finish(), finished)
        return self._ended(finished, written)

    def _ended(self, finished: Finished | None, written: "_Written") -> ModelTurn:
        self._finished = finished or Finished(FinishReason.CANCELLED, UsageSummary())
        self._usages.append(self._finished.usage)
        cancelled = self._finished.reason is FinishReason.CANCELLED
        return ModelTurn(tuple(written.calls), written.has_text, cancelled)

    def _take(self, written: "_Written", pieces: Iterable[tuple[bool, str]]) -> None:
        for is_reasoning, text in pieces:
            if is_reasoning:
                self._add(ReasoningPart, text)
                continue
            self._raw.append(text)
            self._place(written, [text] if written.splitter is None else written.splitter.feed(text), None)

    def _place(
        self, written: "_Written", pieces: Iterable[str | WrittenCall], finished: Finished | None
    ) -> None:
        for piece in pieces:
            if isinstance(piece, str):
                written.has_text = written.has_text or bool(piece.strip())
                self._add(TextPart, piece)
            elif written.keeps_calls and (piece.closed or _ended_by_model(finished)):
                self._call(written, piece)

    def _call(self, written: "_Written", found: WrittenCall) -> None:
        turn = self._turn
        name, arguments = found.named()
        call = ToolCallPart(new_id()[-_ID_CHARS:], name, arguments)
        written.calls.append(call)
        turn.parts.append(call)
        self._emit(ToolCallStarted(turn.conversation_id, turn.message.id, call))
        self._journal.streaming(turn.snapshot())

    def _add(self, kind: type[ReasoningPart] | type[TextPart], text: str) -> None:
        turn = self._turn
        last = turn.parts[-1] if turn.parts else None
        if isinstance(last, kind):
            turn.parts[-1] = kind(last.text + text)
        else:
            turn.parts.append(kind(text))
        delta = ReasoningDelta if kind is ReasoningPart else TextDelta
        self._emit(delta(turn.conversation_id, turn.message.id, text))
        self._journal.streaming(turn.snapshot())

    def _reading(self, reading: Reading) -> None:
        if reading.done_tokens >= reading.total_tokens:
            self._phase(TurnPhase.WRITING, 1.0, reading)
        else:
            self._phase(TurnPhase.READING, reading.done_tokens / reading.total_tokens, reading)

    def _phase(
        self, phase: TurnPhase, fraction: float = 0.0, reading: Reading | None = None, tool: str = ""
    ) -> None:
        turn = self._turn
        if turn.over.is_set():
            return
        total, reused = (reading.total_tokens, reading.reused_tokens) if reading else (0, 0)
        self._emit(TurnProgress(turn.conversation_id, turn.message.id, phase, fraction, total, reused, tool))

    def _receipt(self, message: Message) -> Receipt | None:
        request, info, finished = self._request, self._question.info, self._finished
        if request is None:
            return None
        return Receipt(
            message_id=message.id,
            model_name=info.name,
            model_sha256=info.sha256,
            model_path=info.path,
            chat_template=info.chat_template,
            library=info.library,
            sampling=request.sampling,
            seed=finished.usage.seed,
            n_ctx_tokens=info.n_ctx_tokens,
            n_threads=info.n_threads,
            prompt=finished.prompt,
            answer="".join(self._raw),
            usage=finished.usage,
            created_at=time.time(),
            request={
                "messages": [asdict(turn) for turn in request.messages],
                "tools": [asdict(tool) for tool in request.tools],
                "continue_text": request.continue_text,
            },
        )


@dataclass(slots=True)
class _Written:
    """What came of one turn of the model."""

    splitter: CallSplitter | None
    keeps_calls: bool
    calls: list[ToolCallPart] = field(default_factory=list)
    has_text: bool = False


def _ended_by_model(finished: Finished | None) -> bool:
    """Tell whether a call without its closing tag is whole: not where stop or limit cut it."""
    return finished is not None and finished.reason in (FinishReason.END, FinishReason.STOP_STRING)


def _total(usages: Sequence[UsageSummary]) -> UsageSummary:
    """Return what an answer cost: the last prompt, and all that was read and written."""
    if not usages:
        return UsageSummary()
    return replace(
        usages[-1],
        generated_tokens=sum(usage.generated_tokens for usage in usages),
        prompt_s=sum(usage.prompt_s for usage in usages),
        generation_s=sum(usage.generation_s for usage in usages),
    )
