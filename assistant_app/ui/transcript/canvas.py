"""Where each message stands: positions of all rows, widgets for those near the visible part only."""

from bisect import bisect_right

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from assistant_app.ui.transcript.live import LiveMessage
from assistant_app.ui.transcript.message import MessageWidget

_NEAR = 1.0
"""Viewports above and below the visible part in which widgets are made ahead."""
_KEPT = 40
"""Widgets kept even when they are far away."""
_BOTTOM_PX = 18


class Row:
    """One message with its place."""

    __slots__ = ("height", "live", "top", "widget")

    def __init__(self, live: LiveMessage) -> None:
        self.live = live
        self.widget: MessageWidget | None = None
        self.top = 0
        self.height = live.estimated_height()


class ScrollArea(QScrollArea):
    """Scrolls a canvas as wide as itself.

    Signals:
        resized: its visible part has another size.
    """

    resized = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()


class Canvas(QObject):
    """Keeps rows in place: at the end while the user is there, else what the user looks at stays put.

    Signals:
        row_needed: a Row that comes near the visible part has no widget yet.
        at_end_changed: whether the end is visible and being followed.
        near_top: the first rows come near the visible part.
    """

    row_needed = Signal(object)
    at_end_changed = Signal(bool)
    near_top = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.area = ScrollArea(parent)
        self.area.setObjectName("transcriptScroll")
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.surface = QWidget()
        self.surface.setObjectName("transcriptCanvas")
        self.area.setWidget(self.surface)
        self.rows: list[Row] = []
        self._tops: list[int] = []
        self._following = True
        self._placing = False
        self._realising = False
        self._width = 0
        bar = self.area.verticalScrollBar()
        bar.setSingleStep(36)
        bar.valueChanged.connect(self._on_scrolled)
        self.area.resized.connect(self._on_resized)
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(15)
        self._idle.timeout.connect(self._realise_one_ahead)
        self._place_soon = QTimer(self)
        self._place_soon.setSingleShot(True)
        self._place_soon.setInterval(0)
        self._place_soon.timeout.connect(self.place)
        self._dirty_from = 0

    # --- rows
    @property
    def following(self) -> bool:
        """Whether the end is kept in view."""
        return self._following

    def follow(self) -> None:
        """Go to the end and stay there."""
        self._set_following(True)
        self.place()

    def unfollow(self) -> None:
        """Let the user read in peace."""
        self._set_following(False)

    def set_rows(self, rows: list[Row]) -> None:
        """Show these rows; those with a widget keep it, and what is in view stays in view."""
        anchor = self._anchor()
        gone = {id(row) for row in self.rows} - {id(row) for row in rows}
        for row in self.rows:
            if id(row) in gone:
                self.drop_widget(row)
        self.rows = rows
        self._dirty_from = 0
        self.place(anchor)

    def changed(self, row: Row) -> None:
        """Measure a row again, soon."""
        if row in self.rows:
            self._dirty_from = min(self._dirty_from, self.rows.index(row))
            if not self._place_soon.isActive():
                self._place_soon.start()

    def drop_widget(self, row: Row) -> None:
        """Give the widget of a row back."""
        if row.widget is not None:
            row.widget.release()
            row.widget.hide()
            row.widget.deleteLater()
            row.widget = None

    # --- places
    def place(self, anchor: tuple[Row, int] | None = None) -> None:
        """Put all rows from the first changed one on where they belong."""
        if self._placing:
            return
        self._placing = True
        try:
            anchor = anchor or self._anchor()
            self._place_from(min(self._dirty_from, len(self.rows)))
            self._dirty_from = len(self.rows)
            self._restore(anchor)
        finally:
            self._placing = False
        self._realise_visible()

    def _place_from(self, first: int) -> None:
        width = self.area.viewport().width()
        self._width = width
        top = 0 if first == 0 else self.rows[first - 1].top + self.rows[first - 1].height
        del self._tops[first:]
        for row in self.rows[first:]:
            row.top = top
            if row.widget is not None:
                row.height = row.widget.arrange(width)
                row.widget.setGeometry(0, top, width, row.height)
            self._tops.append(top)
            top += row.height
        self.surface.resize(width, max(top + _BOTTOM_PX, 1))

    def _anchor(self) -> tuple[Row, int] | None:
        """Return the row at the upper edge of the visible part and how far it is scrolled out."""
        if self._following or not self._tops:
            return None
        value = self.area.verticalScrollBar().value()
        index = max(0, min(len(self.rows) - 1, bisect_right(self._tops, value) - 1))
        row = self.rows[index]
        return row, value - row.top

    def _restore(self, anchor: tuple[Row, int] | None) -> None:
        bar = self.area.verticalScrollBar()
        if self._following:
            bar.setValue(bar.maximum())
        elif anchor is not None and anchor[0] in self.rows:
            bar.setValue(anchor[0].top + min(anchor[1], anchor[0].height))

    def show_row(self, row: Row) -> None:
        """Bring the beginning of a row into view."""
        self._set_following(False)
        self._make(row)
        self.place()
        self.area.verticalScrollBar().setValue(max(0, row.top - 12))
        self.place()
        self.area.verticalScrollBar().setValue(max(0, row.top - 12))

    def visible_rows(self, margin: float = 0.0) -> list[Row]:
        """Return the rows in the visible part, `margin` viewports above and below included."""
        if not self._tops:
            return []
        height = self.area.viewport().height()
        value = self.area.verticalScrollBar().value()
        low, high = value - margin * height, value + (1 + margin) * height
        first = max(0, bisect_right(self._tops, low) - 1)
        result = []
        for row in self.rows[first:]:
            if row.top > high:
                break
            if row.top + row.height >= low:
                result.append(row)
        return result

    def is_visible(self, row: Row) -> bool:
        """Whether any of a row is in the visible part or just beside it."""
        value = self.area.verticalScrollBar().value()
        height = self.area.viewport().height()
        return row.top < value + height * 1.2 and row.top + row.height > value - height * 0.2

    # --- widgets
    def _make(self, row: Row) -> bool:
        if row.widget is not None:
            return False
        self.row_needed.emit(row)
        self._dirty_from = min(self._dirty_from, self.rows.index(row))
        return True

    def _realise_visible(self) -> None:
        """Make the widgets of all visible rows; each may push others out of view."""
        if self._realising:
            return
        self._realising = True
        try:
            for _round in range(60):
                rows = self.visible_rows()
                if self._following:
                    rows.reverse()
                missing = next((row for row in rows if row.widget is None), None)
                if missing is None or not self._make(missing):
                    break
                self.place()
        finally:
            self._realising = False
        self._idle.start()

    def _realise_one_ahead(self) -> None:
        for row in self.visible_rows(_NEAR):
            if row.widget is None and self._make(row):
                self.place()
                return
        self._drop_far()

    def _drop_far(self) -> None:
        made = [row for row in self.rows if row.widget is not None]
        if len(made) <= _KEPT:
            return
        value = self.area.verticalScrollBar().value() + self.area.viewport().height() // 2
        made.sort(key=lambda row: abs(row.top + row.height // 2 - value))
        for row in made[_KEPT:]:
            widget = row.widget
            if widget is not None and not (widget.editor or row.live.writing or widget.in_use()):
                self.drop_widget(row)

    # --- scrolling
    def _on_resized(self) -> None:
        if self.area.viewport().width() != self._width:
            self._dirty_from = 0
        self.place()

    def _on_scrolled(self, value: int) -> None:
        if self._placing:
            return
        bar = self.area.verticalScrollBar()
        self._set_following(value >= bar.maximum() - 4)
        self._realise_visible()
        if value < self.area.viewport().height() * 1.5 and not self._following:
            self.near_top.emit()

    def _set_following(self, following: bool) -> None:
        if following != self._following:
            self._following = following
            self.at_end_changed.emit(following)
