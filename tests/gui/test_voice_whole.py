"""Talking in the window with the real talk machine, conversation and model; only the devices are scripted."""

import asyncio
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from assistant_app import app_voice
from assistant_app.core.conversation import AudioTranscriptPart, Role
from assistant_app.core.voice import TalkState
from assistant_app.ui.main_window import MainWindow
from assistant_app.worker.service import AssistantService
from tests.fixtures.scripted_voice import ScriptedVoice
from tests.fixtures.scripted_voice_parts import ScriptedParts, silence
from tests.gui.test_shell_conversation import finished

WAIT_MS = 20_000
HOLD_MS = NEXT_TAP_MS = 400
"""Longer than a tap, and than the shortest recording."""
REAL_VOICE = AssistantService.voice


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch, voice: ScriptedVoice) -> ScriptedParts:
    """Devices of the real voice, which takes the place of the scripted one."""
    made = ScriptedParts()
    monkeypatch.setattr(AssistantService, "voice", REAL_VOICE)
    monkeypatch.setattr(app_voice, "DeviceVoiceParts", lambda *_arguments: made)
    return made


@pytest.fixture
def talking(qtbot: QtBot, parts: ScriptedParts, open_window: Callable[..., MainWindow]) -> MainWindow:
    """A window with the voice pane open and in use."""
    window = open_window(voice_review=False)
    window.actions_["voice"].trigger()
    return window


def state(window: MainWindow) -> TalkState:
    return window.voice.talker.talk.state


def on_worker(window: MainWindow, run: Callable[[], object]) -> None:
    """Run something where the devices live."""

    async def call() -> None:
        run()

    window.bridge.ask(lambda _api: call(), owner=window)


def hear(qtbot: QtBot, window: MainWindow, parts: ScriptedParts, count: int = 1) -> None:
    """Let the microphone hear something in the recording number `count`."""
    qtbot.waitUntil(lambda: len(parts.microphone.recordings) == count, timeout=WAIT_MS)
    on_worker(window, lambda: parts.microphone.recordings[-1].flow(silence(1.0)))
    qtbot.waitUntil(lambda: state(window) is TalkState.LISTENING, timeout=WAIT_MS)


def test_question_is_spoken_answered_and_read_aloud(
    qtbot: QtBot, talking: MainWindow, parts: ScriptedParts
) -> None:
    parts.recogniser.finals.append("What can you do?")
    window = talking.windowHandle()
    QTest.keyPress(window, Qt.Key.Key_Space)
    hear(qtbot, talking, parts)
    qtbot.wait(HOLD_MS)
    QTest.keyRelease(window, Qt.Key.Key_Space)
    pane = talking.voice.pane
    qtbot.waitUntil(lambda: pane.heard.label.text() == "What can you do?", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: finished(talking), timeout=WAIT_MS)
    question, answer = (shown.message for shown in talking.chat.view.messages)
    assert question.role is Role.USER
    assert isinstance(question.parts[0], AudioTranscriptPart)
    assert talking.findChild(QLabel, "messageSpoken").isVisible()
    qtbot.waitUntil(lambda: state(talking) is TalkState.IDLE, timeout=WAIT_MS)
    said = " ".join(text for text, _language in parts.speaker.said)
    assert said and said[:10] in answer.text
    assert pane.answer.message_id == answer.id
    assert pane.findChild(QLabel, "talk_timings").isVisible()
    assert pane.findChild(QWidget, "voice_replay").isVisible()


def test_tap_goes_on_listening_until_the_next_tap(
    qtbot: QtBot, talking: MainWindow, parts: ScriptedParts
) -> None:
    parts.recogniser.finals.append("What can you do?")
    window = talking.windowHandle()
    QTest.keyClick(window, Qt.Key.Key_Space)
    hear(qtbot, talking, parts)
    qtbot.waitUntil(lambda: talking.voice.talker.talk.latched, timeout=WAIT_MS)
    qtbot.wait(NEXT_TAP_MS)
    QTest.keyClick(window, Qt.Key.Key_Return)
    label = talking.voice.pane.heard.label
    qtbot.waitUntil(lambda: label.text() == "What can you do?", timeout=WAIT_MS)
    assert len(parts.microphone.recordings) == 1


def test_release_and_press_within_50_ms_are_one_recording(
    qtbot: QtBot, talking: MainWindow, parts: ScriptedParts
) -> None:
    at = asyncio.new_event_loop().time()  # monotonic, as presses are stamped
    parts.recogniser.finals.append("Hello")
    talker = talking.voice.talker
    talker.press("key", at)
    hear(qtbot, talking, parts)
    talker.release("key", at + 0.6)
    talker.press("key", at + 0.64)
    talker.release("key", at + 1.2)
    qtbot.waitUntil(lambda: talking.voice.pane.heard.label.text() == "Hello", timeout=WAIT_MS)
    assert len(parts.microphone.recordings) == 1
    assert parts.recogniser.jobs.count("final") == 1


def test_escape_throws_the_recording_away(qtbot: QtBot, talking: MainWindow, parts: ScriptedParts) -> None:
    QTest.keyClick(talking.windowHandle(), Qt.Key.Key_Space)
    hear(qtbot, talking, parts)
    qtbot.waitUntil(talking.actions_["stop"].isEnabled, timeout=WAIT_MS)
    talking.actions_["stop"].trigger()
    qtbot.waitUntil(lambda: state(talking) is TalkState.IDLE, timeout=WAIT_MS)
    assert parts.microphone.recordings[0].dropped
    assert talking.chat.view.messages == ()


def test_without_a_speech_model_the_pane_says_where_to_get_one(
    qtbot: QtBot, parts: ScriptedParts, open_window: Callable[..., MainWindow]
) -> None:
    parts.model_path = ""
    window = open_window()
    window.actions_["voice"].trigger()
    box = window.voice.pane.problem
    qtbot.waitUntil(box.isVisible, timeout=WAIT_MS)
    assert box.button.text() == "Get a speech model"
    heading, hint = (window.voice.pane.findChild(QLabel, name) for name in ("talk_state", "talk_hint"))
    assert (heading.text(), hint.text()) == ("Not set up yet", "")

    def disc() -> str:
        picture = window.voice.pane.button.grab().toImage()
        return picture.pixelColor(picture.width() // 4, picture.height() // 2).name()

    assert disc() == window.theme.colors.raised
    parts.model_path = "/models/pocket.pt"
    for _hidden_and_shown in range(2):
        window.actions_["voice"].trigger()
    qtbot.waitUntil(lambda: not box.isVisible(), timeout=WAIT_MS)
    assert heading.text() == "Ready"
    assert hint.text().startswith("Hold Space")
    assert disc() == window.theme.colors.accent


def test_dictation_is_not_sent(
    qtbot: QtBot, parts: ScriptedParts, open_window: Callable[..., MainWindow]
) -> None:
    parts.recogniser.finals.append("buy milk")
    window = open_window()
    window.composer.microphone_button.setFocus()
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Space)
    hear(qtbot, window, parts)
    qtbot.waitUntil(lambda: window.voice.talker.talk.latched, timeout=WAIT_MS)
    qtbot.wait(NEXT_TAP_MS)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.composer.text() == "buy milk", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: state(window) is TalkState.IDLE, timeout=WAIT_MS)
    assert window.chat.view.messages == ()
    assert not window.voice.shown
