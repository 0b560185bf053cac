"""Finds tool calls that a model writes into its text (`<tool_call>{…}</tool_call>`), while it streams."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant_app.core.lenient_json import read_lenient

OPEN_TAG = "<tool_call>"
CLOSE_TAG = "</tool_call>"

UNREADABLE = "unreadable_call"
"""Name under which a call is kept that could not be understood; its argument `text` says what stood there."""

_TOKEN = re.compile(r"`+|~+|\n|<tool_call>|[^`~\n<]+|<")
_TAG = re.compile(f"{re.escape(OPEN_TAG)}|{re.escape(CLOSE_TAG)}")
_FENCED = re.compile(r"\A(`{3,}|~{3,})[^\n{]*\n?(.*?)\s*\1?\Z", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*("?)', re.DOTALL)


class MalformedCall(ValueError):
    """What stands between the tags is no call; the message says why, in words for the model."""


@dataclass(frozen=True, slots=True)
class WrittenCall:
    """A call as the model wrote it."""

    body: str
    """What stood between the tags."""
    closed: bool = True
    """False: the text ended before the closing tag."""

    def parse(self) -> tuple[str, dict[str, Any]]:
        """Return name and arguments. Raises MalformedCall."""
        return parse_call(self.body)

    def named(self) -> tuple[str, dict[str, Any]]:
        """Return name and arguments; a call that cannot be understood has the name UNREADABLE."""
        try:
            return self.parse()
        except MalformedCall:
            return UNREADABLE, {"text": self.body.strip()}


@dataclass(slots=True)
class CallSplitter:
    """Feed text in any pieces; get text to show and calls out, in order. The tags are never shown.

    Tags in fenced or inline code are text: models quote them when they write about them. An inline
    code span ends with its line at the latest, so that a lonely backtick hides no later call. White
    space around a call is dropped.
    """

    _pending: str = ""
    _inside: bool = False
    _space: str = ""
    """White space that is shown only if text follows."""
    _trim: bool = False
    """The next text follows a call."""
    _fence: str = ""
    _info: bool = False
    """In the line that opens a fence."""
    _inline: int = 0
    """Backticks that opened a code span; 0 outside of one."""
    _indent: int = 0
    """Spaces since the line began; -1 once there was something else."""
    _closing: bool = False
    """The line so far may close the fence."""

    @classmethod
    def after(cls, text: str) -> "CallSplitter":
        """Return one for a stream that goes on after `text`, perhaps inside of code."""
        splitter = cls(_pending=text)
        for _piece in splitter._split(final=True):
            pass
        splitter._space, splitter._trim = "", False
        return splitter

    def feed(self, text: str) -> Iterator[str | WrittenCall]:
        """Yield what can be told apart already; what may become a tag is kept back."""
        self._pending += text
        yield from self._split(final=False)

    def finish(self) -> Iterator[str | WrittenCall]:
        """Yield what was kept back, at the end of the stream."""
        yield from self._split(final=True)
        if self._space and not self._trim:
            yield self._space
        self._space = ""

    def _split(self, *, final: bool) -> Iterator[str | WrittenCall]:
        while self._pending:
            before = (self._pending, self._inside)
            yield from self._call(final) if self._inside else self._text(final)
            if (self._pending, self._inside) == before:
                return

    # --- inside a call
    def _call(self, final: bool) -> Iterator[WrittenCall]:
        first = end = None
        for tag in _TAG.finditer(self._pending):
            first = first or tag
            if not _in_string(self._pending[: tag.start()]):
                end = tag
                break
        if end is None and final:
            end = first
        if end is not None:
            body = self._pending[: end.start()]
            closed = end.group() == CLOSE_TAG
            self._pending = self._pending[end.end() if closed else end.start() :]
            self._inside = False
            self._trim = True
            yield WrittenCall(body)
        elif final:
            body, self._pending = self._pending, ""
            self._inside = False
            self._trim = True
            yield WrittenCall(body, closed=False)

    # --- outside
    def _text(self, final: bool) -> Iterator[str]:
        ready: list[str] = []
        position = 0
        for token in _TOKEN.finditer(self._pending):
            piece = token.group()
            last = token.end() == len(self._pending)
            if last and not final and piece[0] in "`~":
                break
            if piece == "<" and not final and OPEN_TAG.startswith(self._pending[token.start() :]):
                break
            position = token.end()
            if piece == OPEN_TAG and not self._fence and not self._inline:
                self._inside = True
                self._indent = -1
                break
            self._track(piece)
            ready.append(piece)
        self._pending = self._pending[position:]
        text = self._space + "".join(ready)
        if self._trim:
            text = text.lstrip()
            self._trim = not text
        shown = text.rstrip()
        self._space = "" if self._inside else text[len(shown) :]
        if shown:
            yield shown

    def _track(self, piece: str) -> None:
        """Keep account of fences and code spans."""
        run = piece[0] in "`~"
        at_start = 0 <= self._indent <= 3
        if piece == "\n":
            if self._fence and self._closing:
                self._fence = ""
            self._inline, self._indent, self._info, self._closing = 0, 0, False, False
            return
        blank = not piece.strip()
        if self._fence:
            if run and at_start and piece.startswith(self._fence):
                self._closing = True
            elif not blank:
                self._closing = False
            if run and self._info and piece[0] == "`" == self._fence[0]:
                # A line like ```code``` is a code span, not a fence.
                self._inline = 0 if len(piece) == len(self._fence) else len(self._fence)
                self._fence, self._info = "", False
        elif run and at_start and len(piece) >= 3 and not self._inline:
            self._fence, self._info = piece, True
        elif piece[0] == "`":
            self._inline = {0: len(piece), len(piece): 0}.get(self._inline, self._inline)
        self._indent = self._indent + len(piece) if blank and self._indent >= 0 else -1


def _in_string(text: str) -> bool:
    """Tell whether JSON text ends inside of a string."""
    return any(not match.group(1) for match in _STRING.finditer(text))


def parse_call(body: str) -> tuple[str, dict[str, Any]]:
    """Return name and arguments of a call, mending what small models get wrong. Raises MalformedCall.

    White space around the texts of the arguments is cut off, as the tools do too.
    """
    text = body.strip()
    if fenced := _FENCED.match(text):
        text = fenced.group(2).strip()
    if not text:
        raise MalformedCall("it is empty")
    value = _read(text)
    if isinstance(value, Mapping) and isinstance(value.get("function"), Mapping):
        value = value["function"]
    if not isinstance(value, Mapping):
        raise MalformedCall("it is not a JSON object")
    name = value.get("name")
    if not isinstance(name, str) or not name.strip():
        raise MalformedCall('it has no "name"')
    arguments = value.get("arguments", value.get("parameters"))
    if isinstance(arguments, str):
        arguments = _read(arguments) if arguments.strip() else {}
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, Mapping):
        raise MalformedCall('"arguments" is not a JSON object')
    # A small model copies words with the space that stood before them; nobody means that space.
    return name.strip(), {
        key: value.strip() if isinstance(value, str) else value for key, value in arguments.items()
    }


def _read(text: str) -> Any:
    try:
        return json.loads(text, strict=False, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        pass
    try:
        return read_lenient(text)
    except ValueError as error:
        raise MalformedCall(str(error)) from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def split_answer(text: str) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    """Return the text of a whole answer without its calls, and the calls."""
    if OPEN_TAG not in text:
        return text, []
    splitter = CallSplitter()
    texts: list[str] = []
    calls: list[tuple[str, dict[str, Any]]] = []
    for piece in (*splitter.feed(text), *splitter.finish()):
        if isinstance(piece, str):
            texts.append(piece)
        else:
            calls.append(piece.named())
    return "".join(texts), calls


def answer_key(content: str, calls: Sequence[tuple[str, Mapping[str, Any]]] = ()) -> str:
    """Return what two answers have in common that say the same and call the same tools."""
    if not calls:
        return content.strip()
    named = [[name, dict(arguments)] for name, arguments in calls]
    return f"{content.strip()}\0{json.dumps(named, sort_keys=True, default=str)}"
