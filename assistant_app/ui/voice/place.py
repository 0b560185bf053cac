"""Where the voice pane stands: at the right of the conversation, or below it in a narrow window."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from assistant_app.ui.voice.pane import VoicePane

_NARROW_LINES = 54
"""In a window less wide than the height of so many lines of text, the conversation would be squeezed."""
_WIDTH_LINES, _LEAST_LINES = 19, 15
_LOW_LINES = 36
"""In a window less high than so many lines the pane shows what it must."""
_HEIGHT_SHARE, _LOW_SHARE = 0.46, 0.25
_LEAST_HEIGHT_PX, _LOW_HEIGHT_PX = 150, 84
_UNLIMITED_PX = 16_777_215


class PanePlace(QObject):
    """Moves a pane between the splitter and the column of the conversation as the window changes."""

    def __init__(self, window: QWidget, splitter: QSplitter, column: QVBoxLayout, index: int) -> None:
        """`column` takes the pane at `index` when it lies below."""
        super().__init__(window)
        self._window = window
        self._splitter = splitter
        self._column = column
        self._index = index
        self._pane: VoicePane | None = None
        self._below: bool | None = None
        self._low = False
        self.width = 0
        """Of the pane in pixels when it stood at the right last; 0: as it likes."""
        window.installEventFilter(self)

    @property
    def below(self) -> bool:
        """Whether the window is too narrow to stand beside."""
        return self._window.width() < _NARROW_LINES * self._line

    @property
    def _line(self) -> int:
        return self._window.fontMetrics().height()

    def take(self, pane: "VoicePane") -> None:
        """Give the pane its place; it is shown."""
        self._pane = pane
        self._below = None
        self._arrange()
        pane.show()

    def leave(self) -> None:
        """Hide the pane and give the room back."""
        if self._pane is not None:
            self.remember()
            self._pane.hide()

    def remember(self) -> None:
        """Keep the width that the user gave the pane."""
        if self._pane is not None and self._below is False and self._pane.isVisible():
            self.width = self._pane.width()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self._pane is not None and self._pane.isVisible():
            self._arrange()
        return False

    def _arrange(self) -> None:
        pane, below = self._pane, self.below
        if pane is None:
            return
        low = below and self._window.height() < _LOW_LINES * self._line
        if below:
            share = int(self._window.height() * (_LOW_SHARE if low else _HEIGHT_SHARE))
            pane.setMaximumHeight(max(_LOW_HEIGHT_PX if low else _LEAST_HEIGHT_PX, share))
        if below is self._below:
            if low is not self._low:
                self._low = low
                pane.set_compact(below, low=low)
            return
        self.remember()
        self._below, self._low = below, low
        pane.set_compact(below, low=low)
        focus = self._window.focusWidget()
        if below:
            pane.setMinimumWidth(0)
            self._column.insertWidget(self._index, pane)
        else:
            self._stand_beside(pane)
        # A widget that gets another parent is hidden and loses the keyboard.
        pane.show()
        if focus is not None and pane.isAncestorOf(focus):
            focus.setFocus(Qt.FocusReason.OtherFocusReason)

    def _stand_beside(self, pane: "VoicePane") -> None:
        pane.setMaximumHeight(_UNLIMITED_PX)
        pane.setMinimumWidth(_LEAST_LINES * self._line)
        sizes = self._splitter.sizes()
        wanted = self.width or _WIDTH_LINES * self._line
        self._splitter.addWidget(pane)
        self._splitter.setSizes([sizes[0], max(1, sizes[1] - wanted), wanted])
        self._splitter.setStretchFactor(self._splitter.indexOf(pane), 0)
