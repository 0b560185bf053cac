"""Texts to vectors with the loaded model, in a second context that lives only while it is used."""

import math
from collections.abc import Sequence
from typing import Any

from assistant_app.core.errors import EngineStopped, PromptTooLong
from assistant_app.engines.llama.library import C
from assistant_app.engines.llama.model import Model

MAX_TOKENS = 2048
"""Longest text; longer ones are refused, never cut silently."""


class Embedder:
    """Pooled, normalised vectors. `close` frees the context."""

    def __init__(self, model: Model) -> None:
        """Make the context. Raises ModelError."""
        self._model = model
        self._n_ctx = min(MAX_TOKENS, model.n_ctx)
        self._context: Any = model.new_context(self._n_ctx, embeddings=True)
        self._memory: Any = C.llama_get_memory(self._context)

    def close(self) -> None:
        """Free the context."""
        if self._context is not None:
            C.llama_free(self._context)
            self._context = None

    def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        """Return one vector of length 1 per text. Raises Cancelled, PromptTooLong, EngineStopped."""
        return tuple(self._one(text) for text in texts)

    def _one(self, text: str) -> tuple[float, ...]:
        model = self._model
        model.stop.check()
        tokens = model.vocabulary.plain_text(text, model.vocabulary.end_of_generation)
        if model.vocabulary.adds_bos:
            tokens.insert(0, model.vocabulary.bos)
        if len(tokens) > self._n_ctx:
            raise PromptTooLong(needed=len(tokens), available=self._n_ctx)
        if not tokens:
            return (0.0,) * self._width
        C.llama_memory_clear(self._memory, True)
        array = (C.llama_token * len(tokens))(*tokens)
        result = int(C.llama_decode(self._context, C.llama_batch_get_one(array, len(tokens))))
        if result != 0:
            model.stop.check()
            raise EngineStopped(reason=f"llama.cpp returned {result}", detail="llama_decode")
        pointer = C.llama_get_embeddings_seq(self._context, 0)
        if not pointer:
            raise EngineStopped(reason="this model gives no vectors", detail="no pooled embeddings")
        values = list(pointer[: self._width])
        length = math.sqrt(sum(value * value for value in values)) or 1.0
        return tuple(value / length for value in values)

    @property
    def _width(self) -> int:
        return int(C.llama_model_n_embd_out(self._model.pointer))
