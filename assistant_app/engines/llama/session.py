"""The tokens that the model has in memory, and how more are read: prefix reuse, stop, progress."""

from collections.abc import Callable, Sequence
from typing import Any

from assistant_app.core.errors import EngineStopped
from assistant_app.engines.llama.library import C
from assistant_app.engines.llama.model import Model
from assistant_app.engines.llama.tokens import common_prefix

ABORTED = 2
"""What llama_decode returns when the abort callback said so."""


class Session:
    """Sequence 0 of a model's context. `tokens` is what stands in its key-value cache, exactly."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.tokens: list[int] = []
        self._buffer = (C.llama_token * model.n_ubatch)()
        self._one = (C.llama_token * 1)()
        self._one_batch: Any = C.llama_batch_get_one(self._one, 1)

    def clear(self) -> None:
        """Forget everything."""
        C.llama_memory_clear(self.model.memory, True)
        self.tokens = []

    def keep_prefix(self, prompt: Sequence[int]) -> int:
        """Drop what does not match the prompt; return how many tokens stay and need not be read.

        At least the last token of the prompt is read again, for the probabilities after it. Families
        whose memory cannot be cut at a position (recurrent ones) forget everything instead.
        """
        keep = min(common_prefix(self.tokens, list(prompt)), len(prompt) - 1)
        self.truncate(max(keep, 0))
        return len(self.tokens)

    def truncate(self, count: int) -> None:
        """Drop all tokens from position `count` on."""
        if count >= len(self.tokens) and count > 0:
            return
        if count > 0 and C.llama_memory_seq_rm(self.model.memory, 0, count, -1):
            del self.tokens[count:]
        else:
            self.clear()

    def read(self, tokens: Sequence[int], on_batch: Callable[[int], None]) -> None:
        """Evaluate tokens after those in memory; `on_batch` gets the number read so far after each batch.

        Raises Cancelled (what was read by then stays and is reused), EngineStopped when llama.cpp fails.
        """
        step = self.model.n_ubatch
        done = 0
        while done < len(tokens):
            self.model.stop.check()
            part = list(tokens[done : done + step])
            self._buffer[: len(part)] = part
            result = int(C.llama_decode(self.model.context, C.llama_batch_get_one(self._buffer, len(part))))
            if result != 0:
                self._recover(result)
            self.tokens.extend(part)
            done += len(part)
            on_batch(done)

    def read_one(self, token: int) -> bool:
        """Evaluate one token; False when it was stopped, and the token is not in memory then."""
        self._one[0] = token
        result = C.llama_decode(self.model.context, self._one_batch)
        if result == 0:
            self.tokens.append(token)
            return True
        if result == ABORTED:
            self._drop_unfinished()
            return False
        return self._recover(int(result))

    def _drop_unfinished(self) -> None:
        if not C.llama_memory_seq_rm(self.model.memory, 0, len(self.tokens), -1):
            self.clear()

    def _recover(self, result: int) -> bool:
        self._drop_unfinished()
        if result == ABORTED:
            self.model.stop.check()
        raise EngineStopped(reason=f"llama.cpp returned {result}", detail=f"llama_decode returned {result}")
