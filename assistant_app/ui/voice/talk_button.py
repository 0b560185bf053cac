"""The big round button: says by text, shape and colour what talking is at, and how loud it is."""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QPushButton, QWidget

from assistant_app.core.voice import NOT_SET_UP, Talk, TalkState
from assistant_app.i18n import _
from assistant_app.ui.icons import pixmap
from assistant_app.ui.theme import Theme
from assistant_app.ui.voice.wording import STATES

_RING_SHARE = 0.09
"""Of the width: room around the disc for the level and for the ring that turns."""
_TURN_MS = 60
_TURNING = (TalkState.ARMING, TalkState.FINISHING, TalkState.THINKING)
_ICONS = {
    TalkState.IDLE: "microphone",
    TalkState.ARMING: "microphone",
    TalkState.LISTENING: "microphone",
    TalkState.FINISHING: "dots",
    TalkState.REVIEW: "rename",
    TalkState.THINKING: "dots",
    TalkState.SPEAKING: "speak",
}


class TalkButton(QPushButton):
    """Shows a Talk; what a press means is told by the Hold that watches it.

    Filled: it acts when pressed. Outlined: it waits for something. A square in the middle: the next
    press ends the recording.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._talk = Talk()
        self._level = 0.0
        self._angle = 0
        self._turn = QTimer(self, interval=_TURN_MS)
        self._turn.timeout.connect(self._on_turn)
        self.setObjectName("talk_button")
        self.setAccessibleName(_("Talk"))
        self.setToolTip(_("Hold to talk, or tap to start and stop"))
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.changed.connect(self.update)
        self.show_talk(Talk())

    def show_talk(self, talk: Talk) -> None:
        """Show another state."""
        self._talk = talk
        if talk.state is not TalkState.LISTENING:
            self._level = 0.0
        self.setChecked(talk.state in (TalkState.ARMING, TalkState.LISTENING))
        self.setAccessibleDescription(_(STATES[talk.state]))
        self._run_timer()
        self.update()

    def show_level(self, share: float) -> None:
        """Show how loud it is, from 0 to 1."""
        self._level = share
        if self.isVisible():
            self.update()

    def sizeHint(self) -> QSize:
        return self.size()

    def nextCheckState(self) -> None:
        # Checked means listening, which is told from outside; a click changes nothing by itself.
        pass

    def hitButton(self, pos: object) -> bool:
        return True

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._run_timer()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._turn.stop()

    def _run_timer(self) -> None:
        if self._talk.state in _TURNING and self.isVisible():
            self._turn.start()
        else:
            self._turn.stop()

    def _on_turn(self) -> None:
        self._angle = (self._angle - 14) % 360
        self.update()

    def _colors(self) -> tuple[QColor, QColor, QColor]:
        """Return disc, outline and mark."""
        c = self._theme.colors
        state = self._talk.state
        if state is TalkState.LISTENING:
            return QColor(c.danger), QColor(c.danger), QColor(c.window)
        if state in _TURNING or (state is TalkState.IDLE and self._talk.code in NOT_SET_UP):
            return QColor(c.raised), QColor(c.border), QColor(c.muted)
        if state is TalkState.REVIEW:
            return QColor(c.raised), QColor(c.warn), QColor(c.warn)
        if state is TalkState.SPEAKING:
            return QColor(c.good), QColor(c.good), QColor(c.window)
        return QColor(c.accent), QColor(c.accent), QColor(c.accent_text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        disc, outline, mark = self._colors()
        whole = QRectF(self.rect())
        middle = whole.center()
        radius = whole.width() * (0.5 - _RING_SHARE)
        if self._talk.state is TalkState.LISTENING:
            self._paint_level(painter, middle, radius, disc)
        elif self._talk.state in _TURNING:
            self._paint_turning(painter, middle, radius)
        if self.isDown():
            radius -= 3
        if self.underMouse() and not self.isDown() and self._talk.state not in _TURNING:
            disc = disc.lighter(108)
        painter.setPen(QPen(outline, 2))
        painter.setBrush(disc)
        painter.drawEllipse(middle, radius, radius)
        if self._talk.state is TalkState.LISTENING and (self._talk.latched or self._talk.hands_free):
            side = radius * 0.62
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mark)
            painter.drawRoundedRect(QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side), 5, 5)
        else:
            side = round(radius * 0.92)
            picture = pixmap(_ICONS[self._talk.state], mark.name(), side, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(middle.x() - side / 2, middle.y() - side / 2), picture)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.colors.accent), 2))
            painter.drawEllipse(middle, whole.width() / 2 - 1.5, whole.width() / 2 - 1.5)
        painter.end()

    def _paint_level(self, painter: QPainter, middle: QPointF, radius: float, color: QColor) -> None:
        halo = QColor(color)
        halo.setAlpha(70)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(halo)
        reach = radius + 2 + (self.width() * _RING_SHARE - 4) * math.sqrt(self._level)
        painter.drawEllipse(middle, reach, reach)

    def _paint_turning(self, painter: QPainter, middle: QPointF, radius: float) -> None:
        reach = radius + self.width() * _RING_SHARE * 0.4
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(
            QPen(QColor(self._theme.colors.accent), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        )
        painter.drawArc(
            QRectF(middle.x() - reach, middle.y() - reach, 2 * reach, 2 * reach), self._angle * 16, 80 * 16
        )
