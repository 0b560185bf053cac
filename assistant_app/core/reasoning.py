"""Separates what a model thinks (`<think>…</think>`) from what it answers, while it streams."""

from collections.abc import Iterator
from dataclasses import dataclass

OPEN = "<think>"
CLOSE = "</think>"


@dataclass(slots=True)
class ReasoningSplitter:
    """Feed text in any pieces; get (is_reasoning, text) pieces out. Tags count at the beginning only.

    A tag that appears later is part of the answer: models quote tags when they write about them.
    """

    _pending: str = ""
    _inside: bool = False
    _answering: bool = False
    _trim: bool = False
    """Line breaks between the closing tag and the answer are dropped."""

    @classmethod
    def in_answer(cls) -> "ReasoningSplitter":
        """Return one for a stream that goes on in the middle of an answer: tags are text there."""
        return cls(_answering=True)

    @classmethod
    def in_reasoning(cls) -> "ReasoningSplitter":
        """Return one for models whose template opens the reasoning in the prompt itself."""
        return cls(_inside=True)

    def feed(self, text: str) -> Iterator[tuple[bool, str]]:
        """Yield what can be told apart already; a possible half tag is kept back."""
        if self._answering:
            yield from self._answer(text)
            return
        self._pending += text
        if not self._inside:
            start = self._pending.lstrip()
            if start.startswith(OPEN):
                self._inside = True
                self._pending = start[len(OPEN) :].lstrip("\n")
            elif OPEN.startswith(start):
                return
            else:
                yield from self._answer(_without_word_space(self._pending))
                return
        before, tag, after = self._pending.partition(CLOSE)
        if tag:
            if before.rstrip():
                yield True, before.rstrip()
            self._inside = False
            self._trim = True
            yield from self._answer(after)
            return
        keep = _half_tag(self._pending)
        ready = self._pending[: len(self._pending) - keep]
        self._pending = self._pending[len(ready) :]
        if ready:
            yield True, ready

    def finish(self) -> Iterator[tuple[bool, str]]:
        """Yield what was kept back, at the end of the stream."""
        if self._pending:
            yield self._inside, self._pending
            self._pending = ""

    def _answer(self, text: str) -> Iterator[tuple[bool, str]]:
        self._answering = True
        self._pending = ""
        if self._trim:
            text = text.lstrip("\n")
            self._trim = not text
        if text:
            yield False, text


def _without_word_space(text: str) -> str:
    """Return an answer's beginning without the space that many vocabularies carry before a word."""
    return text[1:] if text[:1] == " " and not text[1:2].isspace() else text


def _half_tag(text: str) -> int:
    """Return how many characters at the end of `text` may be the beginning of the closing tag."""
    for length in range(min(len(CLOSE) - 1, len(text)), 0, -1):
        if CLOSE.startswith(text[-length:]):
            return length
    return 0
