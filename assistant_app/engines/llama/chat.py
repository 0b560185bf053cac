"""Answers requests with a loaded model: which conversation is in memory, which is on disk, what to read."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from assistant_app.core.conversation import UsageSummary
from assistant_app.core.errors import Cancelled, ModelError, PromptTooLong
from assistant_app.core.generation import ChatMessage, FinishReason, ModelInfo, ToolSpec
from assistant_app.engines.llama import library, sampler, schema, states
from assistant_app.engines.llama.generate import Answer, Writer
from assistant_app.engines.llama.model import Model
from assistant_app.engines.llama.prompt import AnswerMemory, Prompt, PromptBuilder
from assistant_app.engines.llama.session import Session
from assistant_app.engines.llama.template import ChatTemplate
from assistant_app.engines.llama.tokens import common_prefix
from assistant_app.engines.protocol import Generate, Prefill

_WRAPPING_TOKENS = 8
_ENDINGS = ("a", " ?")
"""How a question whose beginning is known might go on. What both leave the same is the same for all."""


@dataclass(frozen=True, slots=True)
class Result:
    """How an answer ended."""

    reason: FinishReason
    usage: UsageSummary
    prompt: str
    text: str


class Chat:
    """One loaded model and the conversation that it has in memory."""

    def __init__(self, model: Model, *, state_dir: Path | None = None, budget_bytes: int = 1 << 30) -> None:
        """Prepare templates and saved states. Raises Cancelled, EngineStopped."""
        self.model = model
        vocabulary = model.vocabulary
        self.template = ChatTemplate(
            model.metadata("tokenizer.chat_template"),
            model.metadata("tokenizer.chat_template.tool_use"),
            bos=vocabulary.spelled(vocabulary.bos),
            eos=vocabulary.spelled(vocabulary.eos),
        )
        self._builder = PromptBuilder(vocabulary, self.template)
        self._session = Session(model)
        self.state_reuse = True
        self._states: states.StateStore | None = None
        if state_dir is not None:
            self.state_reuse = states.reuse_works(model, self._session, state_dir)
            if self.state_reuse:
                self._states = states.StateStore(state_dir, model, budget_bytes)
        self._conversation_id = ""
        self._answers = AnswerMemory()
        self._unsaved = False

    def info(self, model_id: str, name: str) -> ModelInfo:
        """Return what is known about the model."""
        model = self.model
        return ModelInfo(
            id=model_id,
            name=name or model.metadata("general.name"),
            path=str(model.path),
            sha256=model.sha256,
            architecture=model.architecture,
            n_ctx_tokens=model.n_ctx,
            n_ctx_train_tokens=model.n_ctx_train,
            n_params=model.n_params,
            size_bytes=model.size_bytes,
            chat_template=self.template.source,
            library=library.name(),
            n_threads=model.n_threads,
            tools=self.template.knows_tools,
            state_reuse=self.state_reuse,
            details={"n_ubatch": model.n_ubatch, "build": library.build_id()[:16]},
        )

    def render(self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = ()) -> Prompt:
        """Return the prompt as `generate` would read it. Raises ModelError."""
        return self._builder.build(messages, tools)

    def count(self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = ()) -> list[int]:
        """Return what each message costs in a prompt, wrapping included. Raises ModelError.

        The list of tools is in the number of the message that follows it, or of the last one.

        Where the template refuses the messages as a conversation (two questions in a row, say), each
        is counted for itself, with a little for the wrapping.
        """
        try:
            return self._builder.build(messages, tools, answers=self._answers).message_tokens
        except ModelError:
            if not self.template.source.strip():
                raise
            vocabulary = self.model.vocabulary
            counts = [len(vocabulary.plain_text(message.content)) + _WRAPPING_TOKENS for message in messages]
            if tools and counts:
                listed = json.dumps([asdict(tool) for tool in tools], ensure_ascii=False, default=dict)
                counts[-1] += len(vocabulary.plain_text(listed))
            return counts

    def generate(
        self,
        request: Generate,
        on_reading: Callable[[int, int, int], None],
        emit: Callable[[str], None],
    ) -> Result:
        """Read the prompt and write an answer; a stop is a result, not an error.

        Raises ModelError, PromptTooLong, RequestInvalid, EngineStopped.
        """
        sampler.check(request.sampling)
        seed = sampler.draw_seed(request.sampling)
        grammar = schema.grammar_of_schema(request.json_schema) if request.json_schema else ""
        tool_grammar = schema.grammar_of_tools(request.tools) if request.tools and not grammar else ""
        saved = self._enter(request.conversation_id)
        prompt = self._builder.build(
            request.messages, request.tools, continue_text=request.continue_text, answers=self._answers
        )
        n_prompt = len(prompt.tokens)
        if n_prompt >= self.model.n_ctx:
            raise PromptTooLong(needed=n_prompt, available=self.model.n_ctx - 1)
        self._fetch(saved, prompt.tokens)
        reused = self._session.keep_prefix(prompt.tokens)
        on_reading(reused, n_prompt, reused)
        begin = time.perf_counter()
        answer = Answer(FinishReason.CANCELLED)
        try:
            self._session.read(
                prompt.tokens[reused:], lambda done: on_reading(reused + done, n_prompt, reused)
            )
            prompt_s = time.perf_counter() - begin
            answer = self._write(request, prompt, seed, grammar, tool_grammar, emit)
        except Cancelled:
            prompt_s = time.perf_counter() - begin
        finally:
            self._unsaved = True
        usage = UsageSummary(
            prompt_tokens=n_prompt,
            reused_tokens=reused,
            generated_tokens=answer.n_sampled,
            prompt_s=prompt_s,
            generation_s=answer.seconds,
            seed=seed,
        )
        return Result(answer.reason, usage, prompt.text, answer.text)

    def prefill(self, request: Prefill, on_reading: Callable[[int, int, int], None]) -> None:
        """Read what every prompt has in common that ends with a question of this beginning.

        The last message is the question as far as it is known, empty at first. What was read when a
        stop came stays in memory; a prompt that does not fit is left to `generate` to refuse.

        Raises Cancelled, ModelError, EngineStopped.
        """
        if not request.messages:
            return
        saved = self._enter(request.conversation_id)
        *before, question = request.messages
        prompts = [
            self._builder.build(
                [*before, replace(question, content=question.content + ending)],
                request.tools,
                answers=self._answers,
            ).tokens
            for ending in _ENDINGS
        ]
        tokens = prompts[0][: common_prefix(*prompts)]
        if not tokens or len(tokens) >= self.model.n_ctx:
            return
        self._fetch(saved, tokens)
        if common_prefix(self._session.tokens, tokens) == len(tokens):
            return
        reused = self._session.keep_prefix(tokens)
        on_reading(reused, len(tokens), reused)
        try:
            self._session.read(tokens[reused:], lambda done: on_reading(reused + done, len(tokens), reused))
        finally:
            self._unsaved = True

    def _write(
        self,
        request: Generate,
        prompt: Prompt,
        seed: int,
        grammar: str,
        tool_grammar: str,
        emit: Callable[[str], None],
    ) -> Answer:
        writer = Writer(
            self._session,
            request.sampling,
            seed,
            emit,
            grammar=grammar,
            tool_grammar=tool_grammar,
            before=prompt.continued,
        )
        try:
            answer = writer.write()
        finally:
            writer.close()
        self._answers.remember(request.continue_text + answer.text, [*prompt.continued, *answer.tokens])
        return answer

    def _enter(self, conversation_id: str) -> states.SavedState | None:
        """Make a conversation the current one; return its saved state, if that could be of use."""
        if conversation_id == self._conversation_id and conversation_id:
            return None
        self.save()
        self._conversation_id = conversation_id
        self._answers = AnswerMemory()
        saved = self._states.find(conversation_id) if self._states and conversation_id else None
        if saved is not None:
            for text, tokens in saved.answers:
                self._answers.remember(text, tokens)
        return saved

    def _fetch(self, saved: states.SavedState | None, prompt: list[int]) -> None:
        """Load the saved state where it spares more reading than what is in memory."""
        if saved is None or self._states is None:
            return
        if common_prefix(saved.tokens, prompt) > common_prefix(self._session.tokens, prompt):
            self._states.load(self._session, saved)

    @property
    def unsaved(self) -> bool:
        """Whether the conversation in memory has changed since it was saved."""
        return self._unsaved and bool(self._conversation_id) and self._states is not None

    def save(self, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Write the state of the current conversation if it changed; an interrupted try is repeated."""
        if self.unsaved and self._states is not None:
            saved = self._states.save(self._session, self._conversation_id, self._answers, interrupted)
            self._unsaved = not saved and interrupted()

    def forget(self, conversation_id: str) -> None:
        """Drop the current conversation from memory if it is this one, or any when ""."""
        if conversation_id in ("", self._conversation_id):
            self._session.clear()
            self._conversation_id = ""
            self._answers = AnswerMemory()
            self._unsaved = False

    def close(self) -> None:
        """Free the model; saves nothing."""
        self.model.close()
