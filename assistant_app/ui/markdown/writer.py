"""Writes blocks of Markdown at the end of a QTextDocument, and takes the unfinished last one back."""

from dataclasses import dataclass, field, replace
from typing import Any

from markdown_it.token import Token
from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument

from assistant_app.i18n import _
from assistant_app.ui.markdown import formats as fm
from assistant_app.ui.markdown.blocks import Block, Kind
from assistant_app.ui.markdown.formats import Formats, Style, block_format
from assistant_app.ui.markdown.inline import InlineWriter
from assistant_app.ui.markdown.parser import Env, parse
from assistant_app.ui.markdown.tables import TableWriter

SHOW_ALL = "assistant:show-all"
"""Address of the link that stands for what a limit left out."""
MAX_ROWS = 200
MAX_CELLS = 2_000
MAX_COLUMNS = 48


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of the document with something drawn behind or beside it; positions are characters."""

    kind: str
    """"code", "quote" or "rule"."""
    start: int
    end: int
    label: str = ""
    """Language of code."""
    open: bool = False
    """Code that may grow."""


@dataclass(frozen=True, slots=True)
class _State:
    """What the writer has to remember between two blocks."""

    reuse: bool = True
    """The last block of the document is empty and is to be used next."""
    after: str = ""
    """What was written last: decides the space above the next thing."""
    number: int = 0
    """Of the last item of an ordered list at the margin."""
    table_rows: int = 0
    table_cells: int = 0
    table_hidden: int = 0
    table_widths: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the document to come back to."""

    position: int
    state: _State
    regions: int
    last_region: Region | None
    block: QTextBlockFormat
    char: QTextCharFormat


@dataclass(slots=True)
class _List:
    ordered: bool
    number: int
    tight: bool


@dataclass(slots=True)
class _Place:
    """Where in nested lists and quotes the next paragraph goes."""

    left: float = 0.0
    lists: list[_List] = field(default_factory=list)
    marker: str = ""
    quotes: list[tuple[int, float]] = field(default_factory=list)
    item_starts: bool = False


class DocumentWriter:
    """Appends blocks; positions of what was written stay valid until it is taken back."""

    def __init__(self, document: QTextDocument, formats: Formats, ratio: float, width: float) -> None:
        self.document = document
        self.formats = formats
        self.expanded = False
        """Show what the limits would hide, as plain text."""
        self.regions: list[Region] = []
        self.env: Env = {}
        self.cursor = QTextCursor(document)
        self.cursor.movePosition(QTextCursor.MoveOperation.End)
        self.inline = InlineWriter(self.cursor, formats, ratio, width)
        self.tables = TableWriter(self.cursor, formats, self.inline)
        self._state = _State()

    # --- going back
    def mark(self) -> Mark:
        """Remember where the document ends."""
        self.cursor.movePosition(QTextCursor.MoveOperation.End)
        return Mark(
            self.cursor.position(),
            self._state,
            len(self.regions),
            self.regions[-1] if self.regions else None,
            self.cursor.blockFormat(),
            self.cursor.blockCharFormat(),
        )

    def rewind(self, mark: Mark) -> None:
        """Take back what was written since."""
        self.cursor.setPosition(mark.position)
        self.cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        self.cursor.removeSelectedText()
        self.cursor.setBlockFormat(mark.block)
        self.cursor.setBlockCharFormat(mark.char)
        del self.regions[mark.regions :]
        if mark.last_region is not None:
            self.regions[-1] = mark.last_region
        self._state = mark.state
        self.inline.forget_from(mark.position)

    # --- writing
    def write(self, block: Block) -> None:
        """Append one block."""
        self.cursor.movePosition(QTextCursor.MoveOperation.End)
        if block.kind is not Kind.TABLE or block.first:
            self.close_table()
        if block.kind is not Kind.CODE or block.first:
            self.close_code()
        if block.kind is Kind.CODE:
            self._code(block.source, block.language, first=block.first)
        elif block.kind is Kind.MATH:
            self._start(block_format(0, self._space(10)))
            self.inline.formula(block.source, display=True, style=fm.PLAIN)
            self._done("text")
        elif block.kind is Kind.TABLE and block.source.split("\n", 1)[0].count("|") > MAX_COLUMNS + 1:
            lines = block.source.split("\n")
            self._code("\n".join(lines if block.first else lines[2:]) + "\n", "", first=block.first)
        else:
            tokens = parse(block.source, self.env)
            if tokens is None:
                self.plain(block.source)
            else:
                self._tokens(tokens, block)

    def plain(self, text: str) -> None:
        """Append text as it is, one paragraph, its line breaks kept."""
        self._start(block_format(0, self._space(10)))
        self.inline.text(text.strip("\n"), fm.PLAIN)
        self._done("text")

    def close_table(self) -> None:
        """Say how many rows a limit has hidden; called when a table is over."""
        hidden = self._state.table_hidden
        if hidden:
            text = _("Show all ({count} more rows)").format(count=hidden)
            self._state = replace(self._state, table_hidden=0)
            self.show_all_link(text)

    def show_all_link(self, text: str) -> None:
        """Append the link that lifts the limits."""
        self._start(block_format(0, self._space(8)))
        self.cursor.insertText(text, self.formats.link(fm.PLAIN, SHOW_ALL))
        self._done("text")

    def close_code(self) -> None:
        """Nothing will be added to the code written last."""
        if self.regions and self.regions[-1].open:
            self.regions[-1] = replace(self.regions[-1], open=False)

    # --- blocks
    def _start(self, block: QTextBlockFormat, char: QTextCharFormat | None = None) -> None:
        char = char or self.formats.char(fm.PLAIN)
        if self._state.reuse:
            self.cursor.setBlockFormat(block)
            self.cursor.setBlockCharFormat(char)
            self.cursor.setCharFormat(char)
            self._state = replace(self._state, reuse=False)
        else:
            self.cursor.insertBlock(block, char)

    def _done(self, after: str) -> None:
        self._state = replace(self._state, after=after)

    def _space(self, wanted: float) -> float:
        after = self._state.after
        if not after:
            return 0.0
        return wanted + fm.CODE_PAD if after.startswith("code") else wanted

    def _code(self, source: str, label: str, *, first: bool, left: float = 0.0) -> None:
        lines = source.split("\n")
        if lines and not lines[-1] and len(lines) > 1:
            lines.pop()
        char = self.formats.code
        grows = not first and bool(self.regions) and self.regions[-1].kind == "code"
        if not grows and self._state.reuse and not self._state.after:
            # Qt leaves out the space above the first block; the panel's head needs it.
            self._start(fm.hidden_block(), self.formats.tiny)
        plain = block_format(left + fm.CODE_PAD, 0, code=True)
        for index, line in enumerate(lines):
            if index == 0 and not grows:
                top = self._space(10) + fm.CODE_HEAD + 6
                self._start(block_format(left + fm.CODE_PAD, top, code=True), char)
                begin = self.cursor.position()
                self.regions.append(
                    Region("code", begin, begin, label.split()[0] if label.split() else "", True)
                )
            elif index > 0 or self._state.after != "code-empty":
                # A panel that was opened by a fence without a line has an empty block, filled first.
                self._start(plain, char)
            self.cursor.insertText(line, char)
        self.regions[-1] = replace(self.regions[-1], end=self.cursor.position())
        self._done("code-empty" if not source and not grows else "code")

    def _tokens(self, tokens: list[Token], block: Block) -> None:
        place = _Place()
        index = 0
        while index < len(tokens):
            token = tokens[index]
            kind = token.type
            if kind == "table_open":
                end = index
                while tokens[end].type != "table_close":
                    end += 1
                self._table(tokens[index:end], block, place)
                index = end
            elif kind == "inline":
                opener = tokens[index - 1]
                self._paragraph(token, opener, place)
            elif kind in ("fence", "code_block"):
                self._marker_alone(place)
                self._code(token.content, token.info if kind == "fence" else "", first=True, left=place.left)
                self.close_code()
            elif kind == "hr":
                self._marker_alone(place)
                self._start(block_format(place.left, self._space(10)), self.formats.tiny)
                at = self.cursor.position()
                self.regions.append(Region("rule", at, at))
                self._done("rule")
            elif kind.startswith("math_block"):
                self._marker_alone(place)
                self._start(block_format(place.left, self._space(10)))
                self.inline.formula(token.content.strip(), display=True, style=fm.PLAIN)
                self._done("text")
            else:
                self._nest(token, place, block)
            index += 1

    def _nest(self, token: Token, place: _Place, block: Block) -> None:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self._marker_alone(place)
                ordered = token.type == "ordered_list_open"
                start = int(token.attrs.get("start", 1)) if ordered else 0
                if ordered and block.kind is Kind.ITEM and not place.lists and not block.first:
                    start = self._state.number + 1 if self._state.number else start
                place.lists.append(_List(ordered, start, True))
                place.left += fm.LIST_INDENT
            case "bullet_list_close" | "ordered_list_close":
                closed = place.lists.pop()
                place.left -= fm.LIST_INDENT
                if not place.lists:
                    self._state = replace(self._state, number=closed.number - 1 if closed.ordered else 0)
            case "list_item_open":
                current = place.lists[-1]
                bullet = "•◦▪"[min(len(place.lists) - 1, 2)]
                place.marker = f"{current.number}. " if current.ordered else f"{bullet} "
                place.item_starts = True
                current.number += 1
            case "list_item_close":
                self._marker_alone(place)
            case "blockquote_open":
                self._marker_alone(place)
                place.quotes.append((len(self.regions), place.left))
                self.regions.append(Region("quote", -1, -1))
                place.left += fm.QUOTE_INDENT
            case "blockquote_close":
                at, place.left = place.quotes.pop()
                begin = self.regions[at].start
                if begin < 0:
                    self._start(block_format(place.left + fm.QUOTE_INDENT, self._space(10)))
                    begin = self.cursor.position()
                    self._done("text")
                self.regions[at] = Region("quote", begin, self.cursor.position(), label=str(place.left))
            case _:
                pass

    def _paragraph(self, token: Token, opener: Token, place: _Place) -> None:
        level = int(opener.tag[1]) if opener.type == "heading_open" else 0
        in_item = bool(place.lists)
        tight = in_item and opener.hidden
        space = 20.0 - 2 * level if level else 3.0 if tight and in_item else 8.0 if in_item else 10.0
        if in_item and place.item_starts and not tight:
            space = 6.0
        if in_item and self._state.after not in ("item", "") and len(place.lists) == 1 and place.item_starts:
            space = 8.0
        style: Style = (False, False, False, False, level)
        first_line = self._marker_width(place.marker) if place.marker else 0.0
        self._start(
            block_format(place.left, self._space(space), first_line=-first_line), self.formats.char(style)
        )
        self._open_quotes(place)
        if place.marker:
            self.cursor.insertText(place.marker, self.formats.char(fm.PLAIN))
            place.marker = ""
        place.item_starts = False
        self.inline.children(token.children or [], style, task=in_item)
        self._done("item" if in_item else "text")

    def _marker_width(self, marker: str) -> float:
        return self.formats.metrics.horizontalAdvance(marker)

    def _marker_alone(self, place: _Place) -> None:
        """Write a list marker whose item does not begin with a paragraph."""
        if not place.marker:
            return
        width = self._marker_width(place.marker)
        self._start(block_format(place.left, self._space(3.0), first_line=-width))
        self._open_quotes(place)
        self.cursor.insertText(place.marker.rstrip(), self.formats.char(fm.PLAIN))
        place.marker = ""
        self._done("item")

    def _open_quotes(self, place: _Place) -> None:
        for at, _left in place.quotes:
            if self.regions[at].start < 0:
                self.regions[at] = replace(self.regions[at], start=self.cursor.position())

    def _table(self, tokens: list[Token], block: Block, place: _Place) -> None:
        rows, header = _rows(tokens)
        continues = block.kind is Kind.TABLE and not block.first
        columns = max((len(row) for row in rows), default=0)
        if not columns:
            return
        state = self._state
        rows_so_far, cells_so_far = (state.table_rows, state.table_cells) if continues else (0, 0)
        if continues:
            rows = rows[header:]
            header = 0
            widths = state.table_widths
        else:
            widths = ()
        if not rows:
            return
        room = min(MAX_ROWS - rows_so_far, (MAX_CELLS - cells_so_far) // columns)
        if columns > MAX_COLUMNS or room < len(rows):
            if self.expanded or columns > MAX_COLUMNS:
                body = "\n".join(block.source.split("\n")[2 if continues else 0 :]) + "\n"
                plain = self._state.after.startswith("code") and continues
                self._code(body, "", first=not plain)
            else:
                self._state = replace(state, table_hidden=state.table_hidden + len(rows))
            self._count_rows(rows_so_far + len(rows), cells_so_far + len(rows) * columns, widths)
            return
        self._marker_alone(place)
        if not continues or state.after != "table":
            self._start(_gap(self._space(10)), self.formats.tiny)
        widths = self.tables.write(rows, header, _alignments(tokens), widths, place.left)
        self._done("table")
        self._count_rows(rows_so_far + len(rows), cells_so_far + len(rows) * columns, widths)

    def _count_rows(self, rows: int, cells: int, widths: tuple[int, ...]) -> None:
        self._state = replace(self._state, table_rows=rows, table_cells=cells, table_widths=widths)


def _gap(space: float) -> QTextBlockFormat:
    result = fm.hidden_block()
    result.setTopMargin(space)
    return result


def _rows(tokens: list[Token]) -> tuple[list[list[Token]], int]:
    """Return the inline tokens of all cells, row by row, and how many rows are header."""
    rows: list[list[Token]] = []
    header = 0
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append(token)
        elif token.type == "thead_close":
            header = len(rows)
    return rows, header


def _alignments(tokens: list[Token]) -> list[str]:
    result: list[str] = []
    for token in tokens:
        if token.type == "tr_close":
            break
        if token.type == "th_open":
            style: Any = token.attrs.get("style", "")
            result.append(str(style).removeprefix("text-align:"))
    return result
