"""Small parts of a message: the line above it, the line of its state, the box of its error."""

import time

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from assistant_app.core.conversation import AudioTranscriptPart, MessageState
from assistant_app.core.events import TurnPhase
from assistant_app.i18n import _
from assistant_app.ui.icons import icon, pixmap
from assistant_app.ui.markdown.look import Look
from assistant_app.ui.transcript.live import LiveMessage


def plain_label(parent: QWidget, name: str) -> QLabel:
    """Return a label that shows its text as it is, whatever it looks like."""
    label = QLabel(parent)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setIndent(0)
    return label


class MessageHeader(QWidget):
    """Name of the model and time; for spoken messages a microphone."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = plain_label(self, "messageModel")
        self._time = plain_label(self, "messageHeader")
        self._spoken = plain_label(self, "messageSpoken")
        self._spoken.setToolTip(_("Spoken"))
        self._spoken.setAccessibleName(_("Spoken"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._model)
        row.addWidget(self._spoken)
        row.addWidget(self._time)
        row.addStretch(1)

    def show_live(self, live: LiveMessage, look: Look) -> None:
        """Show where a message comes from."""
        message = live.message
        self._model.setText(message.model or _("Assistant"))
        self._model.setVisible(not live.from_user)
        spoken = any(isinstance(part, AudioTranscriptPart) for part in message.parts)
        self._spoken.setVisible(spoken)
        if spoken:
            self._spoken.setPixmap(pixmap("microphone", look.muted.name(), 15, self.devicePixelRatioF()))
        self._time.setText(clock(message.created_at))
        if message.created_at:
            self._time.setToolTip(time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(message.created_at)))
        self.setVisible(spoken or not live.from_user)


def clock(created_at: float) -> str:
    """Return the time of day, with the date where it is not today's; empty for 0."""
    if not created_at:
        return ""
    then, now = time.localtime(created_at), time.localtime()
    same_day = then[:3] == now[:3]
    return time.strftime("%H:%M" if same_day else "%Y-%m-%d %H:%M", then)


def status_text(live: LiveMessage) -> str:
    """Return what a message is doing or how it ended; empty where that is plain to see."""
    state = live.message.state
    if state is MessageState.STREAMING:
        percent = round(max(0.0, min(1.0, live.fraction)) * 100)
        if live.phase is TurnPhase.WAITING:
            return _("Waiting for another answer to end…")
        if live.phase is TurnPhase.LOADING:
            return _("Loading the model {percent} %").format(percent=percent)
        if live.phase is TurnPhase.READING:
            return _("Reading {percent} %").format(percent=percent)
        if live.phase is TurnPhase.TOOL or live.in_text or (live.reasoning and not live.runs):
            return ""
        return _("Writing…") if live.phase is TurnPhase.WRITING else _("Waiting…")
    if state is MessageState.STOPPED:
        return _("Stopped")
    if state is MessageState.INTERRUPTED:
        return _("Interrupted: the app was closed while this was being written")
    if state is MessageState.LENGTH:
        return _("Cut off: the space for an answer was full")
    return ""


class StatusLine(QWidget):
    """One quiet sentence, with Continue beside it where that is the way on.

    Signals:
        triggered: the id of an action.
    """

    triggered = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.label = plain_label(self, "messageStatus")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 2, 0, 2)
        self._row.setSpacing(10)
        self._row.addWidget(self.label)
        self._row.addStretch(1)
        self._button: QToolButton | None = None

    def show_live(self, live: LiveMessage, look: Look) -> None:
        """Show the state of a message."""
        text = status_text(live)
        self.label.setText(text)
        self.setAccessibleName(text)
        wanted = live.message.state in (MessageState.LENGTH, MessageState.INTERRUPTED)
        if wanted and self._button is None:
            button = QToolButton(self)
            button.setObjectName(f"continueHere-{live.id}")
            button.setProperty("role", "fold")
            button.setText(_("Continue"))
            button.setAccessibleName(_("Continue"))
            button.setToolTip(_("Go on writing where it stopped"))
            button.setIconSize(QSize(16, 16))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.clicked.connect(lambda: self.triggered.emit("continue"))
            self._row.insertWidget(1, button)
            self._button = button
        if self._button is not None:
            self._button.setVisible(wanted)
            self._button.setIcon(icon("continue", look.muted.name()))
        self.setVisible(bool(text))


class ErrorBox(QFrame):
    """The sentence of an error and the way on.

    Signals:
        triggered: the id of an action.
    """

    triggered = Signal(str)

    def __init__(self, parent: QWidget, message_id: str) -> None:
        super().__init__(parent)
        self.setObjectName("errorBox")
        self._text = plain_label(self, "errorText")
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        retry = QPushButton(_("Retry"), self)
        retry.setObjectName(f"retryButton-{message_id}")
        retry.setAccessibleName(_("Retry"))
        retry.setToolTip(_("Answer the same question again"))
        retry.clicked.connect(lambda: self.triggered.emit("regenerate"))
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 10, 10)
        row.setSpacing(12)
        row.addWidget(self._text, 1)
        row.addWidget(retry, 0, Qt.AlignmentFlag.AlignVCenter)

    def show_error(self, sentence: str) -> None:
        """Show one plain sentence."""
        self._text.setText(sentence)
        self._text.setAccessibleName(sentence)

    def height_for(self, width: int) -> int:
        """Return the height it needs in logical pixels."""
        layout = self.layout()
        assert layout is not None
        return max(layout.totalHeightForWidth(width), layout.totalMinimumSize().height())
