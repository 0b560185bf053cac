"""Cuts streamed Markdown into blocks that are final as soon as they are handed out.

A light scanner, line by line, that knows just enough of the grammar to tell where a block ends for
good. What it hands out is parsed once and never again; only the open tail is parsed repeatedly.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_LINE = 5_000
"""Characters; a longer line is broken."""
MAX_TEXT = 3_000
"""Characters; a longer block is cut at a line end, so that parsing one block takes milliseconds."""
MAX_ITEM = 6_000
"""The same for one item of a list, which loses its shape when it is cut."""
TABLE_BAND_CELLS = 48
"""A long table is drawn in bands of about this many cells."""
CODE_BATCH_LINES = 40
_MAX_MATH = 2_000

_FENCE = re.compile(r"^( {0,3})(`{3,}|~{3,})[ \t]*([^\n]*)$")
_ITEM = re.compile(r"^( {0,3})([-*+]|\d{1,9}[.)])(?=[ \t]|$)")
_RULE = re.compile(r"^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_HEADING = re.compile(r"^ {0,3}#{1,6}(?:[ \t]|$)")
_QUOTE = re.compile(r"^ {0,3}>")
_DELIMITERS = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_UNFINISHED = re.compile(r"^[ \t]*(?:[-=*_#>`~|+ ]*|\d{1,9}[.)]?)$")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0\ufdd1\ufffc\ud800-\udfff]")


class Kind(StrEnum):
    """What a block is, as far as the scanner needs to know."""

    TEXT = "text"
    ITEM = "item"
    """One item of a list that starts at the margin."""
    CODE = "code"
    """Lines of fenced code, the fence itself left out."""
    TABLE = "table"
    MATH = "math"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the source that can be rendered by itself."""

    kind: Kind
    source: str
    first: bool = True
    """False: it goes on with the code, table or list before it."""
    language: str = ""
    """Info string of a fence."""


def clean(text: str) -> str:
    """Return the text without what Qt's documents reserve for themselves or cannot hold."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n")
    return _CONTROL.sub(_visible, text) if _CONTROL.search(text) else text


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"


class BlockSplitter:
    """Takes the source in pieces of any size and gives finished blocks.

    `plain` text is kept as it was typed; only fenced code is told apart.
    """

    def __init__(self, *, plain: bool = False) -> None:
        self._plain = plain
        self._pending = ""
        self._held = ""
        self._lines: list[str] = []
        self._size = 0
        self._kind = Kind.TEXT
        self._blank = False
        self._first = True
        self._fence = ""
        self._fence_indent = 0
        self._language = ""
        self._math_end = ""
        self._columns = 1
        self._head: list[str] = []
        self._list_indent = 0
        self._out: list[Block] = []

    def feed(self, text: str) -> list[Block]:
        """Add source text; return the blocks that became final."""
        text = self._held + text
        self._held = ""
        if text.endswith("\r"):
            # The other half of a line end may come with the next piece.
            self._held, text = "\r", text[:-1]
        text = self._pending + clean(text)
        at = 0
        while True:
            end = text.find("\n", at, at + MAX_LINE + 1)
            if end >= 0:
                self._line(text[at:end])
                at = end + 1
            elif len(text) - at > MAX_LINE:
                end = _break_at(text, at)
                self._line(text[at:end])
                at = end
            else:
                break
        self._pending = text[at:]
        if self._kind is Kind.CODE and self._lines:
            self._emit_code()
        return self._take()

    def finish(self) -> list[Block]:
        """Return what was still open."""
        self._pending += clean(self._held)
        self._held = ""
        if self._pending:
            line, self._pending = self._pending, ""
            self._line(line)
        self._flush(closing=True)
        return self._take()

    def tail(self) -> Block | None:
        """Return the open block as it would look if the source ended here."""
        if self._kind is Kind.CODE:
            shown = self._pending
            if self._fence and shown.strip() and not shown.strip().strip(self._fence[0]):
                shown = ""
            return Block(Kind.CODE, shown, self._first, self._language) if shown or self._first else None
        lines = list(self._lines)
        if self._pending and not _UNFINISHED.match(self._pending):
            lines.append(self._pending)
        if self._kind is Kind.MATH:
            return Block(Kind.TEXT, "`" + " ".join(lines).strip()[:_MAX_MATH].replace("`", "'") + "`")
        while lines and not lines[-1].strip():
            lines.pop()
        if not lines:
            return None
        if self._kind is Kind.TABLE:
            return Block(Kind.TABLE, "\n".join(self._head + lines), self._first)
        lines[-1] += _closers(lines[-1])
        return Block(self._kind, "\n".join(lines), self._first)

    # --- one line
    def _line(self, line: str) -> None:
        if self._kind is Kind.CODE:
            self._code_line(line)
        elif self._kind is Kind.MATH:
            self._math_line(line)
        elif self._kind is Kind.TABLE:
            self._table_line(line)
        elif self._plain:
            if not self._starts_code(line):
                self._add(line)
        elif not line.strip():
            self._blank_line(line)
        elif self._kind is Kind.ITEM:
            self._list_line(line)
        else:
            self._text_line(line)

    def _code_line(self, line: str) -> None:
        stripped = line.strip()
        marks = len(stripped)
        if stripped and not stripped.strip(self._fence[0]) and marks >= len(self._fence):
            self._emit_code()
            self._reset()
            return
        cut = min(self._fence_indent, len(line) - len(line.lstrip(" ")))
        self._lines.append(line[cut:])
        if len(self._lines) >= CODE_BATCH_LINES:
            self._emit_code()

    def _emit_code(self) -> None:
        if self._lines or self._first:
            source = "".join(line + "\n" for line in self._lines)
            self._out.append(Block(Kind.CODE, source, self._first, self._language))
            self._lines, self._first = [], False

    def _math_line(self, line: str) -> None:
        self._lines.append(line)
        self._size += len(line) + 1
        if line.rstrip().endswith(self._math_end):
            source = "\n".join(self._lines).strip()
            self._out.append(Block(Kind.MATH, source[2:-2].strip()))
            self._reset()
        elif self._size > _MAX_MATH or not line.strip():
            # It was no formula after all.
            self._kind = Kind.TEXT
            self._flush()

    def _table_line(self, line: str) -> None:
        if "|" not in line or _HEADING.match(line) or _FENCE.match(line):
            self._flush(closing=True)
            self._line(line)
            return
        self._lines.append(line)
        if len(self._lines) * self._columns >= TABLE_BAND_CELLS:
            self._out.append(Block(Kind.TABLE, "\n".join(self._head + self._lines), self._first))
            self._lines, self._first = [], False

    def _blank_line(self, line: str) -> None:
        if self._kind is Kind.ITEM:
            self._blank = True
            self._add(line)
        else:
            self._flush(closing=True)

    def _list_line(self, line: str) -> None:
        indent = len(line) - len(line.lstrip(" \t"))
        item = _ITEM.match(line)
        if item and len(item[1]) <= self._list_indent + 1 and not _RULE.match(line):
            self._flush()
            self._first = False
            self._list_indent = len(item[1])
            self._add(line)
            return
        outside = indent < 2 and "\t" not in line[:indent]
        starts_other = _FENCE.match(line) or _HEADING.match(line) or _QUOTE.match(line) or _RULE.match(line)
        if outside and (self._blank or starts_other):
            self._flush(closing=True)
            self._line(line)
            return
        self._blank = False
        self._add(line)

    def _text_line(self, line: str) -> None:
        if self._starts_code(line):
            return
        if _HEADING.match(line):
            self._flush(closing=True)
            self._out.append(Block(Kind.TEXT, line))
            return
        if self._starts_math(line):
            return
        item = _ITEM.match(line)
        quoted = bool(self._lines) and bool(_QUOTE.match(self._lines[0]))
        if item and not _RULE.match(line) and not quoted and (not self._lines or _interrupts(item)):
            self._flush(closing=True)
            self._kind, self._list_indent = Kind.ITEM, len(item[1])
            self._add(line)
            return
        if "|" in line and self._lines and "|" in self._lines[-1] and _DELIMITERS.match(line):
            head = self._lines.pop()
            if not _QUOTE.match(head):
                self._flush(closing=True)
                self._kind, self._first = Kind.TABLE, True
                self._head = [head, line]
                self._columns = max(1, line.strip().strip("|").count("|") + 1)
                return
            self._lines.append(head)
        self._add(line)

    def _starts_code(self, line: str) -> bool:
        fence = _FENCE.match(line)
        if not fence or (fence[2][0] == "`" and "`" in fence[3]):
            return False
        self._flush(closing=True)
        self._kind, self._first = Kind.CODE, True
        self._fence_indent, self._fence, self._language = len(fence[1]), fence[2], fence[3].strip()
        return True

    def _starts_math(self, line: str) -> bool:
        stripped = line.strip()
        for begin, end in (("$$", "$$"), ("\\[", "\\]")):
            if not stripped.startswith(begin):
                continue
            if len(stripped) > 4 and stripped.find(end, 2) == len(stripped) - 2:
                self._flush(closing=True)
                self._out.append(Block(Kind.MATH, stripped[2:-2].strip()))
                return True
            if end not in stripped[2:]:
                self._flush(closing=True)
                self._kind, self._math_end = Kind.MATH, end
                self._lines, self._size = [line], len(line)
                return True
        return False

    def _add(self, line: str) -> None:
        self._lines.append(line)
        self._size += len(line) + 1
        if self._size > (MAX_ITEM if self._kind is Kind.ITEM else MAX_TEXT):
            self._flush()

    # --- blocks
    def _flush(self, *, closing: bool = False) -> None:
        """Hand out the lines; with `closing` what comes next is a block of another kind."""
        if self._kind is Kind.CODE:
            self._emit_code()
        elif self._kind is Kind.TABLE:
            if self._lines or self._first:
                self._out.append(Block(Kind.TABLE, "\n".join(self._head + self._lines), self._first))
        elif self._lines:
            while self._lines and not self._lines[-1].strip():
                self._lines.pop()
            kind = Kind.TEXT if self._kind is Kind.MATH else self._kind
            if self._lines:
                self._out.append(Block(kind, "\n".join(self._lines), self._first))
                self._first = False
        self._lines, self._size, self._blank = [], 0, False
        if closing:
            self._reset()

    def _reset(self) -> None:
        self._kind, self._first, self._blank = Kind.TEXT, True, False
        self._lines, self._size, self._head = [], 0, []
        self._fence = self._language = self._math_end = ""

    def _take(self) -> list[Block]:
        out, self._out = self._out, []
        return out


def _break_at(text: str, at: int) -> int:
    """Return where a line that is too long is broken: behind a space where there is one."""
    space = text.rfind(" ", at + MAX_LINE // 2, at + MAX_LINE)
    return space + 1 if space > 0 else at + MAX_LINE


def _interrupts(item: re.Match[str]) -> bool:
    """Whether a list may begin right below a line of text: ordered ones only when they start with 1."""
    marker = item[2]
    return marker in "-*+" or marker[:-1] == "1"


def _closers(line: str) -> str:
    """Return what closes emphasis or code that is still being written, so that no marks flash up."""
    if line.count("`") % 2:
        return "`"
    if line.count("**") % 2 and not line.rstrip().endswith("*"):
        return "**" if not line.endswith(" ") else ""
    return ""
