"""One message of the transcript: its text, what belongs above and below it, and its keys."""

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QLabel, QWidget

from assistant_app.core.conversation import ImagePart, MessageState
from assistant_app.i18n import _
from assistant_app.ui.markdown.formats import Formats
from assistant_app.ui.markdown.slicer import Slicer
from assistant_app.ui.transcript.body import MessageBody
from assistant_app.ui.transcript.content import MessageContent
from assistant_app.ui.transcript.editor import MessageEditor
from assistant_app.ui.transcript.fold import Fold
from assistant_app.ui.transcript.footer import MessageFooter
from assistant_app.ui.transcript.live import LiveMessage
from assistant_app.ui.transcript.parts import ErrorBox, MessageHeader, StatusLine, plain_label
from assistant_app.ui.transcript.style import MEASURE_PX, SIDE_PX

_GAP_PX = 6
_ABOVE_PX = 8
_PAD_X, _PAD_TOP, _PAD_BOTTOM = 16, 11, 7
_BUBBLE_SHARE = 0.82
_MAX_NAME = 4_000
_BY_KEYBOARD = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
    Qt.FocusReason.OtherFocusReason,
)
_KEYS = {
    Qt.Key.Key_F2: "edit",
    Qt.Key.Key_Delete: "delete",
}


class MessageWidget(QWidget):
    """Arranges its parts by itself, for a width that the transcript gives.

    Signals:
        height_changed: it needs more or less room now.
        triggered: the id of an action.
        menu_wanted: its menu, at a global position.
        moved: the keyboard wants the next (1) or previous (-1) message.
        focused: it, or something in it, has the keyboard now.
        edited: the new text, and whether it goes into a new conversation.
        edit_left: what stood in the editor when it was left.
        link_activated: the address of a link that was clicked.
        dragged: the pointer moved while selecting, at a global position.
    """

    height_changed = Signal()
    triggered = Signal(str)
    menu_wanted = Signal(QPoint)
    moved = Signal(int)
    focused = Signal()
    edited = Signal(str, bool)
    edit_left = Signal(str)
    link_activated = Signal(str)
    dragged = Signal(QPoint)

    def __init__(self, live: LiveMessage, formats: Formats, slicer: Slicer, parent: QWidget) -> None:
        super().__init__(parent)
        self._live = live
        self._formats = formats
        self._slicer = slicer
        self._keyboard = False
        self._hovered = False
        self.newest = False
        self._wanted_height = 0
        self._reasoning: Fold | None = None
        self._pictures: QLabel | None = None
        self._error: ErrorBox | None = None
        self._editor: MessageEditor | None = None
        self._bubble = QRectF()
        self.setObjectName(f"message-{live.id}")
        self.setProperty("messageId", live.id)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._header = MessageHeader(self)
        self.content = MessageContent(live, formats, slicer, self)
        self._status = StatusLine(self)
        self._footer = MessageFooter(self, formats.look)
        self.content.height_changed.connect(self._on_part_height)
        self.content.link_activated.connect(self.link_activated)
        self.content.menu_wanted.connect(self.menu_wanted)
        self.content.dragged.connect(self.dragged)
        self._footer.triggered.connect(self.triggered)
        self._status.triggered.connect(self.triggered)
        self.refresh()

    # --- content
    @property
    def body(self) -> MessageBody:
        """Its text, or the first part of it."""
        return self.content.body

    @property
    def live(self) -> LiveMessage:
        """What it shows."""
        return self._live

    @property
    def editor(self) -> MessageEditor | None:
        """The open editor."""
        return self._editor

    def refresh(self) -> None:
        """Show everything that the message says now."""
        live = self._live
        self._header.show_live(live, self._formats.look)
        self.content.refresh()
        self.refresh_state()
        self._refresh_pictures()
        self._footer.show_live(live, self._formats.look)
        self._show_actions()

    def refresh_state(self) -> None:
        """Show phase, reasoning and error anew; the text stays."""
        live = self._live
        self._status.show_live(live, self._formats.look)
        self._refresh_reasoning()
        failed = live.message.state is MessageState.ERROR
        if failed and self._error is None:
            self._error = ErrorBox(self, live.id)
            self._error.triggered.connect(self.triggered)
        if self._error is not None:
            self._error.show_error(
                live.message.error or _("Something went wrong; your text is kept. Try again.")
            )
            self._error.setVisible(failed)
        self.content.show_text(self._editor is None)
        self._footer.setVisible(not live.writing and self._editor is None)
        self._name()
        self.height_changed.emit()

    def append_text(self) -> None:
        """Show the text that was streamed since; what came while it was out of view, too."""
        if self.content.append_text() or not self._status.isHidden():
            self.refresh_state()

    def refresh_tools(self) -> None:
        """Show a call that began or ended."""
        self.content.refresh()
        self.refresh_state()

    def append_reasoning(self) -> None:
        """Show more of what the model thinks; `live` has it already."""
        self._refresh_reasoning()

    def release(self) -> None:
        """Stop all work; the widget is about to go."""
        self.content.release()
        if self._reasoning is not None:
            self._reasoning.release()

    def set_formats(self, formats: Formats) -> None:
        """Draw with other colours or fonts."""
        self._formats = formats
        self.content.set_formats(formats)
        if self._reasoning is not None:
            self._reasoning.set_formats(formats)
        self.refresh()

    def _name(self) -> None:
        live = self._live
        text = live.text[:_MAX_NAME]
        if live.from_user:
            name = _("You said: {text}").format(text=text)
        elif live.message.state is MessageState.ERROR:
            name = _("The answer failed: {text}").format(text=live.message.error)
        elif live.writing:
            name = _("Assistant is answering")
        else:
            name = _("Assistant answered: {text}").format(text=text)
        if name != self.accessibleName():
            self.setAccessibleName(name)

    def _refresh_reasoning(self) -> None:
        live = self._live
        if not live.reasoning:
            if self._reasoning is not None:
                self._reasoning.hide()
            return
        if self._reasoning is None:
            self._reasoning = self._new_fold("reasoningButton")
        thinking = live.writing and not live.text
        if thinking:
            title = _("Thinking…")
        elif live.thought_s >= 1:
            title = _("Thought for {seconds} s").format(seconds=round(live.thought_s))
        else:
            title = _("Thought for a moment")
        self._reasoning.set_text(title, live.reasoning, final=not thinking)
        if self._reasoning.isHidden():
            self._reasoning.show()
            self.height_changed.emit()

    def _refresh_pictures(self) -> None:
        names = [
            part.name or part.mime_type for part in self._live.message.parts if isinstance(part, ImagePart)
        ]
        if not names:
            return
        if self._pictures is None:
            self._pictures = plain_label(self, "messageStatus")
        text = ", ".join(_("Picture: {name}").format(name=name) for name in names)
        self._pictures.setText(text)
        self._pictures.setAccessibleName(text)
        self._pictures.show()

    def _new_fold(self, name: str) -> Fold:
        fold = Fold(self._formats, self._slicer, self, f"{name}-{self._live.id}")
        fold.header.setProperty("messageId", self._live.id)
        fold.height_changed.connect(self._on_part_height)
        fold.link_activated.connect(self.link_activated)
        return fold

    # --- editing
    def open_editor(self, text: str) -> None:
        """Put an editor in the place of the text."""
        if self._editor is not None:
            self._editor.field.setFocus()
            return
        live = self._live
        editor = MessageEditor(live.id, text, live.text, live.from_user, self)
        editor.submitted.connect(self.edited)
        editor.cancelled.connect(self.edit_left)
        editor.height_changed.connect(self._on_part_height)
        self._editor = editor
        editor.show()
        self.refresh_state()
        editor.field.setFocus()
        editor.field.moveCursor(editor.field.textCursor().MoveOperation.End)

    def close_editor(self) -> None:
        """Show the text again."""
        if self._editor is not None:
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = None
            self.refresh_state()

    # --- room
    def arrange(self, width: int) -> int:
        """Place everything for a width; return the height needed, both in logical pixels."""
        column = max(160, min(MEASURE_PX, width - 2 * SIDE_PX))
        left = (width - column) // 2
        y = _ABOVE_PX
        from_user = self._live.from_user
        self._bubble = QRectF()
        if not self._header.isHidden():
            height = self._header.sizeHint().height()
            header_left = left
            if from_user:
                header_left = left + column - min(column, self._header.sizeHint().width() + 8)
            self._header.setGeometry(header_left, y, left + column - header_left, height)
            y += height + _GAP_PX
        if self._reasoning is not None and not self._reasoning.isHidden():
            self._reasoning.set_width(column)
            height = self._reasoning.sizeHint().height()
            self._reasoning.setGeometry(left, y, column, height)
            y += height
        if self._pictures is not None:
            height = self._pictures.sizeHint().height()
            self._pictures.setGeometry(left, y, column, height)
            y += height + _GAP_PX
        if not from_user:
            y = self.content.place(left, y, column)
        elif not self.body.isHidden():
            y = self._arrange_bubble(left, y, column)
        if self._editor is not None:
            height = self._editor.sizeHint().height()
            self._editor.setGeometry(left, y, column, height)
            y += height + _GAP_PX
        if not self._status.isHidden():
            height = self._status.sizeHint().height()
            self._status.setGeometry(left, y, column, height)
            y += height + 2
        if self._error is not None and not self._error.isHidden():
            height = self._error.height_for(column)
            self._error.setGeometry(left, y, column, height)
            y += height + 4
        if not self._footer.isHidden():
            footer_width = min(column, self._footer.sizeHint().width()) if from_user else column
            self._footer.setGeometry(left + column - footer_width, y, footer_width, self._footer.height())
            y += self._footer.height()
        return y + 4

    def _arrange_bubble(self, left: int, y: int, column: int) -> int:
        widest = int(column * _BUBBLE_SHARE) - 2 * _PAD_X
        width = min(widest, self._natural_width(widest))
        self.body.set_width(width)
        x = left + column - width - 2 * _PAD_X
        self._bubble = QRectF(x, y, width + 2 * _PAD_X, self.body.height() + _PAD_TOP + _PAD_BOTTOM)
        self.body.move(x + _PAD_X, y + _PAD_TOP)
        return y + self.body.height() + _PAD_TOP + _PAD_BOTTOM + 4

    def _natural_width(self, widest: int) -> int:
        text = self._live.text
        if len(text) > 600 or "```" in text or "~~~" in text:
            return widest
        metrics = QFontMetricsF(self._formats.look.font)
        return max(24, int(max(metrics.horizontalAdvance(line) for line in text.split("\n"))) + 6)

    def _on_part_height(self) -> None:
        self.height_changed.emit()

    # --- drawing, pointer and keys
    def paintEvent(self, event: QPaintEvent) -> None:
        look = self._formats.look
        if self._bubble.isNull() and not (self.hasFocus() and self._keyboard):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._bubble.isNull():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.bubble)
            painter.drawRoundedRect(self._bubble, 14, 14)
        if self.hasFocus() and self._keyboard:
            column = min(MEASURE_PX + 2 * SIDE_PX - 12, self.width() - 4)
            ring = QRectF((self.width() - column) / 2, 3, column, self.height() - 5)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.accent, 2))
            painter.drawRoundedRect(ring.adjusted(1, 1, -1, -1), 10, 10)
        painter.end()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hovered = True
        self._show_actions()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = False
        self._show_actions()

    def in_use(self) -> bool:
        """Whether it has the keyboard or a selection."""
        return self.isAncestorOf(self._focus_widget()) or self.hasFocus() or self.content.has_selection()

    def set_current(self, current: bool) -> None:
        """Whether Tab reaches it, and its actions show when the keyboard is in it."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if current else Qt.FocusPolicy.ClickFocus)
        self._show_actions()

    def set_newest(self, newest: bool) -> None:
        """The newest answer shows its actions always."""
        if newest != self.newest:
            self.newest = newest
            self._show_actions()

    def _show_actions(self) -> None:
        inside = self.hasFocus() or self.isAncestorOf(self._focus_widget())
        newest = self.newest and not self._live.from_user
        self._footer.set_wanted(self._hovered or newest or inside)

    def _focus_widget(self) -> QWidget:
        window = self.window()
        return window.focusWidget() or window

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._keyboard = event.reason() in _BY_KEYBOARD
        self.focused.emit()
        self._show_actions()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._show_actions()
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers()
        control = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        alt = bool(modifiers & Qt.KeyboardModifier.AltModifier)
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not control and not alt:
            self.moved.emit(-1 if key == Qt.Key.Key_Up else 1)
        elif alt and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.triggered.emit("previous" if key == Qt.Key.Key_Left else "next")
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Menu):
            self.menu_wanted.emit(self.mapToGlobal(QPoint(max(20, (self.width() - MEASURE_PX) // 2), 30)))
        elif control and key == Qt.Key.Key_C:
            self.triggered.emit("copy")
        elif Qt.Key(key) in _KEYS:
            self.triggered.emit(_KEYS[Qt.Key(key)])
        else:
            super().keyPressEvent(event)
