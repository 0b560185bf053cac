"""How text becomes search tokens: words for spaced scripts, overlapping pairs for Chinese and its kin."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from assistant_app.core.segments import RUN, UNSPACED, normal

HIT_START, HIT_END = "\x02", "\x03"
_AROUND = 48
"""Characters of context on each side of a hit."""
_FOLD_LIMIT = 20_000
_MAX_LENGTH, _MAX_PIECES = 500, 16
"""How much of a query is looked at: enough for a sentence, bounded for a pasted book."""

_WORD = re.compile(rf"[^\W_{UNSPACED}]+(?:[\W_]+[^\W_{UNSPACED}]+)*")
_ALNUM = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Query:
    """What the user typed, taken literally: words joined by AND, no operators.

    Attributes:
        text: as typed.
    """

    text: str

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """The words and unspaced runs, in the order typed; what has no letter or digit is left out."""
        found: list[str] = []
        for word in normal(self.text[:_MAX_LENGTH]).split():
            position = 0
            for run in RUN.finditer(word):
                found += self._words(word[position : run.start()])
                found.append(run.group())
                position = run.end()
            found += self._words(word[position:])
        return tuple(dict.fromkeys(found))[:_MAX_PIECES]

    @staticmethod
    def _words(text: str) -> list[str]:
        match = _WORD.search(text)
        return [match.group()] if match else []

    @cached_property
    def match(self) -> str:
        """The FTS5 expression; empty when nothing can be looked up in the index."""
        return " AND ".join(_phrase(piece) for piece in self.pieces)

    def matches(self, text: str) -> bool:
        """Return whether a text that is in no index holds all words, without case, accents and width."""
        folded = _fold(text[:_FOLD_LIMIT])[0]
        return bool(self.pieces) and all(_pattern(_fold(piece)[0]).search(folded) for piece in self.pieces)

    @cached_property
    def _patterns(self) -> tuple["re.Pattern[str]", ...]:
        return tuple(_pattern(piece) for piece in self.pieces) or (
            re.compile(re.escape(self.text.strip()), re.IGNORECASE),
        )

    def snippet(self, text: str) -> str:
        """Return the surroundings of the first hit with every hit between U+0002 and U+0003.

        Without a hit (a damaged index) the beginning of the text is returned.
        """
        text = text.replace(HIT_START, "").replace(HIT_END, "")
        first = min((m.span() for p in self._patterns if (m := p.search(text))), default=None)
        if first is None:
            return self._folded_snippet(text)
        start, end = max(0, first[0] - _AROUND), min(len(text), first[1] + _AROUND)
        return _marked(
            text, start, end, (m.span() for p in self._patterns for m in p.finditer(text, start, end))
        )

    def _folded_snippet(self, text: str) -> str:
        """Look again without case, accents and width, which costs more."""
        folded, origin = _fold(text[:_FOLD_LIMIT])
        patterns = [_pattern(_fold(piece)[0]) for piece in self.pieces]
        spans = sorted(
            (origin[m.start()], origin[m.end() - 1] + 1) for p in patterns for m in p.finditer(folded)
        )
        if not spans:
            return " ".join(text[: 2 * _AROUND].split())
        start, end = max(0, spans[0][0] - _AROUND), min(len(text), spans[0][1] + _AROUND)
        return _marked(text, start, end, spans)


def _marked(text: str, start: int, end: int, spans: Iterable[tuple[int, int]]) -> str:
    pieces: list[str] = []
    position = start
    for first, last in sorted(spans):
        if first < position or last > end:
            continue
        pieces += [text[position:first], HIT_START, text[first:last], HIT_END]
        position = last
    pieces.append(text[position:end])
    body = " ".join("".join(pieces).split())
    return ("…" if start > 0 else "") + body + ("…" if end < len(text) else "")


def _phrase(piece: str) -> str:
    if not RUN.match(piece):
        return f'"{piece.replace(chr(34), " ")}" *'
    if len(piece) == 1:
        return f'"{piece}" *'
    return '"' + " ".join(piece[i : i + 2] for i in range(len(piece) - 1)) + '"'


def _pattern(piece: str) -> "re.Pattern[str]":
    if RUN.match(piece):
        return re.compile(re.escape(piece))
    words = r"[\W_]+".join(map(re.escape, _ALNUM.findall(piece)))
    return re.compile(rf"(?<![^\W_]){words}", re.IGNORECASE)


def _fold(text: str) -> tuple[str, list[int]]:
    """Return the text without case, accents and width, and where each of its characters came from."""
    characters: list[str] = []
    origin: list[int] = []
    for place, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character).casefold():
            if not unicodedata.combining(part):
                characters.append(part)
                origin.append(place)
    return "".join(characters), origin
