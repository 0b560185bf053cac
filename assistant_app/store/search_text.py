"""How text becomes search tokens: words for spaced scripts, overlapping pairs for Chinese and its kin."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

HIT_START, HIT_END = "\x02", "\x03"
_AROUND = 48
"""Characters of context on each side of a hit."""
_FOLD_LIMIT = 20_000
_MAX_LENGTH, _MAX_PIECES = 500, 16
"""How much of a query is looked at: enough for a sentence, bounded for a pasted book."""

# Scripts written without spaces (or, Hangul, with endings glued on) and pictographs: everything in
# here is a token character of the FTS5 table, so that a pair is never taken apart again.
_UNSPACED = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u2e80-\u2fd5\u3005-\u3007\u3041-\u3096\u309d-\u309f"
    "\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\u2600-\u27bf\U0001f300-\U0001faff\U00020000-\U0003fffd"
)
_RUN = re.compile(f"[{_UNSPACED}]+")
_WORD = re.compile(rf"[^\W_{_UNSPACED}]+(?:[\W_]+[^\W_{_UNSPACED}]+)*")
_ALNUM = re.compile(r"[^\W_]+")


def normal(text: str) -> str:
    """Return the compatibility form: full-width letters, ligatures and half-width kana as usual ones."""
    return unicodedata.normalize("NFKC", text.replace("\x00", " "))


def _pairs(match: "re.Match[str]") -> str:
    run = match.group()
    return " " + " ".join([run[i : i + 2] for i in range(len(run) - 1)] + [run[-1]]) + " "


def segment(text: str) -> str:
    """Return text for the index: runs of unspaced script as overlapping pairs and the last character.

    "你好世界" becomes "你好 好世 世界 界": each character begins one token, so one character is found
    as a prefix, two as a token, more as a phrase. A change here needs a migration that rebuilds the index.
    """
    return _RUN.sub(_pairs, normal(text))


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
            for run in _RUN.finditer(word):
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
    if not _RUN.match(piece):
        return f'"{piece.replace(chr(34), " ")}" *'
    if len(piece) == 1:
        return f'"{piece}" *'
    return '"' + " ".join(piece[i : i + 2] for i in range(len(piece) - 1)) + '"'


def _pattern(piece: str) -> "re.Pattern[str]":
    if _RUN.match(piece):
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
