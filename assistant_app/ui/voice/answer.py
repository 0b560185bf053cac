"""The last answer in short, with what can be done while it is read aloud."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from assistant_app.core.events import SpokenProgress
from assistant_app.core.speakable import speakable
from assistant_app.i18n import _
from assistant_app.ui.icons import icon
from assistant_app.ui.theme import Theme
from assistant_app.ui.wording import language

_SHOWN = 320
"""Letters; the whole answer stands in the conversation beside."""
_LOOKED_AT = 480
"""Letters of Markdown that are more than enough for what is shown."""
_REFRESH_MS = 120


class AnswerView(QWidget):
    """Follows one message.

    Signals:
        pause_wanted: whether the voice is to be held.
        stop_wanted: silence.
        replay_wanted: read the message from its beginning; its identifier.
    """

    pause_wanted = Signal(bool)
    stop_wanted = Signal()
    replay_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.message_id = ""
        self._text = ""
        self._reading = self._paused = False
        self.setObjectName("spoken_answer")
        title = QLabel(_("Answer"), self)
        title.setProperty("role", "muted")
        self.label = QLabel(self)
        self.label.setObjectName("spoken_text")
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._pause = self._button("voice_pause", lambda: self.pause_wanted.emit(not self._paused))
        self._stop = self._button("voice_stop", self.stop_wanted.emit)
        self._replay = self._button("voice_replay", lambda: self.replay_wanted.emit(self.message_id))
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(title, 1)
        for button in (self._replay, self._pause, self._stop):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.label)
        # Text comes many times a second; laying it out that often would cost more than reading it.
        self._refresh = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refresh.timeout.connect(self._show_text)
        theme.changed.connect(self._show_buttons)
        self._show_buttons()
        self.hide()

    def show_message(self, message_id: str, text: str) -> None:
        """Show another message, or another text of it."""
        self.message_id, self._text = message_id, text
        self._show_text()
        self._show_buttons()

    def add_text(self, text: str) -> None:
        """Take what is written on."""
        before = len(self._text)
        self._text += text
        if before <= _SHOWN and not self._refresh.isActive():
            self._refresh.start()

    def show_progress(self, progress: SpokenProgress) -> None:
        """Show whether it is read aloud."""
        self._reading = progress.speaking and progress.message_id == self.message_id
        self._paused = self._reading and progress.paused
        self._show_buttons()

    def _show_text(self) -> None:
        # As it is heard: without marks, with "code block" for code.
        said = speakable(self._text[:_LOOKED_AT], language().partition("_")[0])
        text = " ".join(said.split())
        shown = text if len(text) <= _SHOWN else text[:_SHOWN].rstrip() + "…"
        self.label.setText(shown)
        self.label.setAccessibleName(shown)
        self.setVisible(bool(self.message_id) and bool(text))

    def _show_buttons(self) -> None:
        color = self._theme.colors.text
        pause = (
            ("play", _("Go on"), _("Go on reading aloud"))
            if self._paused
            else ("pause", _("Pause"), _("Hold the voice"))
        )
        for button, (name, text, tooltip), shown in (
            (self._pause, pause, self._reading),
            (self._stop, ("stop", _("Stop reading"), _("Stop reading aloud (Esc)")), self._reading),
            (
                self._replay,
                ("speak", _("Read aloud"), _("Read the answer aloud from its beginning")),
                bool(self.message_id) and not self._reading,
            ),
        ):
            button.setIcon(icon(name, color))
            button.setAccessibleName(text)
            button.setToolTip(tooltip)
            button.setVisible(shown)

    def _button(self, name: str, run: Callable[[], object]) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setIconSize(QSize(18, 18))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: run())
        return button
