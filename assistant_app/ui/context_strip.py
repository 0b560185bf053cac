"""What the model can see: one small block per message, by colour and by shape."""

from itertools import pairwise

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from assistant_app.core.events import ContextItem, ContextReport, Visibility
from assistant_app.i18n import _
from assistant_app.ui.theme import Theme
from assistant_app.ui.wording import number

_BLOCK = 12
_GAP = 2
_HEIGHT = 18
_SEVERITY = {Visibility.WHOLE: 0, Visibility.SUMMARISED: 1, Visibility.DROPPED: 2}


class ContextStrip(QWidget):
    """Blocks for the messages of the open conversation.

    Whole messages are full blocks, summarised ones half as high, dropped ones outlines: nobody needs
    to tell the colours apart. Left and Right walk along the blocks, Enter goes to the message.

    Signals:
        message_chosen: identifier of the message to show.
    """

    message_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._report: ContextReport | None = None
        self._current = 0
        self.setObjectName("context_strip")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setToolTip(_("What the model can see of this conversation"))
        theme.changed.connect(self.update)
        self.show_report(None)

    def show_report(self, report: ContextReport | None) -> None:
        """Show a report; None hides the strip."""
        self._report = report if report is not None and report.items else None
        self._current = max(0, len(self._report.items) - 1) if self._report else 0
        self.setAccessibleName(_("What the model can see"))
        self.setAccessibleDescription(self.summary())
        self.setVisible(self._report is not None)
        self.update()

    def summary(self) -> str:
        """Return the report in one sentence."""
        if self._report is None:
            return ""
        counts = dict.fromkeys(Visibility, 0)
        for item in self._report.items:
            counts[item.visibility] += 1
        return _("{whole} messages whole, {summarised} summarised, {dropped} left out").format(
            whole=counts[Visibility.WHOLE],
            summarised=counts[Visibility.SUMMARISED],
            dropped=counts[Visibility.DROPPED],
        )

    def sizeHint(self) -> QSize:
        return QSize(120, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._report is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edges = self._edges()
        # Where several messages share a pixel, the one that the model sees least of decides.
        merged: dict[int, tuple[int, float]] = {}
        for i, (left, right) in enumerate(pairwise(edges)):
            slot = int(left)
            worst = merged.get(slot)
            item = self._report.items[i]
            if (
                worst is None
                or _SEVERITY[item.visibility] > _SEVERITY[self._report.items[worst[0]].visibility]
            ):
                merged[slot] = (i, right - left)
        for i, width in merged.values():
            self._paint_block(painter, self._report.items[i], edges[i], max(1.0, width - _gap(width)))
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.colors.text), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            left, right = edges[self._current], edges[self._current + 1]
            painter.drawRoundedRect(QRectF(left - 1, 1, max(4.0, right - left), _HEIGHT - 2), 3, 3)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._item_at(event.position().toPoint())
        if found is not None:
            self._current = found
            self._choose()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._item_at(event.position().toPoint())
        self.setCursor(Qt.CursorShape.PointingHandCursor if found is not None else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._report is None:
            return super().keyPressEvent(event)
        last = len(self._report.items) - 1
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -last, Qt.Key.Key_End: last}
        if event.key() in steps:
            self._current = min(last, max(0, self._current + steps[Qt.Key(event.key())]))
            item = self._report.items[self._current]
            self.setAccessibleDescription(self._sentence(item))
            middle = QPoint(int(self._edges()[self._current]), 0)
            QToolTip.showText(self.mapToGlobal(middle), self._sentence(item), self)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose()
        else:
            super().keyPressEvent(event)
        return None

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._report is not None:
            found = self._item_at(event.pos())
            text = self._sentence(self._report.items[found]) if found is not None else self.summary()
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def _choose(self) -> None:
        if self._report is not None:
            message_id = self._report.items[self._current].message_id
            if message_id:
                self.message_chosen.emit(message_id)
        self.update()

    def _edges(self) -> list[float]:
        assert self._report is not None
        count = len(self._report.items)
        width = min(float(_BLOCK + _GAP), max(0.01, (self.width() - 2) / count))
        return [1 + i * width for i in range(count + 1)]

    def _item_at(self, point: QPoint) -> int | None:
        if self._report is None:
            return None
        edges = self._edges()
        width = edges[1] - edges[0]
        position = int((point.x() - edges[0]) / width)
        return position if 0 <= position < len(self._report.items) else None

    def _paint_block(self, painter: QPainter, item: ContextItem, left: float, width: float) -> None:
        colors = self._theme.colors
        color = QColor(getattr(colors, item.visibility.value))
        full = QRectF(left, 4, width, _HEIGHT - 8)
        painter.setPen(Qt.PenStyle.NoPen)
        if item.visibility is Visibility.DROPPED:
            if width >= 4:
                painter.setPen(QPen(color, 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(full.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
                return
            full.setTop(full.bottom() - 2)
        elif item.visibility is Visibility.SUMMARISED:
            full.setTop(full.center().y())
        elif item.role == "assistant":
            color.setAlphaF(0.62)
        painter.setBrush(color)
        radius = 2 if width >= 4 else 0
        painter.drawRoundedRect(full, radius, radius)

    def _sentence(self, item: ContextItem) -> str:
        who = {
            "system": _("Instructions"),
            "user": _("You"),
            "assistant": _("Answer"),
        }.get(item.role, _("Tool"))
        seen = {
            Visibility.WHOLE: _("read whole"),
            Visibility.SUMMARISED: _("only its summary is read"),
            Visibility.DROPPED: _("left out: too long ago"),
        }[item.visibility]
        tokens = _("{count} tokens").format(count=number(item.tokens))
        return f"{who} · {seen} · {tokens}\n{item.excerpt}"


def _gap(width: float) -> float:
    return _GAP if width > 5 else (1.0 if width > 2.5 else 0.0)
