"""The last seconds of what the microphone hears, as bars; drawn only while it can be seen."""

from collections import deque

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from assistant_app.i18n import _
from assistant_app.ui.theme import Theme

_BAR_PX, _GAP_PX = 3, 2
_QUIET_DB, _LOUD_DB = -60.0, -8.0
"""What is drawn as silence, and as the full height: speech is 20 to 40 dB below full scale."""
_KEPT = 400
_HEIGHT_PX = 44


def share_of(level_db: float) -> float:
    """Return 0 for silence to 1 for loud."""
    return max(0.0, min(1.0, (level_db - _QUIET_DB) / (_LOUD_DB - _QUIET_DB)))


class Waveform(QWidget):
    """One bar per level that arrived, newest at the right."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._levels: deque[float] = deque(maxlen=_KEPT)
        self._live = False
        self.setObjectName("waveform")
        self.setAccessibleName(_("Sound of the microphone"))
        self.setToolTip(_("What the microphone hears"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def add(self, share: float) -> None:
        """Take the next level, from 0 to 1."""
        self._levels.append(share)
        # Painted once for all levels that came since, and not at all while it is hidden.
        self.update()

    def set_live(self, live: bool) -> None:
        """Say whether sound comes now; a new recording begins empty."""
        if live and not self._live:
            self._levels.clear()
        self._live = live
        self.setAccessibleDescription(_("On") if live else _("Off"))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, _HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = self._theme.colors
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.danger if self._live else colors.control))
        middle = self.height() / 2
        x = float(self.width() - _BAR_PX)
        for share in reversed(self._levels):
            if x < 0:
                break
            height = max(_BAR_PX, share * self.height())
            painter.drawRoundedRect(QRectF(x, middle - height / 2, _BAR_PX, height), 1.5, 1.5)
            x -= _BAR_PX + _GAP_PX
        painter.setBrush(QColor(colors.border))
        while x >= 0:
            painter.drawEllipse(QRectF(x, middle - _BAR_PX / 2, _BAR_PX, _BAR_PX))
            x -= _BAR_PX + _GAP_PX
        painter.end()
