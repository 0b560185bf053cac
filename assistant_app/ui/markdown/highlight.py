"""Colours code with Pygments, some lines at a time, without touching the text or its layout."""

from collections.abc import Iterator
from functools import cache

from pygments.lexer import Lexer, RegexLexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Token, Whitespace, _TokenType
from pygments.util import ClassNotFound
from PySide6.QtGui import QColor, QFont, QTextBlock, QTextCharFormat, QTextDocument, QTextLayout

_MAX_LINE = 600
"""Characters; longer lines stay plain, for a pattern may need time that grows with their square."""
_MAX_CODE = 60_000
_WHOLE = 20_000
"""Code up to this length is coloured once more as a whole when it is complete."""
_CHUNK_LINES = 12

_Stack = tuple[str, ...]

# Chosen for a contrast of 4.5:1 on the panels of both themes.
_LIGHT = {
    Token.Keyword: "#8d2fa8", Token.Operator.Word: "#8d2fa8", Token.Keyword.Constant: "#a2470e",
    Token.Name.Function: "#2156b5", Token.Name.Class: "#8a5300", Token.Name.Builtin: "#0b6b74",
    Token.Name.Decorator: "#8a5300", Token.Name.Tag: "#a3293d", Token.Name.Attribute: "#8a5300",
    Token.Name.Variable: "#a3293d", Token.Name.Constant: "#a2470e", Token.Name.Exception: "#8a5300",
    Token.Literal.String: "#2f7030", Token.Literal.Number: "#a2470e", Token.Comment: "#696c77",
    Token.Generic.Inserted: "#2f7030", Token.Generic.Deleted: "#a3293d", Token.Generic.Heading: "#2156b5",
    Token.Generic.Subheading: "#2156b5", Token.Generic.Prompt: "#696c77",
}  # fmt: skip
_DARK = {
    Token.Keyword: "#d39bea", Token.Operator.Word: "#d39bea", Token.Keyword.Constant: "#f0a877",
    Token.Name.Function: "#8fb8ff", Token.Name.Class: "#ecca82", Token.Name.Builtin: "#79d3dc",
    Token.Name.Decorator: "#ecca82", Token.Name.Tag: "#f2929f", Token.Name.Attribute: "#ecca82",
    Token.Name.Variable: "#f2929f", Token.Name.Constant: "#f0a877", Token.Name.Exception: "#ecca82",
    Token.Literal.String: "#a3d79b", Token.Literal.Number: "#f0a877", Token.Comment: "#9a9da8",
    Token.Generic.Inserted: "#a3d79b", Token.Generic.Deleted: "#f2929f", Token.Generic.Heading: "#8fb8ff",
    Token.Generic.Subheading: "#8fb8ff", Token.Generic.Prompt: "#9a9da8",
}  # fmt: skip


@cache
def _format(kind: _TokenType, dark: bool) -> QTextCharFormat | None:
    colors = _DARK if dark else _LIGHT
    at: _TokenType | None = kind
    while at is not None and at not in colors:
        at = at.parent
    if at is None:
        return None
    result = QTextCharFormat()
    result.setForeground(QColor(colors[at]))
    if at is Token.Comment:
        result.setFontItalic(True)
    if at in (Token.Generic.Heading, Token.Generic.Subheading):
        result.setFontWeight(QFont.Weight.Bold)
    return result


@cache
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


class Highlighter:
    """Colours one stretch of code, from its first line on, as far as it is complete."""

    def __init__(self, document: QTextDocument, start: int, language: str, dark: bool) -> None:
        self._document = document
        self._lexer = _lexer(language.lower()[:40]) if language else None
        self._dark = dark
        self._start = start
        self._next = document.findBlock(start).blockNumber()
        self._first = self._next
        self._stack: _Stack = ("root",)
        self._chunks = 0

    def run(self, end: int, *, closed: bool) -> Iterator[None]:
        """Colour up to the line that holds position `end`; yields between chunks of lines."""
        if self._lexer is None:
            return
        last = self._document.findBlock(end).blockNumber()
        if end - self._start > _MAX_CODE:
            return
        while self._next <= last:
            lines = self._lines(self._next, min(last, self._next + _CHUNK_LINES - 1))
            text = "".join(block.text() + "\n" for block in lines)
            tokens, self._stack = _lex(self._lexer, text, self._stack)
            self._apply(lines, tokens)
            self._next += len(lines)
            self._chunks += 1
            yield
        if closed and self._chunks > 1 and end - self._start <= _WHOLE:
            self._chunks = 0
            yield from self._whole(last)

    def _whole(self, last: int) -> Iterator[None]:
        """Colour all lines in one pass: what spans lines is right then."""
        assert self._lexer is not None
        lines = self._lines(self._first, last)
        text = "".join(block.text() + "\n" for block in lines)
        if any(len(block.text()) > _MAX_LINE for block in lines):
            return
        batch: list[tuple[int, _TokenType, str]] = []
        line = begin = 0
        for position, kind, value in self._lexer.get_tokens_unprocessed(text):
            batch.append((position - begin, kind, value))
            if "\n" in value:
                done = value.count("\n")
                self._apply(lines[line : line + done], batch)
                line += done
                cut = position + value.rfind("\n") + 1
                rest = value[value.rfind("\n") + 1 :]
                begin = cut
                batch = [(0, kind, rest)] if rest else []
                yield

    def _lines(self, first: int, last: int) -> list[QTextBlock]:
        result = []
        block = self._document.findBlockByNumber(first)
        for _number in range(first, last + 1):
            if not block.isValid():
                break
            result.append(block)
            block = block.next()
        return result

    def _apply(self, lines: list[QTextBlock], tokens: list[tuple[int, _TokenType, str]]) -> None:
        ranges: list[list[QTextLayout.FormatRange]] = [[] for _line in lines]
        line, begin = 0, 0
        for position, kind, value in tokens:
            found = _format(kind, self._dark)
            for index, piece in enumerate(value.split("\n")):
                if index:
                    line += 1
                    begin = position = position + 1
                if line >= len(lines):
                    break
                if found is not None and piece:
                    entry = QTextLayout.FormatRange()
                    text = lines[line].text()
                    column = position - begin
                    entry.start = _units(text[:column])
                    entry.length = _units(piece)
                    entry.format = found
                    ranges[line].append(entry)
                position += len(piece)
        for block, formats in zip(lines, ranges, strict=True):
            if formats:
                block.layout().setFormats(formats)
                self._document.markContentsDirty(block.position(), block.length())


def _units(text: str) -> int:
    """Return the length as Qt counts: characters outside the first plane are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _lex(lexer: Lexer, text: str, stack: _Stack) -> tuple[list[tuple[int, _TokenType, str]], _Stack]:
    """Return the tokens of complete lines, and the state to go on with at the next line."""
    if any(len(line) > _MAX_LINE for line in text.split("\n")):
        return [], stack
    if not isinstance(lexer, RegexLexer):
        return list(lexer.get_tokens_unprocessed(text)), stack
    if type(lexer).get_tokens_unprocessed is not RegexLexer.get_tokens_unprocessed:
        return list(lexer.get_tokens_unprocessed(text)), stack
    # RegexLexer's loop with one difference: its stack of states is handed back.
    states = list(stack)
    table = lexer._tokens  # type: ignore[attr-defined]
    tokens: list[tuple[int, _TokenType, str]] = []
    at = 0
    while at < len(text):
        for matches, action, goto in table[states[-1]]:
            match = matches(text, at)
            if match is None:
                continue
            if type(action) is _TokenType:
                tokens.append((at, action, match.group()))
            elif action is not None:
                tokens.extend(action(lexer, match))
            at = match.end()
            _move(states, goto)
            break
        else:
            if text[at] == "\n":
                states = ["root"]
                tokens.append((at, Whitespace, "\n"))
            else:
                tokens.append((at, Token.Error, text[at]))
            at += 1
    return tokens, tuple(states[-50:])


def _move(states: list[str], goto: object) -> None:
    for step in goto if isinstance(goto, tuple) else () if goto is None else (goto,):
        if step == "#pop":
            if len(states) > 1:
                states.pop()
        elif step == "#push":
            states.append(states[-1])
        elif isinstance(step, int):
            del states[max(1, len(states) + step) :]
        else:
            states.append(str(step))
