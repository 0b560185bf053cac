"""Text to tokens and back; text from outside can never become a control token."""

import ctypes
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from assistant_app.engines.llama.library import C

_PIECE_BYTES = 256
_GUARD = "\x01"
"""A character that no vocabulary merges with its neighbours."""

_VISIBLE_MARKS = frozenset((b"<think>", b"</think>", b"<tool_call>", b"</tool_call>"))
"""Marks that the reader of an answer needs, even where a file declares them as control tokens."""


class Vocabulary:
    """The tokenizer of a loaded model."""

    def __init__(self, model: Any) -> None:
        self.pointer: Any = C.llama_model_get_vocab(model)
        self.size = int(C.llama_vocab_n_tokens(self.pointer))
        self.bos = int(C.llama_vocab_bos(self.pointer))
        self.eos = int(C.llama_vocab_eos(self.pointer))
        self.adds_bos = bool(C.llama_vocab_get_add_bos(self.pointer))
        is_end = C.llama_vocab_is_eog
        self.end_of_generation = frozenset(t for t in range(self.size) if is_end(self.pointer, t))
        self._buffer = ctypes.create_string_buffer(_PIECE_BYTES)
        self.pieces: dict[int, bytes] = {}
        """What `piece` has returned so far, for loops that cannot afford a call."""
        self._guard = self._raw(_GUARD, special=False) if self._adds_space() else []

    def template_text(self, text: str, *, at_start: bool = False) -> list[int]:
        """Return the tokens of text that is trusted: control tokens written in it count as such."""
        return self._raw(text, special=True) if at_start else self._inside(text, special=True)

    def plain_text(self, text: str, forbidden: frozenset[int] = frozenset()) -> list[int]:
        """Return the tokens of text from outside: nothing in it becomes a control token.

        llama.cpp still takes "user-defined" tokens out of such text, and some model files declare
        their turn marks so: `forbidden` names tokens that must not appear. Text that spells one is
        cut after its first character and tokenised in pieces.
        """
        result: list[int] = []
        for piece in self._harmless_pieces(text, forbidden):
            result.extend(self._inside(piece, special=False))
        return result

    def piece(self, token: int) -> bytes:
        """Return the text of one token as bytes, possibly a part of a character.

        Control tokens give none, but for the marks of reasoning and tool calls.
        """
        known = self.pieces.get(token)
        if known is None:
            spelled = self._read_piece(token, special=True)
            hidden = spelled not in _VISIBLE_MARKS
            known = self.pieces[token] = self._read_piece(token, special=False) if hidden else spelled
        return known

    def text(self, tokens: Iterable[int]) -> str:
        """Return tokens as text, control tokens written out."""
        joined = b"".join(self._read_piece(t, special=True) for t in tokens)
        return joined.decode("utf-8", "replace")

    def spelled(self, token: int) -> str:
        """Return how a control token is written; empty for a token that does not exist."""
        return self._read_piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""

    def is_control(self, token: int) -> bool:
        """Tell whether a token steers the model and has no text of its own."""
        return bool(C.llama_vocab_is_control(self.pointer, token)) or token in self.end_of_generation

    def marks(self, tokens: Iterable[int]) -> frozenset[int]:
        """Return which of these tokens are marks, not words: control tokens, and declared ones."""
        ordinary = C.LLAMA_TOKEN_ATTR_NORMAL | C.LLAMA_TOKEN_ATTR_BYTE
        found = set()
        for token in set(tokens):
            declared = not C.llama_vocab_get_attr(self.pointer, token) & ordinary
            if (declared and self.spelled(token).strip()) or self.is_control(token):
                found.add(token)
        return frozenset(found)

    def _harmless_pieces(self, text: str, forbidden: frozenset[int]) -> Iterable[str]:
        pending = [text]
        spellings = {token: self.spelled(token) for token in forbidden}
        while pending:
            piece = pending.pop()
            bad = [spellings[t] for t in self._inside(piece, special=False) if t in forbidden]
            cuts = {p + 1 for s in bad if len(s) > 1 for p in _positions(piece, s)}
            if not cuts:
                yield piece
                continue
            edges = [0, *sorted(cuts), len(piece)]
            pending.extend(reversed([piece[a:b] for a, b in pairwise(edges) if a < b]))

    def _adds_space(self) -> bool:
        return b"".join(self._read_piece(t, special=False) for t in self._raw("a", special=False)) == b" a"

    def _inside(self, text: str, *, special: bool) -> list[int]:
        """Tokenise text that does not begin the prompt: without the space that some tokenizers put first."""
        if not text:
            return []
        if self._guard:
            tokens = self._raw(_GUARD + text, special=special)
            count = len(self._guard)
            if tokens[:count] == self._guard:
                return tokens[count:]
        return self._raw(text, special=special)

    def _raw(self, text: str, *, special: bool) -> list[int]:
        encoded = text.encode("utf-8", "replace")
        capacity = len(encoded) + 8
        while True:
            buffer = (C.llama_token * capacity)()
            count = int(
                C.llama_tokenize(self.pointer, encoded, len(encoded), buffer, capacity, False, special)
            )
            if count >= 0:
                return list(buffer[:count])
            capacity = -count

    def _read_piece(self, token: int, *, special: bool) -> bytes:
        count = int(C.llama_token_to_piece(self.pointer, token, self._buffer, _PIECE_BYTES, 0, special))
        if count >= 0:
            return self._buffer.raw[:count]
        larger = ctypes.create_string_buffer(-count)
        C.llama_token_to_piece(self.pointer, token, larger, -count, 0, special)
        return larger.raw[:-count]


def _positions(text: str, part: str) -> Iterable[int]:
    position = text.find(part)
    while position >= 0:
        yield position
        position = text.find(part, position + 1)


def common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    """Return how many tokens at the beginning are the same."""
    count = min(len(left), len(right))
    if left[:count] == right[:count]:
        return count
    low, high = 0, count
    while high - low > 1:
        middle = (low + high) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle
    return low
