"""The voice pane: puts button, sound, words and answer together and shows what the Talker tells."""

import time
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QFont, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from assistant_app.core.events import AudioLevel, SpokenProgress
from assistant_app.core.voice import Talk, TalkState, TalkTarget, Timings
from assistant_app.i18n import _
from assistant_app.ui.icons import icon
from assistant_app.ui.theme import Theme
from assistant_app.ui.voice.answer import AnswerView
from assistant_app.ui.voice.choices import VoiceChoices
from assistant_app.ui.voice.heard import HeardView
from assistant_app.ui.voice.hold import Hold
from assistant_app.ui.voice.problem import ProblemBox
from assistant_app.ui.voice.talk_button import TalkButton
from assistant_app.ui.voice.talker import Talker
from assistant_app.ui.voice.waveform import Waveform, share_of
from assistant_app.ui.voice.wording import clock, hint, native_key, state_name, timings_line

_SECOND_MS = 250
_BUTTON_PX, _COMPACT_PX, _LOW_PX = 148, 112, 68
_LEFT_PX, _LEFT_SHARE = 230, 0.38
"""Of the part with the button, when the pane lies flat."""
_SCROLL_PX = 6
_UNLIMITED_PX = 16_777_215
_MARGINS, _LOW_MARGINS = (14, 6, 10, 12), (14, 4, 10, 6)


class VoicePane(QFrame):
    """Shows a Talker; a part of the main window, at its right or below the conversation.

    Signals:
        close_wanted: the user wants it out of the way.
        way_wanted: what the button of a failure does: "microphone", "model" or "retry".
        changed: a dictionary of settings that the user changed here.
    """

    close_wanted = Signal()
    way_wanted = Signal(str)
    changed = Signal(dict)

    def __init__(self, talker: Talker, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._talker = talker
        self._theme = theme
        self._mode, self._key = "both", ""
        self._listening_since = 0.0
        self._loading = False
        self._compact = self._low = False
        self.setObjectName("voice_pane")
        self.setAccessibleName(_("Voice"))
        self._build()
        self._place(compact=False)
        self._second = QTimer(self, interval=_SECOND_MS)
        self._second.timeout.connect(self._show_clock)
        self._connect()
        self.show_talk(talker.talk)

    # --- building
    def _build(self) -> None:
        self._title = QLabel(_("Voice"), self)
        self._title.setObjectName("voice_title")
        self._close = QToolButton(self)
        self._close.setObjectName("voice_close")
        self._close.setIconSize(QSize(16, 16))
        self._close.setAccessibleName(_("Hide voice"))
        self._close.setToolTip(_("Hide this pane (Ctrl+Shift+V)"))
        self._close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button = TalkButton(self._theme, self)
        self.hold = Hold(self.button)
        self._state = QLabel(self)
        self._state.setObjectName("talk_state")
        self._state.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._state.setWordWrap(True)
        self._hint = QLabel(self)
        self._hint.setObjectName("talk_hint")
        self._hint.setProperty("role", "muted")
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.waveform = Waveform(self._theme, self)
        self.problem = ProblemBox(self._theme, self)
        self.heard = HeardView(self)
        self.answer = AnswerView(self._theme, self)
        self._timings = QLabel(self)
        self._timings.setObjectName("talk_timings")
        self._timings.setProperty("role", "muted")
        self._timings.setWordWrap(True)
        self._timings.setToolTip(_("How long after you let go each step was reached"))
        self._timings.hide()
        self.choices = VoiceChoices(self)
        self.setFocusProxy(self.button)
        self._style()

    def _place(self, *, compact: bool) -> None:
        """Lay everything out once; `set_compact` only turns the outer direction."""
        self._header = QWidget(self)
        header = QHBoxLayout(self._header)
        header.setContentsMargins(0, 0, 0, 0)
        header.addWidget(self._title, 1)
        header.addWidget(self._close)
        self._left = QWidget(self)
        left = self._left_layout = QVBoxLayout(self._left)
        left.setSpacing(6)
        left.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        left.addWidget(self._state)
        left.addWidget(self._hint)
        left.addWidget(self.waveform)
        left.addStretch(1)
        words = QWidget(self)
        words.setObjectName("voice_words")
        words_layout = QVBoxLayout(words)
        words_layout.setContentsMargins(0, 0, _SCROLL_PX, 0)
        words_layout.setSpacing(12)
        words_layout.addWidget(self.problem)
        words_layout.addWidget(self.heard)
        words_layout.addWidget(self.answer)
        words_layout.addWidget(self._timings)
        words_layout.addStretch(1)
        area = QScrollArea(self)
        area.setObjectName("voice_area")
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.viewport().setAutoFillBackground(False)
        words.setAutoFillBackground(False)
        area.setWidget(words)
        self._right = QVBoxLayout()
        self._right.setSpacing(8)
        self._right.addWidget(area, 1)
        self._right.addWidget(self.choices)
        self._both = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._both.setSpacing(14)
        self._both.addWidget(self._left)
        self._both.addLayout(self._right, 1)
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(*_MARGINS)
        self._outer.setSpacing(8)
        self._outer.addWidget(self._header)
        self._outer.addLayout(self._both, 1)
        self.set_compact(compact)

    def _connect(self) -> None:
        talker = self._talker
        self.hold.pressed.connect(lambda at: talker.press(self.hold, at))
        self.hold.released.connect(lambda at: talker.release(self.hold, at))
        self.hold.lost.connect(lambda at: talker.lose(self.hold, at))
        self.hold.tapped.connect(talker.toggle)
        talker.changed.connect(self.show_talk)
        talker.level.connect(self._on_level)
        talker.timed.connect(self._on_timed)
        talker.reading.connect(self._on_reading)
        self.heard.sent.connect(lambda text: talker.ask(lambda voice: voice.send(text)))
        self.heard.discarded.connect(talker.cancel)
        self.answer.pause_wanted.connect(lambda paused: talker.ask(lambda voice: voice.pause(paused)))
        self.answer.stop_wanted.connect(lambda: talker.ask(lambda voice: voice.hush()))
        self.answer.replay_wanted.connect(lambda message: talker.ask(lambda voice: voice.say(message)))
        self.problem.wanted.connect(self.way_wanted)
        self.choices.changed.connect(self.changed)
        self._close.clicked.connect(self.close_wanted)
        self._theme.changed.connect(self._style)

    # --- for the window
    def set_compact(self, compact: bool, *, low: bool = False) -> None:
        """Lie flat below the conversation, or stand at its right.

        With `low` there is room for one row only: the button, and beside it the state above what is said;
        all else can be done elsewhere.
        """
        direction = QBoxLayout.Direction
        self._both.setDirection(direction.LeftToRight if compact else direction.TopToBottom)
        side = _LOW_PX if low else _COMPACT_PX if compact else _BUTTON_PX
        self.button.setFixedSize(side, side)
        for part in (self._state, self._hint, self.waveform, self.choices):
            part.setVisible(not low)
        if low is not self._low:
            self._low = low
            # The state takes the title's place, and the title stands beside the button.
            (self._right if low else self._outer).insertWidget(0, self._header)
            self._outer.setContentsMargins(*(_LOW_MARGINS if low else _MARGINS))
            self._right.setSpacing(2 if low else 8)
            self._show_clock()
        self.heard.set_compact(compact)
        self._compact = compact
        self._fit_left()
        self.setProperty("compact", compact)
        self.style().unpolish(self)
        self.style().polish(self)

    def take_settings(self, settings: Mapping[str, Any]) -> None:
        """Show what was chosen elsewhere."""
        self._mode = str(settings.get("talk_mode", "both"))
        self._key = native_key(str(settings.get("talk_key", "")))
        self.choices.take_settings(settings)
        self._show_state()

    def show_failure(self, code: str, sentence: str) -> None:
        """Say what went wrong with a call."""
        self.problem.show_problem(code, sentence)
        self._show_state()
        self._announce(sentence)

    def show_talk(self, talk: Talk) -> None:
        """Show a state of the talk machine."""
        self.button.show_talk(talk)
        listening = talk.state is TalkState.LISTENING
        if listening and not self._second.isActive():
            self._listening_since = time.monotonic() - talk.recording_s
            self._second.start()
        elif not listening:
            self._second.stop()
        self.waveform.set_live(listening)
        for_conversation = talk.target is TalkTarget.CONVERSATION
        if talk.state is TalkState.ARMING and for_conversation:
            self.heard.show_text("", final=False)
            self.answer.show_message("", "")
            self._timings.hide()
        before = self.heard.reviewing
        self.heard.set_reviewing(talk.state is TalkState.REVIEW)
        if talk.state is TalkState.REVIEW and not before:
            self._give_focus_to_review()
        elif before and not self.heard.reviewing and self.isAncestorOf(self.window().focusWidget() or self):
            self.button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.problem.show_problem(talk.code, talk.sentence)
        self._show_state()
        self._announce(talk.sentence or state_name(talk, ""))

    def show_loading(self, loading: bool) -> None:
        """Tell whether the speech model is on its way, which the first words wait for."""
        self._loading = loading
        self._show_state()

    def show_answer(self, message_id: str, text: str) -> None:
        """Show the message that answers, or is read aloud."""
        self.answer.show_message(message_id, text)
        self.answer.show_progress(self._talker.spoken)

    # --- what the Talker tells
    def _on_level(self, level: AudioLevel) -> None:
        share = share_of(level.rms_db)
        self.waveform.add(share)
        self.button.show_level(share_of(level.peak_db))

    def _on_timed(self, timings: Timings) -> None:
        line = timings_line(timings)
        self._timings.setText(line)
        self._timings.setAccessibleName(line)
        self._timings.setVisible(bool(line))

    def _on_reading(self, progress: SpokenProgress) -> None:
        self.answer.show_progress(progress)

    # --- inside
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_left()

    def _fit_left(self) -> None:
        """Give the words as much room as the button can spare."""
        if self._low:
            self._left.setFixedWidth(self.button.width())
        elif self._compact:
            self._left.setFixedWidth(min(_LEFT_PX, max(self.button.width(), int(self.width() * _LEFT_SHARE))))
        else:
            self._left.setMinimumWidth(0)
            self._left.setMaximumWidth(_UNLIMITED_PX)
        # Standing, it ends where the words below it do, which leave room for their scroll bar.
        self._left_layout.setContentsMargins(0, 0, 0 if self._compact else _SCROLL_PX, 0)

    def _give_focus_to_review(self) -> None:
        """Put the cursor into the text to be checked, unless the user is typing elsewhere."""
        focus = self.window().focusWidget()
        typed = ""
        if focus is not None and not self.isAncestorOf(focus):
            if isinstance(focus, QLineEdit):
                typed = focus.text()
            elif isinstance(focus, QPlainTextEdit | QTextEdit):
                typed = focus.toPlainText()
        if not typed:
            self.heard.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_clock(self) -> None:
        talk = self._talker.talk
        text = state_name(talk, self.problem.code)
        if talk.state is TalkState.LISTENING:
            text = f"{text} {clock(time.monotonic() - self._listening_since)}"
        self._state.setText(text)
        self._title.setText(text if self._low else _("Voice"))

    def _show_state(self) -> None:
        talk, problem = self._talker.talk, self.problem.code
        self._show_clock()
        self._hint.setText(hint(talk, self._mode, self._key, loading=self._loading, problem=problem))
        self.button.setAccessibleDescription(f"{state_name(talk, problem)}. {self._hint.text()}".strip())

    def _announce(self, sentence: str) -> None:
        """Tell screen readers without moving the keyboard."""
        if QAccessible.isActive() and self.isVisible():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, sentence))

    def _style(self) -> None:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        self._title.setFont(font)
        font.setPointSizeF(font.pointSizeF() * 1.25)
        self._state.setFont(font)
        small = QFont(self.font())
        small.setPointSizeF(max(7.0, small.pointSizeF() * 0.92))
        self._timings.setFont(small)
        self._close.setIcon(icon("close", self._theme.colors.muted))
