"""Draws one line of the conversation list: heading, title, snippet with the hit marked, pin and activity."""

import re

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from assistant_app.core.views import ConversationRow
from assistant_app.i18n import _
from assistant_app.ui.conversation_model import ItemRole
from assistant_app.ui.icons import pixmap
from assistant_app.ui.theme import Theme

_Index = QModelIndex | QPersistentModelIndex
_PAD = 10
_GAP = 3
_ICON = 14
_MARKS = re.compile(r"\*\*|`+|^#+ |\$\$?(?=\S)", re.MULTILINE)
"""Signs of Markdown that say nothing in a single line."""


class ConversationDelegate(QStyledItemDelegate):
    """Paints rows in the theme's colours and offers a line to rename one in place."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        line = QFontMetrics(option.font).height()
        row = index.data(ItemRole.ROW)
        if row is None:
            return QSize(60, line + 14)
        return QSize(60, (2 * line + _GAP if row.snippet else line) + 14)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row: ConversationRow | None = index.data(ItemRole.ROW)
        if row is None:
            self._paint_heading(painter, option, str(index.data()))
        else:
            self._paint_row(painter, option, row, bool(index.data(ItemRole.ANSWERING)))
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setObjectName("rename_edit")
        editor.setAccessibleName(_("Title"))
        editor.setToolTip(_("Enter keeps the title, Esc leaves the old one"))
        editor.setMaxLength(200)
        return editor

    def _paint_heading(self, painter: QPainter, option: QStyleOptionViewItem, text: str) -> None:
        font = QFont(option.font)
        font.setPointSizeF(font.pointSizeF() * 0.88)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.colors.muted))
        rect: QRect = option.rect.adjusted(_PAD + 4, 6, -_PAD, 0)
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_row(
        self, painter: QPainter, option: QStyleOptionViewItem, row: ConversationRow, answering: bool
    ) -> None:
        colors = self._theme.colors
        state: QStyle.StateFlag = option.state
        area: QRect = option.rect.adjusted(4, 1, -4, -1)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors.selected if selected else colors.hover))
            painter.drawRoundedRect(area, 8, 8)
        if selected and state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(colors.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 7, 7)
        text_color = QColor(colors.selected_text if selected else colors.text)
        rect = area.adjusted(_PAD, 6, -_PAD, -6)
        rect = self._paint_marks(painter, rect, row, answering, text_color)
        metrics = QFontMetrics(option.font)
        painter.setFont(option.font)
        painter.setPen(text_color)
        title = " ".join((row.title or _("Untitled")).split())
        line = QRect(rect.left(), rect.top(), rect.width(), metrics.height())
        painter.drawText(
            line,
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            metrics.elidedText(title, Qt.TextElideMode.ElideRight, line.width()),
        )
        if row.snippet:
            self._paint_snippet(painter, line.translated(0, metrics.height() + _GAP), row.snippet, selected)

    def _paint_marks(
        self, painter: QPainter, rect: QRect, row: ConversationRow, answering: bool, color: QColor
    ) -> QRect:
        """Draw the marks at the right and return what is left for the text."""
        if answering:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.colors.accent))
            painter.drawEllipse(QPoint(rect.right() - 4, rect.top() + 8), 4, 4)
            rect = rect.adjusted(0, 0, -_ICON - 4, 0)
        if row.pinned:
            device = painter.device()
            ratio = device.devicePixelRatio() if device is not None else 1.0
            painter.drawPixmap(
                QPoint(rect.right() - _ICON + 1, rect.top() + 2), pixmap("pin", color.name(), _ICON, ratio)
            )
            rect = rect.adjusted(0, 0, -_ICON - 4, 0)
        return rect

    def _paint_snippet(self, painter: QPainter, line: QRect, snippet: str, selected: bool) -> None:
        """Draw the text around the hit, the hit itself in bold and in the accent colour."""
        colors = self._theme.colors
        plain = QFont(painter.font())
        plain.setPointSizeF(plain.pointSizeF() * 0.92)
        bold = QFont(plain)
        bold.setWeight(QFont.Weight.Bold)
        left = line.left()
        flat = " ".join(_MARKS.sub("", snippet).split())
        for i, piece in enumerate(flat.replace("\x03", "\x02").split("\x02")):
            hit = i % 2 == 1
            metrics = QFontMetrics(bold if hit else plain)
            room = line.right() - left
            if room <= 0:
                break
            text = metrics.elidedText(piece, Qt.TextElideMode.ElideRight, room)
            painter.setFont(bold if hit else plain)
            muted = colors.selected_text if selected else colors.muted
            painter.setPen(QColor(colors.link if hit and not selected else muted))
            box = QRect(left, line.top(), room, line.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            left += metrics.horizontalAdvance(text)
