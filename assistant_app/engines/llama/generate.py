"""The decode loop: one token after the other until the answer ends."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from assistant_app.core.generation import FinishReason
from assistant_app.core.sampling import Sampling
from assistant_app.engines.llama.library import C
from assistant_app.engines.llama.sampler import PENALTY_TOKENS, SamplerChain, grammar_allows
from assistant_app.engines.llama.schema import OPEN_TAG
from assistant_app.engines.llama.session import Session
from assistant_app.engines.llama.stream import StopStrings, Utf8Decoder

_THINK_OPEN, _THINK_CLOSE = "<think>", "</think>"
_CALL_SHARE = 4
"""A call may take this part of the context window: a model that loses its way in a text finds no end."""
_TAIL = 64
"""Characters in which a tag is looked for; longer than every tag and every token."""


@dataclass(slots=True)
class Answer:
    """What the loop produced."""

    reason: FinishReason = FinishReason.END
    text: str = ""
    tokens: list[int] = field(default_factory=list)
    """Tokens that say `text`, as sampled where that is possible."""
    n_sampled: int = 0
    seconds: float = 0.0


class Writer:
    """Writes one answer after the prompt that the session has read.

    `grammar` binds the whole answer; `tool_grammar` binds what follows an opened `<tool_call>`, and
    leaves everything else free.
    """

    def __init__(
        self,
        session: Session,
        sampling: Sampling,
        seed: int,
        emit: Callable[[str], None],
        *,
        grammar: str = "",
        tool_grammar: str = "",
        before: Sequence[int] = (),
    ) -> None:
        self._session = session
        self._vocabulary = session.model.vocabulary
        self._sampling = sampling
        self._seed = seed
        self._emit = emit
        self._tool_grammar = tool_grammar
        self._tail = ""
        self._thinking = False
        self._chain = SamplerChain(self._vocabulary, sampling, seed, grammar)
        self._before = list(before)
        self._chain.replay(self._before[-PENALTY_TOKENS:])

    def close(self) -> None:
        """Free the samplers."""
        self._chain.free()

    def write(self) -> Answer:
        """Generate until the turn or context ends, a stop string comes, or a stop. Raises EngineStopped."""
        session, stop = self._session, self._session.model.stop
        pieces, piece_of = self._vocabulary.pieces, self._vocabulary.piece
        ends, context = self._vocabulary.end_of_generation, session.model.context
        decoder, stops = Utf8Decoder(), StopStrings(self._sampling.stop)
        answer = Answer(FinishReason.LENGTH)
        sampled: list[int] = []
        texts: list[str] = []
        room = session.model.n_ctx - len(session.tokens) + 1
        limit = room if self._sampling.max_tokens is None else min(room, self._sampling.max_tokens)
        sample, read_one = C.llama_sampler_sample, session.read_one
        begin = time.perf_counter()
        while len(sampled) < limit:
            if stop.is_set:
                answer.reason = FinishReason.CANCELLED
                break
            token = sample(self._chain.pointer, context, -1)
            if token in ends:
                answer.reason = FinishReason.END
                break
            sampled.append(token)
            text = decoder.decode(pieces.get(token) or piece_of(token))
            if text:
                ready, ended = stops.feed(text)
                if ready:
                    texts.append(ready)
                    self._emit(ready)
                if ended:
                    answer.reason = FinishReason.STOP_STRING
                    break
                if self._tool_grammar and self._call_begins(text, sampled):
                    limit = min(limit, len(sampled) + session.model.n_ctx // _CALL_SHARE)
            if len(sampled) < limit and not read_one(token):
                answer.reason = FinishReason.CANCELLED
                break
        answer.seconds = time.perf_counter() - begin
        answer.n_sampled = len(sampled)
        if answer.reason is not FinishReason.STOP_STRING:
            rest = stops.finish() + (decoder.finish() if answer.reason is FinishReason.END else "")
            if rest:
                texts.append(rest)
                self._emit(rest)
        answer.text = "".join(texts)
        answer.tokens = self._tokens_of(answer.text, sampled)
        return answer

    def _call_begins(self, text: str, sampled: Sequence[int]) -> bool:
        """Bind what follows to the tools' schemas when a call was opened; return whether it is bound."""
        tail = self._tail + text
        self._tail = tail[-_TAIL:]
        self._thinking = (self._thinking or _THINK_OPEN in tail) and _THINK_CLOSE not in tail
        if self._thinking or OPEN_TAG not in tail:
            return False
        begun = self._vocabulary.plain_text(tail.partition(OPEN_TAG)[2])
        grammar, self._tool_grammar = self._tool_grammar, ""
        if not grammar_allows(self._vocabulary, grammar, begun):
            return False
        chain = SamplerChain(self._vocabulary, self._sampling, self._seed, grammar)
        chain.replay([*self._before, *sampled][-PENALTY_TOKENS:])
        bound = C.llama_sampler_chain_get(chain.pointer, 0)
        for token in begun:
            C.llama_sampler_accept(bound, token)
        self._chain.free()
        self._chain = chain
        return True

    def _tokens_of(self, text: str, sampled: Sequence[int]) -> list[int]:
        """Return tokens that say `text`: the sampled ones as far as they do, the rest tokenised."""
        wanted = text.encode()
        position = 0
        for count, token in enumerate(sampled):
            piece = self._vocabulary.piece(token)
            if wanted[position : position + len(piece)] != piece:
                rest = wanted[position:].decode("utf-8", "replace")
                return [*sampled[:count], *self._vocabulary.plain_text(rest)]
            position += len(piece)
        return list(sampled)
