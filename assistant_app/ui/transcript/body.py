"""The text of one message: a read-only document that grows while it is written and fetches nothing."""

from collections import deque
from collections.abc import Iterator
from time import perf_counter

from PySide6.QtCore import QByteArray, QMimeData, QPoint, QPointF, QRectF, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QTextCursor,
    QTextDocument,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QSizePolicy, QTextBrowser, QWidget

from assistant_app.i18n import _
from assistant_app.ui.markdown import formats as fm
from assistant_app.ui.markdown.blocks import Block, BlockSplitter, Kind
from assistant_app.ui.markdown.formats import LATEX, Formats
from assistant_app.ui.markdown.formulas import Setting, formula_setter
from assistant_app.ui.markdown.highlight import Highlighter
from assistant_app.ui.markdown.links import is_safe
from assistant_app.ui.markdown.parser import collect_references
from assistant_app.ui.markdown.slicer import Slicer
from assistant_app.ui.markdown.writer import SHOW_ALL, DocumentWriter, Mark, Region
from assistant_app.ui.transcript.code_button import CodeButton

MAX_SHOWN = 150_000
"""Characters; what is behind them waits for a click."""
_TAIL_EVERY_MS = 50
_PIECE = 16_000
_BACK = "\u2028\u2029\ufdd0\ufdd1"


class MessageBody(QTextBrowser):
    """Shows Markdown or plain text in full height.

    Signals:
        link_activated: the address of a link that was clicked; http, https or mailto.
        height_changed: it needs more or less room now.
        menu_wanted: the context menu, at a global position.
        dragged: the pointer moved while selecting, at a global position.
        rendered: everything that was given is on screen.
    """

    link_activated = Signal(str)
    height_changed = Signal()
    menu_wanted = Signal(QPoint)
    dragged = Signal(QPoint)
    rendered = Signal()

    def __init__(self, formats: Formats, slicer: Slicer, parent: QWidget, *, plain: bool = False) -> None:
        super().__init__(parent)
        self._formats = formats
        self._slicer = slicer
        self._plain = plain
        self._source = ""
        self._final = True
        self._fed = 0
        self._splitter = BlockSplitter(plain=self._plain)
        self._queue: deque[Block] = deque()
        self._tail: Mark | None = None
        self._tail_stale = False
        self._working = False
        self._written = 0
        self._overflow = False
        self._expanded = False
        self._buttons: list[CodeButton] = []
        self._highlighters: dict[int, Highlighter] = {}
        self._tail_timer = QTimer(self)
        self._tail_timer.setSingleShot(True)
        self._tail_timer.setInterval(_TAIL_EVERY_MS)
        self._tail_timer.timeout.connect(self._on_tail_due)
        self._set_up()
        self._writer = self._new_writer()

    def _set_up(self) -> None:
        self.setObjectName("messageBody")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setLineWrapMode(QTextBrowser.LineWrapMode.FixedPixelWidth)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setLineWrapColumnOrWidth(600)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.document().setDefaultFont(self._formats.look.font)
        self.anchorClicked.connect(self._on_anchor)
        self.highlighted.connect(self._on_hover)
        formula_setter().ready.connect(self._on_formula)

    # --- what is shown
    @property
    def markdown(self) -> str:
        """The Markdown shown, or being shown."""
        return self._source

    @property
    def regions(self) -> list[Region]:
        """Panels, quotes and rules of the document."""
        return self._writer.regions

    def set_source(self, source: str, *, final: bool) -> None:
        """Show this text; a text that goes on from the present one keeps what is drawn."""
        if source.startswith(self._source) and not self._final:
            self.append(source[len(self._source) :])
            if final:
                self.finish()
            return
        if source == self._source and final == self._final:
            return
        self._source, self._final = source, final
        self._restart()

    def append(self, text: str) -> None:
        """Add text that was just written."""
        self._source += text
        self._final = False
        self._tail_stale = True
        if not self._tail_timer.isActive():
            self._tail_timer.start()

    def finish(self) -> None:
        """Nothing more will be added."""
        self._final = True
        self._tail_timer.stop()
        self._start_work(soon=True)

    def set_formats(self, formats: Formats) -> None:
        """Draw everything anew, after a change of colours or fonts."""
        self._formats = formats
        self.document().setDefaultFont(formats.look.font)
        for button in self._buttons:
            button.set_look(formats.look)
        self._restart()

    def release(self) -> None:
        """Stop all work; the widget is about to go."""
        self._slicer.drop(self)
        self._tail_timer.stop()

    def finish_now(self) -> None:
        """Do all waiting work at once."""
        if self._tail_timer.isActive():
            self._tail_timer.stop()
            self._start_work()
        self._slicer.finish(self)

    def set_width(self, width: int) -> None:
        """Lay the text out for a width in logical pixels."""
        if width != self.lineWrapColumnOrWidth():
            self.setFixedWidth(width)
            self.setLineWrapColumnOrWidth(width)
            self._writer.inline.width = float(width)
            self._grow()
            self._place_buttons(0)

    def selected_text(self) -> str:
        """Return the selection as plain text, formulas as their source."""
        cursor = self.textCursor()
        text = cursor.selectedText()
        if "\ufffc" in text:
            text = self._with_formulas(text, cursor.selectionStart())
        for character in _BACK:
            text = text.replace(character, "\n")
        return text.replace("\xa0", " ")

    def plain_text(self) -> str:
        """Return everything as plain text, formulas as their source."""
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        text = cursor.selectedText()
        if "\ufffc" in text:
            text = self._with_formulas(text, 0)
        for character in _BACK:
            text = text.replace(character, "\n")
        return text.replace("\xa0", " ").strip("\n")

    def _with_formulas(self, text: str, start: int) -> str:
        result, position = [], start
        cursor = QTextCursor(self.document())
        for character in text:
            if character == "\ufffc":
                cursor.setPosition(position + 1)
                result.append(str(cursor.charFormat().property(LATEX) or ""))
            else:
                result.append(character)
            position += 2 if ord(character) > 0xFFFF else 1
        return "".join(result)

    # --- writing the document
    def _new_writer(self) -> DocumentWriter:
        writer = DocumentWriter(
            self.document(), self._formats, self.devicePixelRatioF(), float(self.lineWrapColumnOrWidth())
        )
        writer.expanded = self._expanded
        return writer

    def _restart(self) -> None:
        self._slicer.drop(self)
        self._working = False
        self._tail_timer.stop()
        self.document().clear()
        root = self.document().rootFrame().frameFormat()
        root.setMargin(0)
        self.document().rootFrame().setFrameFormat(root)
        self._splitter = BlockSplitter(plain=self._plain)
        self._queue.clear()
        self._tail, self._tail_stale = None, True
        self._fed = self._written = 0
        self._overflow = False
        self._highlighters.clear()
        for button in self._buttons:
            button.deleteLater()
        self._buttons.clear()
        self._writer = self._new_writer()
        if not self._plain and self._final:
            collect_references(self._source[:MAX_SHOWN], self._writer.env)
        self._start_work()

    def _on_tail_due(self) -> None:
        self._start_work(soon=True)

    def _start_work(self, *, soon: bool = False) -> None:
        if not self._working:
            self._working = True
            self._slicer.add(self, self._work(), soon=soon)

    def _work(self) -> Iterator[None]:
        """Write all blocks that are final, then the open tail; a step takes milliseconds."""
        began = perf_counter()
        while True:
            while self._queue:
                self._write(self._queue.popleft())
                yield
            if self._fed >= len(self._source):
                break
            piece = self._source[self._fed : self._fed + _PIECE]
            self._fed += len(piece)
            self._queue.extend(self._splitter.feed(piece))
            if len(piece) == _PIECE:
                yield
        if self._final:
            self._queue.extend(self._splitter.finish())
            while self._queue:
                self._write(self._queue.popleft())
                yield
            self._end()
        elif self._tail_stale:
            self._write_tail()
        cost_ms = (perf_counter() - began) * 1000
        self._tail_timer.setInterval(max(_TAIL_EVERY_MS, min(1000, int(cost_ms * 5))))
        yield
        yield from self._highlight()
        self._working = False
        if self._final:
            self.rendered.emit()

    def _write(self, block: Block) -> None:
        self._written += len(block.source)
        if self._written > MAX_SHOWN and not self._expanded:
            self._overflow = True
            return
        cursor = self._writer.cursor
        cursor.beginEditBlock()
        self._take_tail_back()
        if self._plain and block.kind is Kind.TEXT:
            self._writer.plain(block.source)
        else:
            self._writer.write(block)
        cursor.endEditBlock()
        self._tail_stale = True
        self._grow()

    def _write_tail(self) -> None:
        self._tail_stale = False
        block = None if self._plain or self._overflow else self._splitter.tail()
        if block is None and self._tail is None:
            return
        cursor = self._writer.cursor
        cursor.beginEditBlock()
        self._take_tail_back()
        if block is not None:
            self._tail = self._writer.mark()
            self._writer.write(block)
        cursor.endEditBlock()
        self._grow()

    def _end(self) -> None:
        cursor = self._writer.cursor
        cursor.beginEditBlock()
        self._take_tail_back()
        self._writer.close_table()
        self._writer.close_code()
        if self._overflow:
            rest = (len(self._source) - MAX_SHOWN) // 1000
            self._writer.show_all_link(
                _("Show all ({count} thousand more characters)").format(count=max(1, rest))
            )
        cursor.endEditBlock()
        self._grow()

    def _take_tail_back(self) -> None:
        if self._tail is not None:
            self._writer.rewind(self._tail)
            self._tail = None

    def _highlight(self) -> Iterator[None]:
        committed = self._tail.position if self._tail is not None else None
        for region in list(self._writer.regions):
            if region.kind != "code" or (committed is not None and region.start > committed):
                continue
            highlighter = self._highlighters.get(region.start)
            if highlighter is None:
                highlighter = Highlighter(
                    self.document(), region.start, region.label, self._formats.look.dark
                )
                self._highlighters[region.start] = highlighter
            end = region.end if committed is None else min(region.end, committed)
            yield from highlighter.run(end, closed=not region.open)

    def _on_formula(self, setting: object) -> None:
        if isinstance(setting, Setting) and self._writer.inline.on_ready(setting):
            self._grow()
            self._place_buttons(0)

    # --- room
    def _grow(self) -> None:
        height = self._wanted_height()
        if height != self.height():
            self.setFixedHeight(height)
            self.height_changed.emit()
        self._place_buttons(max(0, len(self._buttons) - 1))

    def _wanted_height(self) -> int:
        height = self.document().size().height()
        regions = self._writer.regions
        if regions and regions[-1].kind == "code" and regions[-1].end >= self.document().characterCount() - 2:
            height += fm.CODE_PAD - 4
        return max(1, int(height + 1))

    def _place_buttons(self, first: int) -> None:
        codes = [region for region in self._writer.regions if region.kind == "code"]
        while len(self._buttons) > len(codes):
            self._buttons.pop().deleteLater()
        for index in range(first, len(codes)):
            if index == len(self._buttons):
                button = CodeButton(self.viewport(), self._formats.look)
                button.pressed_for.connect(self._copy_code)
                self._buttons.append(button)
            panel = self._panel(codes[index])
            self._buttons[index].put(index, QPoint(int(panel.right()), int(panel.top())))

    def _copy_code(self, index: int) -> None:
        codes = [region for region in self._writer.regions if region.kind == "code"]
        if index < len(codes):
            QApplication.clipboard().setText(self.code_text(codes[index]))

    def code_text(self, region: Region) -> str:
        """Return the code of a panel."""
        cursor = QTextCursor(self.document())
        cursor.setPosition(region.start)
        cursor.setPosition(region.end, QTextCursor.MoveMode.KeepAnchor)
        return cursor.selectedText().replace("\u2029", "\n").replace("\u2028", "\n") + "\n"

    def _rect(self, region: Region) -> QRectF:
        layout = self.document().documentLayout()
        first = layout.blockBoundingRect(self.document().findBlock(region.start))
        last = layout.blockBoundingRect(self.document().findBlock(region.end))
        return QRectF(0, first.top(), self.width(), last.bottom() - first.top())

    def _panel(self, region: Region) -> QRectF:
        rect = self._rect(region)
        left = self.document().findBlock(region.start).blockFormat().leftMargin() - fm.CODE_PAD
        return QRectF(
            left, rect.top() - fm.CODE_HEAD - 6, self.width() - left, rect.height() + fm.CODE_HEAD + 14
        )

    # --- drawing
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._writer.regions:
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_regions(painter, QRectF(event.rect()))
            painter.end()
        super().paintEvent(event)

    def _paint_regions(self, painter: QPainter, clip: QRectF) -> None:
        layout = self.document().documentLayout()
        fuzzy = Qt.HitTestAccuracy.FuzzyHit
        top = layout.hitTest(QPointF(0, max(0.0, clip.top() - 60)), fuzzy)
        bottom = layout.hitTest(QPointF(self.width(), clip.bottom() + 60), fuzzy)
        for region in self._writer.regions:
            if region.start < 0 or region.end < top or region.start > max(bottom, top):
                continue
            if region.kind == "code":
                self._paint_code(painter, region)
            elif region.kind == "quote":
                self._paint_quote(painter, region)
            else:
                rect = self._rect(region)
                painter.fillRect(QRectF(0, rect.center().y(), self.width(), 1), self._formats.look.border)

    def _paint_code(self, painter: QPainter, region: Region) -> None:
        look = self._formats.look
        panel = self._panel(region).adjusted(0.5, 0.5, -0.5, -0.5)
        path = QPainterPath()
        path.addRoundedRect(panel, 9, 9)
        painter.fillPath(path, look.panel)
        painter.save()
        painter.setClipPath(path)
        painter.fillRect(QRectF(panel.left(), panel.top(), panel.width(), fm.CODE_HEAD), look.panel_head)
        painter.restore()
        painter.strokePath(path, QPen(look.border, 1))
        if region.label:
            font = self._formats.look.font
            painter.setFont(font)
            painter.setPen(look.muted)
            head = QRectF(panel.left() + fm.CODE_PAD, panel.top(), panel.width() - 120, fm.CODE_HEAD)
            painter.drawText(head, Qt.AlignmentFlag.AlignVCenter, region.label[:40])

    def _paint_quote(self, painter: QPainter, region: Region) -> None:
        rect = self._rect(region)
        left = float(region.label or 0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._formats.look.control)
        painter.drawRoundedRect(QRectF(left + 1, rect.top(), 3, rect.height()), 1.5, 1.5)

    # --- nothing is loaded, nothing scrolls, nothing opens by itself
    def loadResource(self, kind: int, name: QUrl | str) -> object:
        if kind == QTextDocument.ResourceType.ImageResource.value:
            empty = QImage(1, 1, QImage.Format.Format_ARGB32)
            empty.fill(Qt.GlobalColor.transparent)
            return empty
        return QByteArray(b" ")

    def doSetSource(
        self,
        name: QUrl | str,
        /,
        type: QTextDocument.ResourceType = QTextDocument.ResourceType.UnknownResource,
    ) -> None:
        """Never navigate."""

    def createMimeDataFromSelection(self) -> QMimeData:
        result = QMimeData()
        result.setText(self.selected_text())
        return result

    def sizeHint(self) -> QSize:
        return QSize(self.lineWrapColumnOrWidth(), self.height())

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Stay: the transcript scrolls."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the transcript."""
        event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.dragged.emit(event.globalPosition().toPoint())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (
            Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home,
            Qt.Key.Key_End, Qt.Key.Key_Escape,
        ):  # fmt: skip
            event.ignore()
            return
        super().keyPressEvent(event)

    def _on_anchor(self, url: QUrl) -> None:
        address = url.toString()
        if address == SHOW_ALL:
            self._expanded = True
            self._restart()
        elif is_safe(bytes(url.toEncoded().data()).decode("ascii", "replace")):
            self.link_activated.emit(bytes(url.toEncoded().data()).decode("ascii"))

    def _on_hover(self, url: QUrl) -> None:
        # Encoded, so that look-alike letters in a host name show as what they are.
        shown = bytes(url.toEncoded().data()).decode("ascii", "replace")
        if url.toString() == SHOW_ALL:
            shown = _("Show what was left out; this can take a moment")
        self.viewport().setToolTip(shown[:300])
