"""The text field of the composer: grows with its text, knows which key sends, gives back the last message."""

from math import ceil

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from assistant_app.i18n import _

_LONGEST_SHARE = 0.4
"""Of the window's height; a longer text scrolls."""


class MessageEdit(QPlainTextEdit):
    """Plain text, several lines.

    Signals:
        send_pressed: the key that sends was pressed.
        recall_pressed: Up was pressed while the field was empty.
        focus_changed: whether the field has the keyboard now.
    """

    send_pressed = Signal()
    recall_pressed = Signal()
    focus_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.send_with_ctrl = False
        self.setObjectName("message_edit")
        self.setAccessibleName(_("Message"))
        self.setToolTip(_("Type your message here (Ctrl+L)"))
        self.setPlaceholderText(_("Ask anything"))
        self.setTabChangesFocus(True)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(3)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(200, self._wanted_height())

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self._height_of(1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            ctrl = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
            if not modifiers & Qt.KeyboardModifier.ShiftModifier and ctrl == self.send_with_ctrl:
                self.send_pressed.emit()
            else:
                self.insertPlainText("\n")
                self.ensureCursorVisible()
            return
        if key == Qt.Key.Key_Up and not self.document().characterCount() > 1:
            self.recall_pressed.emit()
            return
        super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        # Typed text is plain: formatting, pictures and file names of other programs are left out.
        if source.hasText():
            self.insertPlainText(source.text())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _height_of(self, lines: int) -> int:
        return lines * self.fontMetrics().lineSpacing() + 2 * round(self.document().documentMargin()) + 2

    def _wanted_height(self) -> int:
        longest = max(self._height_of(3), int(self.window().height() * _LONGEST_SHARE))
        # Lines are as high as the tallest font in them, which need not be the one of the field.
        height = round(self.document().documentMargin()) + 2
        block = self.document().firstBlock()
        while block.isValid() and height < longest:
            height += ceil(self.blockBoundingRect(block).height())
            block = block.next()
        return min(max(height, self._height_of(1)), longest)

    def _fit(self) -> None:
        height = self._wanted_height()
        if height != self.height():
            self.setFixedHeight(height)
