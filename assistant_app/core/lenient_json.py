"""Reads JSON as small models write it: single quotes, Python's words, stray commas, missing ends."""

import re
from typing import Any

MAX_DEPTH = 32

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_MAX_DIGITS = 300


def read_lenient(text: str) -> Any:
    """Return the value that `text` means. Raises ValueError with the reason in a few words.

    Brackets that are missing at the very end are taken as written; a string without its end is not.
    """
    reader = _Reader(text)
    value = reader.value(0)
    reader.skip()
    if reader.at < len(text):
        raise ValueError(f"there is something after the JSON at character {reader.at + 1}")
    return value


class _Reader:
    """Recursive descent over one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0

    def skip(self) -> None:
        """Go over white space."""
        match = _SPACE.match(self._text, self.at)
        self.at = match.end() if match else self.at

    def value(self, depth: int) -> Any:
        """Read one value."""
        if depth > MAX_DEPTH:
            raise ValueError(f"the JSON is nested deeper than {MAX_DEPTH} levels")
        self.skip()
        sign = self._peek()
        if sign == "{":
            return self._object(depth)
        if sign == "[":
            return self._array(depth)
        if sign in "\"'" and sign:
            return self._string()
        if number := _NUMBER.match(self._text, self.at):
            return self._number(number.group())
        word = _WORD.match(self._text, self.at)
        if word and word.group() in _WORDS:
            self.at = word.end()
            return _WORDS[word.group()]
        raise self._unexpected()

    def _object(self, depth: int) -> dict[str, Any]:
        self.at += 1
        found: dict[str, Any] = {}
        while self._more("}"):
            key = self._key()
            self.skip()
            if self._peek() != ":":
                raise self._unexpected()
            self.at += 1
            found[key] = self.value(depth + 1)
            self._separate("}")
        return found

    def _array(self, depth: int) -> list[Any]:
        self.at += 1
        found = []
        while self._more("]"):
            found.append(self.value(depth + 1))
            self._separate("]")
        return found

    def _more(self, end: str) -> bool:
        self.skip()
        if self._peek() == end:
            self.at += 1
            return False
        return bool(self._peek())

    def _separate(self, end: str) -> None:
        self.skip()
        if self._peek() == ",":
            self.at += 1
        elif self._peek() not in ("", end):
            raise self._unexpected()

    def _key(self) -> str:
        if self._peek() in "\"'":
            return self._string()
        word = _WORD.match(self._text, self.at)
        if word is None:
            raise self._unexpected()
        self.at = word.end()
        return word.group()

    def _string(self) -> str:
        quote = self._peek()
        self.at += 1
        pieces: list[str] = []
        while sign := self._peek():
            self.at += 1
            if sign == quote:
                return "".join(pieces)
            pieces.append(self._escape() if sign == "\\" else sign)
        raise ValueError("a string in the JSON has no end")

    def _escape(self) -> str:
        sign = self._peek()
        self.at += 1
        if sign != "u":
            return _ESCAPES.get(sign, sign)
        digits = self._text[self.at : self.at + 4]
        if not re.fullmatch("[0-9a-fA-F]{4}", digits):
            raise self._unexpected()
        self.at += 4
        return chr(int(digits, 16))

    def _number(self, text: str) -> int | float:
        if len(text) > _MAX_DIGITS:
            raise ValueError("a number in the JSON is too long")
        self.at += len(text)
        try:
            return int(text)
        except ValueError:
            return float(text)

    def _peek(self) -> str:
        return self._text[self.at : self.at + 1]

    def _unexpected(self) -> ValueError:
        if not self._peek():
            return ValueError("the JSON ends too early")
        return ValueError(f"the JSON has an unexpected {self._peek()!r} at character {self.at + 1}")
