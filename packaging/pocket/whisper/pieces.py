"""The part of Whisper's vocabulary that the pocket Whisper uses, and texts as its pieces.

Digits are pieces of their own and rare words are spelled in common pieces, so that a small network has few
things to learn; the decoded text is the same.
"""

import json
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from whisper.tokenizer import get_tokenizer

VOCABULARY_SIZE = 51864
"""Entries of Whisper's English vocabulary."""
TIMESTAMP_STEP = 5
"""Spoken ends are told in tenths of a second: every fifth of Whisper's timestamps."""
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ALWAYS = [
    *_LETTERS,
    *(" " + letter for letter in _LETTERS),
    *"0123456789.,?%'-",
    *(f" {digit}" for digit in range(10)),
]


class Pieces:
    """Translates between texts, Whisper's token ids and the rows of the trained vocabulary."""

    def __init__(self, ids: list[int]) -> None:
        self.tokenizer: Any = get_tokenizer(multilingual=False)
        self.ids = ids
        self.row = {token: row for row, token in enumerate(ids)}
        first = self.tokenizer.timestamp_begin
        self.text_rows = sum(token < self.tokenizer.eot for token in ids)
        self._strings = {
            self.tokenizer.encoding.decode_single_token_bytes(t).decode(): t for t in ids[: self.text_rows]
        }
        self.start, self.silent = self.row[self.tokenizer.sot], self.row[self.tokenizer.no_speech]
        self.end, self.plain = self.row[self.tokenizer.eot], self.row[self.tokenizer.no_timestamps]
        self.nothing = self.row[_encode(self.tokenizer, "\n")[0]]
        self.times = [self.row[first + step] for step in range(0, 1501, TIMESTAMP_STEP)]

    @classmethod
    def of(cls, texts: Iterable[str], at_least: int = 100) -> "Pieces":
        """Return the pieces that occur often enough in `texts`, letters, digits and what Whisper needs."""
        tokenizer = get_tokenizer(multilingual=False)
        counted = Counter(token for text in texts for token in _encode(tokenizer, " " + text))
        digits = {t for t in counted if tokenizer.decode([t]).strip().isdigit()}
        chosen = {token for token, times in counted.items() if times >= at_least} - digits
        chosen |= {_encode(tokenizer, letter)[0] for letter in [*_ALWAYS, "\n"]}
        special = [tokenizer.sot, tokenizer.eot, tokenizer.no_speech, tokenizer.no_timestamps]
        times = [tokenizer.timestamp_begin + step for step in range(0, 1501, TIMESTAMP_STEP)]
        return cls([*sorted(chosen), *special, *times])

    @classmethod
    def read(cls, path: Path) -> "Pieces":
        """Return the pieces of a file that `write` made."""
        return cls(json.loads(path.read_text("utf-8")))

    def write(self, path: Path) -> None:
        """Write the token ids as JSON."""
        path.write_text(json.dumps(self.ids), "utf-8")

    @lru_cache(maxsize=200_000)  # noqa: B019 - one object for a whole run
    def rows(self, text: str) -> tuple[int, ...]:
        """Return the rows of `text` as Whisper writes it, with a space before the first word."""
        found: list[int] = []
        space = ""  # a few words have their space as a token of its own
        for token in _encode(self.tokenizer, " " + text):
            if token in self.row and not space:
                found.append(self.row[token])
                continue
            rest = space + self.tokenizer.encoding.decode_single_token_bytes(token).decode()
            space = rest if rest == " " else ""
            while rest and not space:
                size = next(n for n in range(len(rest), 0, -1) if rest[:n] in self._strings)
                found.append(self.row[self._strings[rest[:size]]])
                rest = rest[size:]
        return tuple(found)

    def text(self, rows: Iterable[int]) -> str:
        """Return the text of rows, without special tokens and timestamps."""
        ids = (self.ids[row] for row in rows)
        return str(self.tokenizer.decode([token for token in ids if token < self.tokenizer.eot])).strip()


def _encode(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer.encoding.encode(text))
