"""Talking with keys and buttons: what the window asks of voice, and what it shows of it."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from assistant_app.core.events import (
    AudioLevel,
    EngineState,
    EngineStateChanged,
    SpokenProgress,
    TalkTimings,
    TranscriptFinal,
    TranscriptPartial,
)
from assistant_app.core.voice import MicrophoneError, Talk, TalkState, TalkTarget, Timings
from assistant_app.ui.main_window import MainWindow
from assistant_app.ui.voice.dictation import fitted
from tests.fixtures.scripted_voice import ScriptedVoice
from tests.gui.test_shell_controls import problems

WAIT_MS = 10_000


def auto_repeat(window: MainWindow, kind: QEvent.Type, key: Qt.Key, text: str = "") -> None:
    """Send what the X server sends while a key is held."""
    event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text, True)
    QApplication.sendEvent(window.windowHandle(), event)


def key_down(window: MainWindow, key: Qt.Key) -> None:
    QTest.keyPress(window.windowHandle(), key)


def key_up(window: MainWindow, key: Qt.Key) -> None:
    QTest.keyRelease(window.windowHandle(), key)


@pytest.fixture
def asked(qtbot: QtBot, window: MainWindow, voice: ScriptedVoice) -> Callable[..., None]:
    """Wait until voice was asked exactly this, in this order."""

    def wait(*names: str) -> None:
        qtbot.waitUntil(lambda: voice.names() == list(names), timeout=WAIT_MS)

    return wait


Asked = Callable[..., None]


def test_talk_key_held_talks_from_anywhere_in_the_window(
    window: MainWindow, voice: ScriptedVoice, asked: Asked
) -> None:
    window.composer.edit.setFocus()
    key_down(window, Qt.Key.Key_F8)
    for _repeat in range(20):
        auto_repeat(window, QEvent.Type.KeyRelease, Qt.Key.Key_F8)
        auto_repeat(window, QEvent.Type.KeyPress, Qt.Key.Key_F8)
    asked("press")
    key_up(window, Qt.Key.Key_F8)
    asked("press", "release")
    (_press, down, _conversation, target), (_release, up) = voice.calls
    assert down <= up
    assert target is TalkTarget.CONVERSATION


def test_another_key_can_be_chosen(window: MainWindow, asked: Asked) -> None:
    window.logic.take_settings({"talk_key": "Ctrl+F9"})
    key_down(window, Qt.Key.Key_F8)
    key_up(window, Qt.Key.Key_F8)
    QTest.keyPress(window.windowHandle(), Qt.Key.Key_F9)
    QTest.keyRelease(window.windowHandle(), Qt.Key.Key_F9)
    QTest.keyPress(window.windowHandle(), Qt.Key.Key_F9, Qt.KeyboardModifier.ControlModifier)
    # Ctrl goes up first.
    QTest.keyRelease(window.windowHandle(), Qt.Key.Key_F9)
    asked("press", "release")


def test_key_that_is_held_when_the_window_loses_the_keyboard_is_given_up(
    window: MainWindow, asked: Asked
) -> None:
    key_down(window, Qt.Key.Key_F8)
    QApplication.sendEvent(window.windowHandle(), QFocusEvent(QEvent.Type.FocusOut))
    asked("press", "lost")
    key_up(window, Qt.Key.Key_F8)
    key_down(window, Qt.Key.Key_F8)
    key_up(window, Qt.Key.Key_F8)
    asked("press", "lost", "press", "release")


def test_space_types_in_the_message_box_and_talks_in_the_pane(
    qtbot: QtBot, window: MainWindow, asked: Asked
) -> None:
    window.voice.show_pane(focus=False)
    window.composer.edit.setFocus()
    key_down(window, Qt.Key.Key_Space)
    key_up(window, Qt.Key.Key_Space)
    assert window.composer.text() == " "
    pane = window.voice.pane
    assert pane is not None
    pane.setFocus()
    assert pane.button.hasFocus()
    key_down(window, Qt.Key.Key_Space)
    auto_repeat(window, QEvent.Type.KeyPress, Qt.Key.Key_Space, " ")
    auto_repeat(window, QEvent.Type.KeyRelease, Qt.Key.Key_Space, " ")
    key_up(window, Qt.Key.Key_Space)
    asked("press", "release")


def test_focus_that_moves_while_space_is_held_gives_it_up(window: MainWindow, asked: Asked) -> None:
    window.voice.show_pane(focus=True)
    key_down(window, Qt.Key.Key_Space)
    window.composer.edit.setFocus()
    asked("press", "lost")
    key_up(window, Qt.Key.Key_Space)
    asked("press", "lost")


def test_button_is_held_with_the_mouse_even_if_it_leaves(window: MainWindow, asked: Asked) -> None:
    window.voice.show_pane(focus=False)
    button = window.voice.pane.button
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    QTest.mouseMove(button, QPoint(-40, -40))
    asked("press")
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton, pos=QPoint(-40, -40))
    asked("press", "release")


def test_second_key_does_nothing_while_the_first_is_held(window: MainWindow, asked: Asked) -> None:
    window.voice.show_pane(focus=True)
    key_down(window, Qt.Key.Key_F8)
    key_down(window, Qt.Key.Key_Space)
    key_up(window, Qt.Key.Key_Space)
    key_up(window, Qt.Key.Key_F8)
    asked("press", "release")


def test_another_program_can_ask_to_listen_and_to_end(
    window: MainWindow, voice: ScriptedVoice, asked: Asked
) -> None:
    for verb in ("start", "stop", "toggle"):
        window.voice.talker.command(verb)
    asked("start", "finish", "toggle")
    assert {call[2] for call in voice.calls if len(call) == 3} == {window.chat.conversation_id}


def test_screen_reader_that_can_only_click_toggles(window: MainWindow, asked: Asked) -> None:
    window.voice.show_pane(focus=False)
    window.voice.pane.button.click()
    asked("toggle")


def test_escape_cancels_wherever_the_keyboard_is(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice, asked: Asked
) -> None:
    stop = window.actions_["stop"]
    assert not stop.isEnabled()
    voice.show(Talk(TalkState.LISTENING))
    qtbot.waitUntil(stop.isEnabled, timeout=WAIT_MS)
    window.composer.edit.setFocus()
    QTest.keyClick(window.composer.edit, Qt.Key.Key_Escape)
    asked("cancel")
    voice.show(Talk())
    qtbot.waitUntil(lambda: not stop.isEnabled(), timeout=WAIT_MS)


def test_pane_opens_by_key_and_by_talking_and_closes(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice
) -> None:
    assert window.voice.pane is None
    window.actions_["voice"].trigger()
    assert window.voice.shown
    assert window.voice.pane.button.hasFocus()
    qtbot.waitUntil(lambda: ("ready",) in voice.calls, timeout=WAIT_MS)
    window.actions_["voice"].trigger()
    assert not window.voice.shown
    assert window.composer.edit.hasFocus()
    voice.show(Talk(TalkState.ARMING))
    qtbot.waitUntil(lambda: window.voice.shown, timeout=WAIT_MS)
    assert window.composer.edit.hasFocus()
    assert window.actions_["voice"].isChecked()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (TalkState.IDLE, "Ready"),
        (TalkState.ARMING, "Getting ready"),
        (TalkState.LISTENING, "Listening 0:00"),
        (TalkState.FINISHING, "Understanding"),
        (TalkState.REVIEW, "Check the text"),
        (TalkState.THINKING, "Thinking"),
        (TalkState.SPEAKING, "Speaking"),
    ],
)
def test_each_state_is_said_in_words_and_to_screen_readers(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice, state: TalkState, said: str
) -> None:
    window.voice.show_pane(focus=True)
    voice.show(Talk(state))
    pane = window.voice.pane
    qtbot.waitUntil(lambda: pane.findChild(QLabel, "talk_state").text() == said, timeout=WAIT_MS)
    assert pane.button.accessibleName() == "Talk"
    assert pane.button.accessibleDescription().startswith(said.removesuffix(" 0:00"))
    assert pane.findChild(QLabel, "talk_hint").text() in pane.button.accessibleDescription()
    assert pane.button.isChecked() == (state in (TalkState.ARMING, TalkState.LISTENING))
    assert problems(pane) == []


def test_first_words_wait_for_the_speech_model_and_the_pane_says_so(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice
) -> None:
    voice.emit(EngineStateChanged(EngineState.LOADING, "base", engine="speech"))
    window.voice.show_pane(focus=True)
    hint = window.voice.pane.findChild(QLabel, "talk_hint")
    voice.show(Talk(TalkState.FINISHING))
    qtbot.waitUntil(lambda: "is being loaded" in hint.text(), timeout=WAIT_MS)
    voice.emit(EngineStateChanged(EngineState.READY, "base", engine="speech"))
    qtbot.waitUntil(lambda: hint.text() == "Esc discards it", timeout=WAIT_MS)


def test_words_are_grey_until_they_are_final(qtbot: QtBot, window: MainWindow, voice: ScriptedVoice) -> None:
    voice.show(Talk(TalkState.LISTENING))
    voice.emit(TranscriptPartial("what time"))
    qtbot.waitUntil(lambda: window.voice.pane is not None, timeout=WAIT_MS)
    label = window.voice.pane.heard.label
    qtbot.waitUntil(lambda: label.text() == "what time", timeout=WAIT_MS)
    assert label.property("role") == "muted"
    voice.emit(TranscriptFinal("What time is it?", "en", 1.5, TalkTarget.CONVERSATION))
    qtbot.waitUntil(lambda: label.text() == "What time is it?", timeout=WAIT_MS)
    assert label.property("role") == ""


def test_text_that_waits_is_corrected_and_sent_by_keyboard(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice, asked: Asked
) -> None:
    window.voice.show_pane(focus=True)
    voice.emit(TranscriptFinal("What thyme is it?", "en", 1.5, TalkTarget.CONVERSATION))
    voice.show(Talk(TalkState.REVIEW))
    edit = window.voice.pane.heard.edit
    qtbot.waitUntil(edit.hasFocus, timeout=WAIT_MS)
    assert edit.toPlainText() == "What thyme is it?"
    edit.setPlainText("What time is it?")
    QTest.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    asked("send")
    assert voice.calls[-1] == ("send", "What time is it?")
    voice.show(Talk(TalkState.THINKING))
    qtbot.waitUntil(window.voice.pane.button.hasFocus, timeout=WAIT_MS)


def test_review_takes_no_words_from_somebody_who_types(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice
) -> None:
    window.voice.show_pane(focus=False)
    window.composer.edit.setFocus()
    QTest.keyClicks(window.composer.edit, "half a sen")
    voice.emit(TranscriptFinal("What time is it?", "en", 1.5, TalkTarget.CONVERSATION))
    voice.show(Talk(TalkState.REVIEW))
    qtbot.waitUntil(lambda: window.voice.pane.heard.reviewing, timeout=WAIT_MS)
    assert window.composer.edit.hasFocus()


def test_escape_in_the_text_that_waits_throws_it_away(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice, asked: Asked
) -> None:
    window.voice.show_pane(focus=True)
    voice.emit(TranscriptFinal("Nonsense", "en", 1.5, TalkTarget.CONVERSATION))
    voice.show(Talk(TalkState.REVIEW))
    qtbot.waitUntil(window.voice.pane.heard.edit.hasFocus, timeout=WAIT_MS)
    QTest.keyClick(window.voice.pane.heard.edit, Qt.Key.Key_Escape)
    asked("cancel")


def test_dictation_goes_to_the_cursor_of_the_message_box(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice, asked: Asked
) -> None:
    edit = window.composer.edit
    edit.setPlainText("Tell me now")
    cursor = edit.textCursor()
    cursor.setPosition(len("Tell me"))
    edit.setTextCursor(cursor)
    button = window.composer.microphone_button
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    asked("press")
    assert voice.calls[0][3] is TalkTarget.COMPOSER
    voice.show(Talk(TalkState.LISTENING, TalkTarget.COMPOSER))
    voice.emit(TranscriptPartial("about the"))
    line = window.composer.findChild(QLabel, "dictated")
    qtbot.waitUntil(lambda: line.isVisible() and line.text() == "about the", timeout=WAIT_MS)
    assert button.accessibleDescription() == "Listening"
    assert not window.voice.shown
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    asked("press", "release")
    voice.emit(TranscriptFinal("about the weather", "en", 2.0, TalkTarget.COMPOSER))
    voice.show(Talk())
    qtbot.waitUntil(lambda: edit.toPlainText() == "Tell me about the weather now", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not line.isVisible(), timeout=WAIT_MS)
    assert edit.hasFocus()


@pytest.mark.parametrize(
    ("text", "before", "after", "wanted"),
    [
        ("hello", "", "", "hello"),
        (" hello ", "a", "b", " hello "),
        ("hello", " ", "\n", "hello"),
        ("hello", "(", ")", "hello"),
        ("hello.", "x", ",", " hello."),
        ("你好", "我", "吗", "你好"),
        ("Python", "用", "写", "Python"),
    ],
)
def test_dictated_words_get_the_spaces_they_need(text: str, before: str, after: str, wanted: str) -> None:
    assert fitted(text, before, after) == wanted


@pytest.mark.parametrize(
    ("code", "button", "then"),
    [
        ("no-microphone", "Choose a microphone", None),
        ("unclear", "Try again", "retry"),
        ("speech-not-installed", "Try again", "retry"),
        ("model", "Choose another model", None),
        ("too-short", "", None),
    ],
)
def test_failure_is_one_sentence_with_the_way_on(
    qtbot: QtBot,
    window: MainWindow,
    voice: ScriptedVoice,
    asked: Asked,
    code: str,
    button: str,
    then: str | None,
) -> None:
    window.voice.show_pane(focus=True)
    voice.show(Talk(code=code, sentence="That did not work."))
    box = window.voice.pane.problem
    qtbot.waitUntil(box.isVisible, timeout=WAIT_MS)
    assert box.text.text() == "That did not work."
    assert (box.button.text() if box.button.isVisible() else "") == button
    assert problems(window.voice.pane) == []
    if button:
        box.button.click()
    if then is not None:
        asked(then)
    elif button:
        page = "speech_models_page" if code == "model" else "settings_page"
        assert window.findChild(QWidget, page) is not None
    voice.show(Talk(TalkState.ARMING))
    qtbot.waitUntil(lambda: not box.isVisible(), timeout=WAIT_MS)


def test_failure_without_the_pane_is_a_banner(qtbot: QtBot, window: MainWindow, voice: ScriptedVoice) -> None:
    voice.fails["press"] = MicrophoneError()
    QTest.mouseClick(window.composer.microphone_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "voice" in window.banners.codes(), timeout=WAIT_MS)
    buttons = [button.text() for button in window.banners.findChildren(QPushButton, "banner_button")]
    assert "Choose a microphone" in buttons


def test_sound_is_drawn_only_while_it_can_be_seen(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.voice.show_pane(focus=False)
    pane = window.voice.pane
    painted: list[Any] = []
    paint = type(pane.waveform).paintEvent
    monkeypatch.setattr(
        type(pane.waveform), "paintEvent", lambda self, event: (painted.append(1), paint(self, event))[1]
    )
    voice.show(Talk(TalkState.LISTENING))
    for level in range(10):
        voice.emit(AudioLevel(-30.0 + level, -20.0))
    qtbot.waitUntil(lambda: bool(painted), timeout=WAIT_MS)
    window.voice.hide_pane()
    QApplication.processEvents()
    painted.clear()
    for _level in range(10):
        voice.emit(AudioLevel(-20.0, -10.0))
    voice.emit(TranscriptPartial("x"))
    qtbot.waitUntil(lambda: pane.heard.label.text() == "x", timeout=WAIT_MS)
    assert painted == []


def test_where_the_time_went_is_shown_as_it_becomes_known(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice
) -> None:
    window.voice.show_pane(focus=False)
    line = window.voice.pane.findChild(QLabel, "talk_timings")
    voice.emit(TalkTimings(Timings(0.12, 0.34)))
    qtbot.waitUntil(lambda: line.text() == "sound\u00a00.12\u00a0s · text\u00a00.34\u00a0s", timeout=WAIT_MS)
    voice.emit(TalkTimings(Timings(0.12, 0.34, 0.84, 1.1, 1.38)))
    qtbot.waitUntil(lambda: line.text().endswith("first\u00a0voice\u00a01.38\u00a0s"), timeout=WAIT_MS)


def test_choices_of_the_pane_are_the_settings(qtbot: QtBot, window: MainWindow, voice: ScriptedVoice) -> None:
    window.voice.show_pane(focus=False)
    hands_free = window.voice.pane.findChild(QCheckBox, "voice_hands_free")
    language = window.voice.pane.findChild(QComboBox, "voice_language")
    assert not hands_free.isChecked()
    hands_free.click()
    language.setCurrentIndex(language.findData("zh"))
    language.activated.emit(language.currentIndex())
    assert language.currentText() == "Chinese"
    kept: dict[str, Any] = {}
    qtbot.waitUntil(lambda: not window.bridge.busy, timeout=WAIT_MS)
    window.bridge.ask(lambda api: api.settings(), kept.update, owner=window)
    qtbot.waitUntil(lambda: bool(kept), timeout=WAIT_MS)
    assert (kept["hands_free"], kept["speech_language"]) == (True, "zh")


def test_pane_lies_below_the_conversation_in_a_narrow_window(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(1300, 720)
    window.voice.show_pane(focus=False)
    pane = window.voice.pane
    assert window.splitter.indexOf(pane) == 2
    window.resize(640, 720)
    qtbot.waitUntil(lambda: window.splitter.indexOf(pane) < 0, timeout=WAIT_MS)
    assert pane.isVisible()
    window.resize(1300, 720)
    qtbot.waitUntil(lambda: window.splitter.indexOf(pane) == 2, timeout=WAIT_MS)
    assert pane.isVisible()


def test_state_stands_beside_the_button_in_a_very_small_window(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice
) -> None:
    """There is a banner as well, and what does not fit must not lie on something else."""
    window.banners.show_banner("pocket", "This is a small model that knows this app.")
    window.resize(480, 400)
    window.voice.show_pane(focus=True)
    pane = window.voice.pane
    voice.show(Talk(code="silence", sentence="No speech was heard, so nothing was sent."))
    voice.show(Talk(TalkState.LISTENING))
    state = pane.findChild(QLabel, "voice_title")
    qtbot.waitUntil(lambda: state.text().startswith("Listening"), timeout=WAIT_MS)
    shown = [pane.button, state, pane.findChild(QWidget, "voice_close")]
    places = [QRect(part.mapTo(pane, QPoint(0, 0)), part.size()) for part in shown]
    assert all(pane.rect().contains(place) for place in places)
    assert not any(one.intersects(other) for one, other in combinations(places, 2))
    window.resize(1300, 900)
    qtbot.waitUntil(lambda: state.text() == "Voice", timeout=WAIT_MS)


def test_way_on_of_a_banner_stands_below_its_sentence_where_it_is_narrow(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice
) -> None:
    window.resize(480, 400)
    voice.show(Talk(code="silence", sentence="No speech was heard, so nothing was sent."))
    qtbot.waitUntil(lambda: "voice" in window.banners.codes(), timeout=WAIT_MS)
    text, way_on = (window.banners.findChild(QWidget, f"banner_{name}") for name in ("text", "button"))
    qtbot.waitUntil(lambda: bottom_of(text) <= top_of(way_on), timeout=WAIT_MS)
    assert way_on.width() >= way_on.sizeHint().width()
    window.resize(1300, 720)
    qtbot.waitUntil(lambda: top_of(way_on) < bottom_of(text), timeout=WAIT_MS)


def top_of(part: QWidget) -> int:
    return part.mapToGlobal(QPoint(0, 0)).y()


def bottom_of(part: QWidget) -> int:
    return top_of(part) + part.height()


def test_pane_is_there_again_at_the_next_start(
    qtbot: QtBot, voice: ScriptedVoice, open_window: Callable[..., MainWindow]
) -> None:
    open_window().voice.show_pane(focus=False)
    again = open_window()
    assert again.voice.shown
    again.voice.hide_pane()
    assert not open_window().voice.shown


def test_whole_spoken_conversation_by_tab_space_and_enter(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice, asked: Asked
) -> None:
    """T17: by taps only, without ever holding a key."""
    window.actions_["voice"].trigger()
    pane = window.voice.pane
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Space)
    asked("press", "release")
    voice.show(Talk(TalkState.LISTENING, latched=True))
    qtbot.waitUntil(pane.button.isChecked, timeout=WAIT_MS)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Return)
    asked("press", "release", "press", "release")
    voice.emit(TranscriptFinal("what can you do", "en", 1.0, TalkTarget.CONVERSATION))
    voice.show(Talk(TalkState.REVIEW))
    qtbot.waitUntil(pane.heard.edit.hasFocus, timeout=WAIT_MS)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Tab)
    send = window.focusWidget()
    assert send is not None and send.accessibleName() == "Send"
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Space)
    asked("press", "release", "press", "release", "send")
    voice.show(Talk(TalkState.SPEAKING))
    pane.show_answer("m1", "I can calculate.")
    voice.emit(SpokenProgress("", "m1", speaking=True))
    stop = pane.findChild(QToolButton, "voice_stop")
    qtbot.waitUntil(stop.isVisible, timeout=WAIT_MS)
    for _step in range(40):
        if window.focusWidget() is stop:
            break
        QTest.keyClick(window.windowHandle(), Qt.Key.Key_Tab)
    assert window.focusWidget() is stop
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Space)
    asked("press", "release", "press", "release", "send", "hush")
