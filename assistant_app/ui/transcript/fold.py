"""A line that opens: reasoning and tool calls stand folded in an answer."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from assistant_app.i18n import _
from assistant_app.ui.markdown.formats import Formats
from assistant_app.ui.markdown.slicer import Slicer
from assistant_app.ui.transcript.body import MessageBody

_INDENT_PX = 16
_HEADER_EXTRA_PX = 36
"""Arrow and padding of a header."""


class Fold(QWidget):
    """A header to press and, when open, a text below it.

    Signals:
        height_changed: it needs more or less room now.
        link_activated: a link in the text was clicked.
    """

    height_changed = Signal()
    link_activated = Signal(str)

    def __init__(self, formats: Formats, slicer: Slicer, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self._formats = formats
        self._slicer = slicer
        self._width = 400
        self._title = ""
        self._source = ""
        self._final = True
        self._body: MessageBody | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(4)
        self.header = QToolButton(self)
        self.header.setObjectName(name)
        self.header.setProperty("role", "fold")
        self.header.setCheckable(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setArrowType(Qt.ArrowType.RightArrow)
        self.header.setToolTip(_("Show or hide this"))
        self.header.toggled.connect(self._on_toggled)
        layout.addWidget(self.header)

    def set_text(self, title: str, source: str, *, final: bool) -> None:
        """Show a title and, when open, this Markdown."""
        if title != self._title:
            self._title = title
            self.header.setAccessibleName(title)
            self._elide()
        self._source, self._final = source, final
        if self._body is not None:
            self._body.set_source(source, final=final)

    def set_width(self, width: int) -> None:
        """Lay out for a width in logical pixels."""
        if width != self._width:
            self._width = width
            self._elide()
        if self._body is not None:
            self._body.set_width(width - _INDENT_PX)

    def set_failed(self, failed: bool) -> None:
        """Draw the header as that of something that came to nothing."""
        if failed != bool(self.header.property("failed")):
            self.header.setProperty("failed", failed)
            self.header.style().unpolish(self.header)
            self.header.style().polish(self.header)

    def _elide(self) -> None:
        metrics = self.header.fontMetrics()
        room = max(40, self._width - _HEADER_EXTRA_PX)
        self.header.setText(metrics.elidedText(self._title, Qt.TextElideMode.ElideMiddle, room))

    def release(self) -> None:
        """Stop all work; the widget is about to go."""
        if self._body is not None:
            self._body.release()

    def set_formats(self, formats: Formats) -> None:
        """Draw with other colours."""
        self._formats = formats
        if self._body is not None:
            self._body.set_formats(formats)

    def _on_toggled(self, opened: bool) -> None:
        self.header.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        if opened and self._body is None:
            body = MessageBody(self._formats, self._slicer, self)
            body.setAccessibleName(self._title)
            body.setContentsMargins(0, 0, 0, 0)
            body.height_changed.connect(self.height_changed)
            body.link_activated.connect(self.link_activated)
            body.set_width(self._width - _INDENT_PX)
            layout = self.layout()
            assert isinstance(layout, QVBoxLayout)
            layout.addWidget(body, 0, Qt.AlignmentFlag.AlignRight)
            self._body = body
            body.set_source(self._source, final=self._final)
        if self._body is not None:
            self._body.setVisible(opened)
        self.height_changed.emit()
