"""The text and the tool calls of a message, in the order in which they came."""

from itertools import zip_longest

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QWidget

from assistant_app.i18n import _
from assistant_app.ui.markdown.formats import Formats
from assistant_app.ui.markdown.slicer import Slicer
from assistant_app.ui.transcript.body import MessageBody
from assistant_app.ui.transcript.fold import Fold
from assistant_app.ui.transcript.live import LiveMessage, TextRun, ToolRun
from assistant_app.ui.transcript.tool_words import tool_failed, tool_source, tool_title

_GAP_PX = 4


class MessageContent(QObject):
    """Owns a body for each run of text and a fold for each tool call, all children of the message.

    `body` is the first run of text; it is there for messages without text too.

    Signals:
        height_changed: something needs more or less room now.
        link_activated: the address of a link that was clicked.
        menu_wanted: the context menu, at a global position.
        dragged: the pointer moved while selecting, at a global position.
    """

    height_changed = Signal()
    link_activated = Signal(str)
    menu_wanted = Signal(QPoint)
    dragged = Signal(QPoint)

    def __init__(self, live: LiveMessage, formats: Formats, slicer: Slicer, parent: QWidget) -> None:
        super().__init__(parent)
        self._widget = parent
        self._live = live
        self._formats = formats
        self._slicer = slicer
        self._text_shown = True
        self.bodies: list[MessageBody] = []
        self.tools: list[Fold] = []
        self.body = self._new_body()

    # --- what is shown
    def refresh(self) -> None:
        """Show everything that the message says now."""
        live = self._live
        texts = [run for run in live.runs if isinstance(run, TextRun)]
        calls = [run for run in live.runs if isinstance(run, ToolRun)]
        while len(self.bodies) > max(1, len(texts)):
            _drop(self.bodies.pop())
        while len(self.tools) > len(calls):
            _drop(self.tools.pop())
        while len(self.bodies) < len(texts):
            self._new_body()
        for body, run in zip_longest(self.bodies, texts):
            # Only the last text can grow; those before a call are complete.
            goes_on = live.writing and (run is None or run is live.runs[-1])
            body.set_source(run.text if run else "", final=not goes_on)
            body.setVisible(self._text_shown and run is not None and bool(run.text))
        for index, call in enumerate(calls):
            if index == len(self.tools):
                self.tools.append(self._new_fold(call))
            fold = self.tools[index]
            title = tool_title(call.call, call.result, running=live.writing)
            fold.set_text(title, tool_source(call.call, call.result), final=True)
            fold.set_failed(tool_failed(call.result))
            fold.show()

    def append_text(self) -> bool:
        """Show the text that was streamed since; return whether a body came into view by that."""
        texts = [run for run in self._live.runs if isinstance(run, TextRun)]
        if len(texts) > len(self.bodies) or not texts:
            self.refresh()
            return True
        self.bodies[len(texts) - 1].set_source(texts[-1].text, final=False)
        return self._text_shown and self.bodies[len(texts) - 1].isHidden()

    def show_text(self, shown: bool) -> None:
        """Show or hide the text; an editor stands in its place."""
        self._text_shown = shown
        texts = [run for run in self._live.runs if isinstance(run, TextRun)]
        for body, run in zip_longest(self.bodies, texts[: len(self.bodies)]):
            body.setVisible(shown and run is not None and bool(run.text))

    def set_formats(self, formats: Formats) -> None:
        """Draw with other colours or fonts."""
        self._formats = formats
        for part in self._parts():
            part.set_formats(formats)

    def release(self) -> None:
        """Stop all work; the widget is about to go."""
        for part in self._parts():
            part.release()

    def finish_now(self) -> None:
        """Do all waiting work at once."""
        for body in self.bodies:
            body.finish_now()

    # --- what is selected
    def has_selection(self) -> bool:
        """Whether some of the text is selected."""
        return any(body.textCursor().hasSelection() for body in self.bodies)

    def selected_text(self) -> str:
        """Return the selection as plain text; empty for none."""
        return "\n\n".join(filter(None, (body.selected_text() for body in self.bodies)))

    def plain_text(self) -> str:
        """Return all text as it is read."""
        return "\n\n".join(filter(None, (body.plain_text() for body in self.bodies)))

    # --- room
    def place(self, left: int, y: int, column: int) -> int:
        """Place text and calls from `y` on in a column; return where they end, in logical pixels."""
        bodies, tools = iter(self.bodies), iter(self.tools)
        for run in self._live.runs:
            part = next(bodies, None) if isinstance(run, TextRun) else next(tools, None)
            if part is None or part.isHidden():
                continue
            part.set_width(column)
            if isinstance(part, MessageBody):
                part.move(left, y)
                y += part.height() + _GAP_PX
            else:
                height = part.sizeHint().height()
                part.setGeometry(left, y, column, height)
                y += height
        return y

    def _parts(self) -> list[MessageBody | Fold]:
        return [*self.bodies, *self.tools]

    def _new_body(self) -> MessageBody:
        live = self._live
        body = MessageBody(self._formats, self._slicer, self._widget, plain=live.from_user)
        body.setProperty("messageId", live.id)
        body.setAccessibleName(_("Your message") if live.from_user else _("Answer"))
        body.height_changed.connect(self.height_changed)
        body.link_activated.connect(self.link_activated)
        body.menu_wanted.connect(self.menu_wanted)
        body.dragged.connect(self.dragged)
        self.bodies.append(body)
        return body

    def _new_fold(self, run: ToolRun) -> Fold:
        name = f"toolButton-{run.call.call_id}-{self._live.id}"
        fold = Fold(self._formats, self._slicer, self._widget, name)
        fold.header.setProperty("messageId", self._live.id)
        fold.height_changed.connect(self.height_changed)
        fold.link_activated.connect(self.link_activated)
        return fold


def _drop(part: MessageBody | Fold) -> None:
    part.release()
    part.hide()
    part.deleteLater()
