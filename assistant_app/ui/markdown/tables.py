"""Writes one band of a table; bands of the same table share their column widths and look like one."""

from markdown_it.token import Token
from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QTextBlockFormat,
    QTextCursor,
    QTextFrameFormat,
    QTextLength,
    QTextTableCellFormat,
    QTextTableFormat,
)

from assistant_app.ui.markdown import formats as fm
from assistant_app.ui.markdown.formats import Formats
from assistant_app.ui.markdown.inline import InlineWriter

_PAD_X = 10.0
_PAD_Y = 5.0
_NARROW_PX = 620.0
"""A table whose text needs less than this is as wide as its text."""
_MAX_COLUMN_PX = 340
_FORMULA_SHARE = 0.7
"""A set formula is narrower than its source."""
_ALIGNMENTS = {
    "right": Qt.AlignmentFlag.AlignRight,
    "center": Qt.AlignmentFlag.AlignHCenter,
}


class TableWriter:
    """Writes tables at a cursor and leaves it behind them, in the block that Qt puts there."""

    def __init__(self, cursor: QTextCursor, formats: Formats, inline: InlineWriter) -> None:
        self._cursor = cursor
        self._formats = formats
        self._inline = inline

    def write(
        self,
        rows: list[list[Token]],
        header: int,
        alignments: list[str],
        widths: tuple[int, ...],
        left: float,
    ) -> tuple[int, ...]:
        """Write the rows; return the widths of the text (in pixels) for the bands that follow."""
        columns = max(len(row) for row in rows)
        if len(widths) != columns:
            widths = tuple(
                max(
                    (self._width(row[k], bold=y < header) for y, row in enumerate(rows) if k < len(row)),
                    default=20,
                )
                for k in range(columns)
            )
        table = self._cursor.insertTable(len(rows), columns, self._table_format(widths, left))
        inner = self._cursor  # insertTable leaves it in the first cell
        for y, row in enumerate(rows):
            cell_format = self._cell_format(head=y < header, last=y == len(rows) - 1)
            for x in range(columns):
                cell = table.cellAt(y, x)
                cell.setFormat(cell_format)
                inner.setPosition(cell.firstPosition())
                block = QTextBlockFormat()
                block.setLineHeight(122, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
                alignment = _ALIGNMENTS.get(alignments[x] if x < len(alignments) else "")
                if alignment is not None:
                    block.setAlignment(alignment)
                inner.setBlockFormat(block)
                if x < len(row):
                    style = (y < header, False, False, False, 0)
                    self._inline.children(row[x].children or [], style)
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        self._cursor.setBlockFormat(fm.hidden_block())
        self._cursor.setBlockCharFormat(self._formats.tiny)
        return widths

    def _width(self, cell: Token, *, bold: bool) -> int:
        metrics = self._formats.bold_metrics if bold else self._formats.metrics
        content = cell.content[:200]
        width = metrics.horizontalAdvance(content)
        if "$" in content or "\\(" in content:
            width *= _FORMULA_SHARE
        return min(_MAX_COLUMN_PX, max(12, round(width)))

    def _table_format(self, widths: tuple[int, ...], left: float) -> QTextTableFormat:
        result = QTextTableFormat()
        result.setBorder(0)
        result.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
        result.setCellPadding(0)
        result.setCellSpacing(0)
        result.setBorderCollapse(True)
        result.setLeftMargin(left)
        pixels = [width + 2 * _PAD_X + 6 for width in widths]
        total = sum(pixels)
        if total + left <= min(_NARROW_PX, self._inline.width):
            lengths = [QTextLength(QTextLength.Type.FixedLength, value) for value in pixels]
        else:
            result.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
            pixels = _fitted(pixels, self._inline.width - left)
            total = sum(pixels)
            lengths = [
                QTextLength(QTextLength.Type.PercentageLength, 100 * value / total) for value in pixels
            ]
        result.setColumnWidthConstraints(lengths)
        return result

    def _cell_format(self, *, head: bool, last: bool) -> QTextTableCellFormat:
        look = self._formats.look
        result = QTextTableCellFormat()
        result.setLeftPadding(_PAD_X)
        result.setRightPadding(_PAD_X)
        result.setTopPadding(_PAD_Y)
        result.setBottomPadding(_PAD_Y)
        result.setBottomBorder(1)
        result.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        result.setBottomBorderBrush(QBrush(look.control if head else look.border))
        if head:
            result.setBackground(look.hover)
        return result


def _fitted(widths: list[float], room: float) -> list[float]:
    """Return the widths with the widest cut to one common width, so that the narrow ones stay whole."""
    if sum(widths) <= room:
        return widths
    left, ordered = room, sorted(widths)
    for index, width in enumerate(ordered):
        share = left / (len(ordered) - index)
        if width >= share:
            return [min(value, share) for value in widths]
        left -= width
    return widths
