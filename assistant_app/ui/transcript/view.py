"""The transcript of a conversation: streamed answers, editing in place, keyboard and screen readers."""

from time import monotonic

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QMenu, QToolButton, QVBoxLayout, QWidget

from assistant_app.core.conversation import Message, MessageState
from assistant_app.core.events import (
    Event,
    ReasoningDelta,
    TextDelta,
    ToolCallEnded,
    ToolCallStarted,
    TurnEnded,
    TurnProgress,
    TurnStarted,
)
from assistant_app.core.views import ConversationView, ShownMessage
from assistant_app.i18n import _
from assistant_app.ui.icons import icon
from assistant_app.ui.markdown.formats import Formats
from assistant_app.ui.markdown.look import Look
from assistant_app.ui.markdown.slicer import Slicer
from assistant_app.ui.transcript.actions import actions_for
from assistant_app.ui.transcript.canvas import Canvas, Row
from assistant_app.ui.transcript.live import LiveMessage
from assistant_app.ui.transcript.message import MessageWidget
from assistant_app.ui.transcript.style import style_sheet

_EDGE_PX = 28
_MAX_SPOKEN = 2_000


class TranscriptView(QWidget):
    """Shows the active branch of one conversation.

    Signals:
        edit_requested: the editor of a message was opened.
        edit_submitted: message, new text, whether it goes into a new conversation.
        answer_edited: an answer got the user's wording as another version.
        regenerate_requested, continue_requested, delete_requested, receipt_requested, replay_requested:
            what is to be done with a message.
        version_selected: the message to show instead.
        read_aloud_requested: the message to read.
        hush_requested: silence.
        older_wanted: the user comes near the first message that is there.
        link_activated: an address to open; http, https or mailto.
    """

    edit_requested = Signal(str)
    edit_submitted = Signal(str, str, bool)
    answer_edited = Signal(str, str)
    regenerate_requested = Signal(str)
    continue_requested = Signal(str)
    delete_requested = Signal(str)
    version_selected = Signal(str)
    receipt_requested = Signal(str)
    replay_requested = Signal(str)
    read_aloud_requested = Signal(str)
    hush_requested = Signal()
    older_wanted = Signal()
    link_activated = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transcript")
        self.setAccessibleName(_("Transcript"))
        self._formats = Formats(Look.of(self.palette(), QApplication.font()))
        self._slicer = Slicer(self)
        self._canvas = Canvas(self)
        self._rows: dict[str, Row] = {}
        self._conversation_id = ""
        self._current = ""
        self._edits: dict[str, str] = {}
        self._asked_for_older = ""
        self._pointer = QPoint()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._canvas.area)
        self._newest = QToolButton(self)
        self._newest.setObjectName("newestButton")
        self._newest.setText("↓ " + _("Newest"))
        self._newest.setAccessibleName(_("Newest message"))
        self._newest.setToolTip(_("Go to the newest message and follow it (End)"))
        self._newest.hide()
        self._drag = QTimer(self)
        self._drag.setInterval(30)
        self._retheme = QTimer(self)
        self._retheme.setSingleShot(True)
        self._retheme.setInterval(0)
        self.setStyleSheet(style_sheet(self._formats.look))
        self._connect()

    def _connect(self) -> None:
        self._canvas.row_needed.connect(self._make_widget)
        self._canvas.at_end_changed.connect(lambda _end: self._show_newest())
        self._canvas.near_top.connect(self._ask_for_older)
        self._canvas.area.verticalScrollBar().rangeChanged.connect(lambda _low, _high: self._show_newest())
        self._canvas.area.verticalScrollBar().valueChanged.connect(lambda _value: self._catch_up())
        self._newest.clicked.connect(self._on_newest)
        self._drag.timeout.connect(self._scroll_while_selecting)
        self._retheme.timeout.connect(self._apply_look)

    # --- what is shown
    @property
    def following(self) -> bool:
        """Whether the end is kept in view."""
        return self._canvas.following

    @property
    def rendering(self) -> bool:
        """Whether text is still being laid out in idle moments."""
        return self._slicer.busy

    def set_view(self, view: ConversationView) -> None:
        """Show a conversation; of the same one, what did not change is not drawn anew."""
        another = view.conversation.id != self._conversation_id
        if another:
            self._conversation_id = view.conversation.id
            self._edits.clear()
            self._current = self._asked_for_older = ""
            self._canvas.set_rows([])
            self._rows = {}
        rows: list[Row] = []
        for shown in view.messages:
            row = self._rows.get(shown.message.id)
            if row is None:
                row = Row(LiveMessage.of(shown))
            elif row.live.take(shown):
                self._refresh(row)
            rows.append(row)
        mine_is_new = bool(rows) and not another and rows[-1].live.id not in self._rows
        self._set_rows(rows)
        if another or (mine_is_new and self._sent_by_user(rows)):
            self._canvas.follow()

    def apply(self, event: Event) -> None:
        """Show what happened; events of other conversations are left out."""
        if getattr(event, "conversation_id", None) != self._conversation_id:
            return
        if isinstance(event, TurnStarted):
            self._on_message(event.message)
        elif isinstance(event, TurnEnded):
            self._on_message(event.message)
            self._announce(event.message)
        elif isinstance(event, TextDelta | ReasoningDelta | TurnProgress):
            row = self._rows.get(event.message_id)
            if row is not None:
                self._on_streamed(row, event)
        elif isinstance(event, ToolCallStarted | ToolCallEnded):
            row = self._rows.get(event.message_id)
            if row is not None:
                self._on_tool(row, event)

    def show_spoken(self, message_id: str) -> None:
        """Mark the message that is read aloud; "" for none."""
        for row in self._rows.values():
            spoken = row.live.id == message_id
            if row.live.spoken != spoken:
                row.live.spoken = spoken
                if row.widget is not None:
                    row.widget.refresh_actions()

    def scroll_to_message(self, message_id: str) -> None:
        """Bring a message into view and give it the keyboard."""
        row = self._rows.get(message_id)
        if row is not None:
            self._canvas.show_row(row)
            self._set_current(message_id)
            if row.widget is not None:
                row.widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def scroll_to_end(self) -> None:
        """Go to the newest message and follow it."""
        self._canvas.follow()

    def finish_now(self) -> None:
        """Lay everything visible out at once; for pictures and tests."""
        for row in self._canvas.visible_rows(1.0):
            if row.widget is not None:
                row.widget.content.finish_now()
        self._canvas.place()

    def message_widget(self, message_id: str) -> MessageWidget | None:
        """Return the widget of a message, when it has one."""
        row = self._rows.get(message_id)
        return row.widget if row is not None else None

    def _set_rows(self, rows: list[Row]) -> None:
        self._rows = {row.live.id: row for row in rows}
        self._canvas.set_rows(rows)
        if self._current not in self._rows:
            self._set_current(rows[-1].live.id if rows else "")
        for row in rows[-6:]:
            if row.widget is not None:
                row.widget.set_newest(row is rows[-1])

    @staticmethod
    def _sent_by_user(rows: list[Row]) -> bool:
        return any(row.live.from_user for row in rows[-2:])

    # --- events
    def _on_message(self, message: Message) -> None:
        row = self._rows.get(message.id)
        if row is not None:
            if row.live.take(row.live.replaced(message)):
                self._refresh(row)
            return
        rows = [*self._canvas.rows, Row(LiveMessage.of(ShownMessage(message, 1, (message.id,))))]
        self._set_rows(rows)

    def _on_streamed(self, row: Row, event: TextDelta | ReasoningDelta | TurnProgress) -> None:
        live = row.live
        shown = row.widget is not None and self._canvas.is_visible(row)
        if isinstance(event, TurnProgress):
            live.progress(event)
            if row.widget is not None:
                row.widget.refresh_state()
        elif isinstance(event, ReasoningDelta):
            live.began_thinking = live.began_thinking or monotonic()
            live.reasoning += event.text
            if shown and row.widget is not None:
                row.widget.append_reasoning()
        else:
            if live.began_thinking and not live.text:
                live.thought_s = monotonic() - live.began_thinking
            first = not live.in_text
            live.add_text(event.text)
            if row.widget is not None and (shown or first):
                row.widget.append_text()

    def _on_tool(self, row: Row, event: ToolCallStarted | ToolCallEnded) -> None:
        if isinstance(event, ToolCallStarted):
            row.live.start_tool(event.call)
        else:
            row.live.end_tool(event.result)
        if row.widget is not None:
            row.widget.refresh_tools()

    def _catch_up(self) -> None:
        """Show what was streamed into a message while it was out of view."""
        for row in reversed(self._canvas.rows[-3:]):
            if row.live.writing and row.widget is not None and self._canvas.is_visible(row):
                row.widget.append_text()

    def _refresh(self, row: Row) -> None:
        if row.widget is not None:
            row.widget.refresh()
            self._canvas.changed(row)
        else:
            row.height = row.live.estimated_height()

    def _announce(self, message: Message) -> None:
        """Tell screen readers that an answer is complete, and what it says."""
        if not QAccessible.isActive() or message.state is MessageState.STREAMING:
            return
        row = self._rows.get(message.id)
        text = message.error if message.state is MessageState.ERROR else message.text
        target = row.widget if row is not None and row.widget is not None else self
        said = _("Assistant answered: {text}").format(text=text[:_MAX_SPOKEN])
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(target, said))

    # --- widgets
    def _make_widget(self, row: Row) -> None:
        widget = MessageWidget(row.live, self._formats, self._slicer, self._canvas.surface)
        row.widget = widget
        message_id = row.live.id
        widget.height_changed.connect(lambda: self._canvas.changed(row))
        widget.triggered.connect(lambda action: self._do(message_id, action))
        widget.menu_wanted.connect(lambda at: self._open_menu(message_id, at))
        widget.moved.connect(lambda step: self._move(message_id, step))
        widget.focused.connect(lambda: self._set_current(message_id))
        widget.edited.connect(lambda text, fork: self._on_edited(message_id, text, fork))
        widget.edit_left.connect(lambda text: self._on_edit_left(message_id, text))
        widget.link_activated.connect(self.link_activated)
        widget.dragged.connect(self._on_dragged)
        widget.set_current(message_id == self._current)
        widget.set_newest(row is self._canvas.rows[-1])
        widget.show()

    def _set_current(self, message_id: str) -> None:
        if message_id == self._current:
            return
        for changed, current in ((self._current, False), (message_id, True)):
            widget = self.message_widget(changed)
            if widget is not None:
                widget.set_current(current)
        self._current = message_id

    def _move(self, message_id: str, step: int) -> None:
        rows = self._canvas.rows
        index = rows.index(self._rows[message_id]) + step
        if 0 <= index < len(rows):
            row = rows[index]
            last = index == len(rows) - 1
            self._canvas.show_row(row)
            if last:
                self._canvas.follow()
            self._set_current(row.live.id)
            if row.widget is not None:
                row.widget.setFocus(Qt.FocusReason.TabFocusReason)

    # --- what the user does
    def _do(self, message_id: str, action: str) -> None:
        row = self._rows.get(message_id)
        if row is None or not any(entry.id == action for entry in actions_for(row.live)):
            return
        versions = row.live.shown.versions
        at = row.live.shown.version - 1
        match action:
            case "copy":
                self._copy(row)
            case "copyMarkdown":
                QApplication.clipboard().setText(row.live.text)
            case "readAloud":
                self.read_aloud_requested.emit(message_id)
            case "hush":
                self.hush_requested.emit()
            case "edit":
                self._open_editor(row)
            case "previous":
                self.version_selected.emit(versions[at - 1])
            case "next":
                self.version_selected.emit(versions[at + 1])
            case "regenerate":
                self.regenerate_requested.emit(message_id)
            case "continue":
                self.continue_requested.emit(message_id)
            case "details":
                self.receipt_requested.emit(message_id)
            case "replay":
                self.replay_requested.emit(message_id)
            case "delete":
                self.delete_requested.emit(message_id)

    def _copy(self, row: Row) -> None:
        """Copy the selection where there is one, else the whole message as it is read."""
        if row.widget is None:
            QApplication.clipboard().setText(row.live.text)
            return
        selected = row.widget.content.selected_text()
        row.widget.content.finish_now()
        QApplication.clipboard().setText(selected or row.widget.content.plain_text())

    def _open_menu(self, message_id: str, at: QPoint) -> None:
        row = self._rows.get(message_id)
        if row is None:
            return
        menu = QMenu(self)
        menu.setObjectName("messageMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        color = self._formats.look.text.name()
        for action in actions_for(row.live):
            entry = menu.addAction(icon(action.icon, color), _(action.text))
            entry.setObjectName(f"{action.id}Action-{message_id}")
            entry.setToolTip(_(action.tooltip))
            entry.triggered.connect(lambda _checked=False, name=action.id: self._do(message_id, name))
        menu.popup(at)

    def _open_editor(self, row: Row) -> None:
        self._canvas.unfollow()
        if row.widget is None:
            self._canvas.show_row(row)
        if row.widget is not None:
            row.widget.open_editor(self._edits.get(row.live.id, row.live.text))
            self.edit_requested.emit(row.live.id)

    def _on_edited(self, message_id: str, text: str, fork: bool) -> None:
        row = self._rows[message_id]
        self._edits.pop(message_id, None)
        if row.widget is not None:
            row.widget.close_editor()
        if row.live.from_user:
            self.edit_submitted.emit(message_id, text, fork)
        elif text != row.live.text:
            self.answer_edited.emit(message_id, text)

    def _on_edit_left(self, message_id: str, text: str) -> None:
        row = self._rows[message_id]
        if text == row.live.text:
            self._edits.pop(message_id, None)
        else:
            self._edits[message_id] = text
        if row.widget is not None:
            row.widget.close_editor()
            row.widget.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- scrolling
    def _ask_for_older(self) -> None:
        first = self._canvas.rows[0].live if self._canvas.rows else None
        if first is not None and first.message.parent_id is not None and self._asked_for_older != first.id:
            self._asked_for_older = first.id
            self.older_wanted.emit()

    def _on_newest(self) -> None:
        self._canvas.follow()
        row = self._canvas.rows[-1] if self._canvas.rows else None
        if row is not None and row.widget is not None:
            row.widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_newest(self) -> None:
        scrolls = self._canvas.area.verticalScrollBar().maximum() > 0
        self._newest.setVisible(scrolls and not self._canvas.following)
        if self._newest.isVisible():
            self._place_newest()

    def _place_newest(self) -> None:
        self._newest.adjustSize()
        self._newest.move(
            (self.width() - self._newest.width()) // 2, self.height() - self._newest.height() - 12
        )
        self._newest.raise_()

    def _on_dragged(self, at: QPoint) -> None:
        self._pointer = at
        self._scroll_while_selecting()
        if not self._drag.isActive():
            self._drag.start()

    def _scroll_while_selecting(self) -> None:
        viewport = self._canvas.area.viewport()
        y = viewport.mapFromGlobal(self._pointer).y()
        over = y - _EDGE_PX if y < _EDGE_PX else max(0, y - viewport.height() + _EDGE_PX)
        if not over or not QApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            self._drag.stop()
            return
        bar = self._canvas.area.verticalScrollBar()
        bar.setValue(bar.value() + over)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_End:
            self._on_newest()
        elif event.key() == Qt.Key.Key_Home and self._canvas.rows:
            self._canvas.show_row(self._canvas.rows[0])
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_newest()

    # --- colours
    def set_theme(self, theme: object) -> None:
        """Take the colours of a theme that was applied to the application."""
        self._retheme.start()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (
            QEvent.Type.PaletteChange,
            QEvent.Type.ApplicationPaletteChange,
            QEvent.Type.FontChange,
        ):
            self._retheme.start()

    def _apply_look(self) -> None:
        look = Look.of(QApplication.palette(), QApplication.font())
        if look == self._formats.look:
            return
        self._formats = Formats(look)
        self.setStyleSheet(style_sheet(look))
        near = {id(row) for row in self._canvas.visible_rows(1.0)}
        for row in self._canvas.rows:
            if row.widget is None:
                continue
            if id(row) in near or row.live.writing or row.widget.editor:
                row.widget.set_formats(self._formats)
            else:
                self._canvas.drop_widget(row)
        self._canvas.place()
