"""A line that opens: reasoning and tool calls stand folded above an answer."""

import json
import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from assistant_app.core.conversation import ToolCallPart, ToolResultPart
from assistant_app.i18n import _
from assistant_app.ui.markdown.formats import Formats
from assistant_app.ui.markdown.slicer import Slicer
from assistant_app.ui.transcript.body import MessageBody

_INDENT_PX = 16
_MAX_TOOL_TEXT = 20_000


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
        if title != self.header.text():
            self.header.setText(title)
            self.header.setAccessibleName(title)
        self._source, self._final = source, final
        if self._body is not None:
            self._body.set_source(source, final=final)

    def set_width(self, width: int) -> None:
        """Lay out for a width in logical pixels."""
        self._width = width
        if self._body is not None:
            self._body.set_width(width - _INDENT_PX)

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
            body.setAccessibleName(self.header.text())
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


def tool_title(call: ToolCallPart, result: ToolResultPart | None) -> str:
    """Return the folded line of a tool call."""
    if result is None:
        return _("Using {tool}…").format(tool=call.name)
    if result.is_error:
        return _("{tool} failed").format(tool=call.name)
    return _("Used {tool} · {seconds} s").format(tool=call.name, seconds=f"{result.duration_s:.1f}")


def tool_source(call: ToolCallPart, result: ToolResultPart | None) -> str:
    """Return arguments and result as Markdown."""
    arguments = json.dumps(dict(call.arguments), ensure_ascii=False, indent=2, default=str)
    source = _fenced(arguments, "json")
    if result is not None:
        source += "\n" + _fenced(result.content, "")
    return source


def _fenced(text: str, language: str) -> str:
    text = text[:_MAX_TOOL_TEXT]
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}\n"
