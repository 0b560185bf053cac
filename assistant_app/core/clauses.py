"""Cuts an answer, while it is being written, into pieces that are read aloud one after the other.

A piece ends with a sentence; the first one, for which somebody is waiting, already at a comma.
"""

import re
from dataclasses import dataclass

from assistant_app.core.speakable import Speakable
from assistant_app.core.speakable_inline import Spoken
from assistant_app.core.spoken_words import is_han, language_of

FIRST_LETTERS = 25
"""From this length on the first piece may end at a comma; a Chinese character counts for three letters."""
LATER_LETTERS = 60
"""The same for all that follow: what is being read gives time for more."""
MOST_LETTERS = 240
"""A sentence without a comma is cut between words here, lest a stop or a pause lose much."""
_HAN_LETTERS = 3

_CLOSING = "\"'”’」』》)）]】*_~"
_ENDS = re.compile(rf"[.?!…]+[{re.escape(_CLOSING)}]*(?=\s)|[。！？；…]+[{re.escape(_CLOSING)}]*|\n")
_PAUSES = re.compile(r"[,;:](?=\s)|[，：]|\s[–—]+(?=\s)|——")
_NUMBER_BEFORE = re.compile(r"(?:^|[\s(])[\d.,]*\d\Z")
_INITIAL_BEFORE = re.compile(r"(?:^|[\s(.])[A-Za-z]\Z")
_ABBREVIATIONS = frozenset(
    # Not those that are words too ("no", "sun", "min"): a sentence may end with them.
    "mr mrs ms dr prof rev sen st jr sr vs etc approx fig figs eq vol pp ed eds al cf e.g i.e jan feb apr jun"
    " jul aug sept oct nov inc ltd co corp dept bzw usw ggf d.h z.b u.a nr".split()
)
_WORD_BEFORE = re.compile(r"[A-Za-z][A-Za-z.]*\Z")
_GAP = re.compile(r" (?=[.,!?;]+(?:\s|$))")
"""What an emoji before a full stop leaves behind."""
_SPEAKABLE = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece to be read aloud."""

    text: str
    language: str
    """A language code, told by the letters."""
    start: int
    end: int
    """Where in the source that ends which it speaks, marks included: up to here the answer was spoken."""


class Clauses:
    """Follows one answer. Feed it as it comes; each piece comes out as soon as it is complete."""

    def __init__(self, language: str = "en") -> None:
        """Begin an answer.

        Args:
            language: What Latin letters are taken for: the user's language, or that of the answer.
        """
        self._language = language
        self._speakable = Speakable(language)
        self._waiting = Spoken()
        self._first = True

    @property
    def source(self) -> str:
        """All that was fed, in Markdown; the ranges of the pieces lie in it."""
        return self._speakable.source

    def feed(self, text: str) -> list[Piece]:
        """Take more of the answer; return the pieces that are complete now."""
        self._waiting.add(self._speakable.feed(text))
        return self._pieces(final=False)

    def finish(self) -> list[Piece]:
        """Return the last pieces: nothing more will come."""
        self._waiting.add(self._speakable.finish())
        return self._pieces(final=True)

    def _pieces(self, final: bool) -> list[Piece]:
        pieces: list[Piece] = []
        while self._waiting.text:
            cut = self._cut(self._waiting.text, final)
            if cut == 0:
                break
            piece = self._take(cut)
            if piece is not None:
                pieces.append(piece)
                self._first = False
        return pieces

    def _cut(self, text: str, final: bool) -> int:
        """Return where the first piece ends; 0 when it is not complete yet."""
        least = FIRST_LETTERS if self._first else LATER_LETTERS
        for found in re.finditer(f"(?P<end>{_ENDS.pattern})|(?P<pause>{_PAUSES.pattern})", text):
            if found["pause"]:
                if _letters(text[: found.end()]) >= least:
                    return found.end()
            elif found.group() == "\n":
                return found.end()
            else:
                ends = _ends_sentence(text, found.start(), found.end(), final)
                if ends is None:
                    return 0
                if ends:
                    return found.end()
        if _letters(text) > MOST_LETTERS:
            return _between_words(text)
        return len(text) if final else 0

    def _take(self, cut: int) -> Piece | None:
        text, starts = self._waiting.text, self._waiting.starts
        if text[cut - 1] == "\n":
            end = starts[cut - 1]
        else:
            end = starts[cut] if cut < len(starts) else self._speakable.position
        said = _GAP.sub("", " ".join(text[:cut].split()))
        start = next((starts[place] for place in range(cut) if not text[place].isspace()), end)
        self._waiting = Spoken(text[cut:], starts[cut:])
        said = said.lstrip(_CLOSING.replace("(", "") + "，。；、") if is_han(said) else said
        if not _SPEAKABLE.search(said):
            return None
        return Piece(said, language_of(said, self._language), start, max(start, end))


def split(markdown: str, language: str = "en") -> list[Piece]:
    """Return the pieces of a finished answer."""
    clauses = Clauses(language)
    return [*clauses.feed(markdown), *clauses.finish()]


def _letters(text: str) -> int:
    """Return how long it takes to say, in Latin letters."""
    return sum(_HAN_LETTERS if "\u2e80" <= char <= "\uffef" else 1 for char in text)


def _ends_sentence(text: str, start: int, end: int, final: bool) -> bool | None:
    """Whether the marks there end a sentence; None when the next character will tell."""
    if text[start] != "." or text[start : start + 2] == "..":
        return True
    before = text[:start]
    following = text[end:].lstrip(" ")[:1]
    if _NUMBER_BEFORE.search(before):
        if not before.strip(" (").replace(".", "").strip("0123456789"):
            return False  # the number of an item
        if not following:
            return True if final else None
        return following == "\n" or following.isupper() or not following.isascii()
    if _INITIAL_BEFORE.search(before):
        return following == "\n" or (final and not following)
    word = _WORD_BEFORE.search(before)
    if word is not None and word.group().lower() in _ABBREVIATIONS:
        return following == "\n" or (final and not following)
    return True


def _between_words(text: str) -> int:
    """Return where a very long sentence is cut: behind a space, or anywhere in Chinese."""
    weight = 0
    space = 0
    for place, char in enumerate(text):
        weight += _letters(char)
        if char.isspace():
            space = place + 1
        if weight > MOST_LETTERS:
            return space or place
    return len(text)
