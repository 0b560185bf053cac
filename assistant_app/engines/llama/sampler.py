"""The sampler chain, built and run in C."""

import ctypes
import math
import random
from collections.abc import Iterable, Sequence
from typing import Any

from assistant_app.core.errors import RequestInvalid
from assistant_app.core.sampling import Sampling
from assistant_app.core.text import N_
from assistant_app.engines.llama.library import C, clear_log, recent_log
from assistant_app.engines.llama.tokens import Vocabulary

PENALTY_TOKENS = 64
"""How far back the repeat penalty looks."""

_MAX_SEED = 0xFFFFFFFE
_MAX_TOP_K = 1 << 20
_REFUSED = N_("This request cannot be used: {reason}.")


def check(sampling: Sampling) -> None:
    """Raise RequestInvalid for values that make no sense or that C would not survive."""
    ranges = (
        ("temperature", sampling.temperature, 0.0, 100.0),
        ("top_k", sampling.top_k, 0, _MAX_TOP_K),
        ("top_p", sampling.top_p, 0.0, 1.0),
        ("min_p", sampling.min_p, 0.0, 1.0),
        ("repeat_penalty", sampling.repeat_penalty, 0.01, 100.0),
        ("seed", sampling.seed or 0, 0, _MAX_SEED),
        ("max_tokens", 1 if sampling.max_tokens is None else sampling.max_tokens, 0, 2**31 - 1),
    )
    for name, value, low, high in ranges:
        if not math.isfinite(value) or not low <= value <= high:
            raise RequestInvalid(_REFUSED, reason=f"{name} must be from {low} to {high}")
    if len(sampling.stop) > 64 or any(not s or len(s) > 1000 for s in sampling.stop):
        raise RequestInvalid(_REFUSED, reason="stop strings must be 1 to 1000 characters long, 64 at most")


def draw_seed(sampling: Sampling) -> int:
    """Return the seed asked for, or a new one."""
    return sampling.seed if sampling.seed is not None else random.SystemRandom().randrange(_MAX_SEED)


class SamplerChain:
    """One chain of llama.cpp samplers; `free` it.

    The order is llama.cpp's: grammar, repeat penalty, top-k, top-p, min-p, temperature, choice. With
    top-k the candidates are cut to k + 64 before the penalty already: that one lowers 64 tokens at
    most, so the k best afterwards are the same, and the penalty is not looked up for the whole vocabulary.
    """

    def __init__(self, vocabulary: Vocabulary, sampling: Sampling, seed: int, grammar: str = "") -> None:
        self.pointer: Any = C.llama_sampler_chain_init(C.llama_sampler_chain_default_params())
        self._penalties: Any = None
        greedy = sampling.temperature <= 0
        penalised = sampling.repeat_penalty != 1.0
        top_k = 1 if greedy else sampling.top_k
        try:
            if grammar:
                self._add(grammar_sampler(vocabulary, grammar))
            if penalised:
                if top_k and sampling.repeat_penalty > 1.0:
                    self._add(C.llama_sampler_init_top_k(top_k + PENALTY_TOKENS))
                self._penalties = C.llama_sampler_init_penalties(
                    vocabulary.size, PENALTY_TOKENS, sampling.repeat_penalty, 0.0, 0.0
                )
                self._add(self._penalties)
            if greedy:
                self._add(C.llama_sampler_init_greedy())
                return
            if sampling.top_k:
                self._add(C.llama_sampler_init_top_k(sampling.top_k))
            if sampling.top_p < 1.0:
                self._add(C.llama_sampler_init_top_p(sampling.top_p, 1))
            if sampling.min_p > 0.0:
                self._add(C.llama_sampler_init_min_p(sampling.min_p, 1))
            self._add(C.llama_sampler_init_temp(sampling.temperature))
            self._add(C.llama_sampler_init_dist(seed))
        except BaseException:
            self.free()
            raise

    def _add(self, sampler: Any) -> None:
        if not sampler:  # adding NULL would end the process at the first token
            raise RequestInvalid(_REFUSED, reason="a sampler could not be made")
        C.llama_sampler_chain_add(self.pointer, sampler)

    def replay(self, tokens: Iterable[int]) -> None:
        """Tell the repeat penalty what came before."""
        if self._penalties is not None:
            for token in tokens:
                C.llama_sampler_accept(self._penalties, token)

    def free(self) -> None:
        """Give the memory back; the chain is not used after this."""
        if self.pointer is not None:
            C.llama_sampler_free(self.pointer)
            self.pointer = None


def grammar_sampler(vocabulary: Vocabulary, grammar: str) -> Any:
    """Return a grammar sampler. Raises RequestInvalid where llama.cpp returns NULL."""
    if "\x00" in grammar or not grammar.strip():
        raise RequestInvalid(_REFUSED, reason="the grammar is faulty")
    clear_log()
    sampler = C.llama_sampler_init_grammar(vocabulary.pointer, grammar.encode(), b"root")
    if not sampler:
        raise RequestInvalid(_REFUSED, reason="the grammar is faulty", detail=recent_log()[-500:])
    return sampler


def grammar_allows(vocabulary: Vocabulary, grammar: str, tokens: Sequence[int]) -> bool:
    """Tell whether an answer under this grammar may begin with these tokens.

    llama.cpp ends the process when a grammar is fed a token that it does not allow, so each is
    tried on a list of one candidate first. Raises RequestInvalid.
    """
    sampler = grammar_sampler(vocabulary, grammar)
    candidate = C.llama_token_data(0, 0.0, 0.0)
    array = C.llama_token_data_array(ctypes.pointer(candidate), 1, -1, False)
    try:
        for token in tokens:
            candidate.id, candidate.logit = token, 0.0
            C.llama_sampler_apply(sampler, ctypes.byref(array))
            if candidate.logit < -1e30:
                return False
            C.llama_sampler_accept(sampler, token)
        return True
    finally:
        C.llama_sampler_free(sampler)
