"""The Voice tab of the settings, reading aloud in the conversation, sound files for the window."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QLocale, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QKeySequenceEdit, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from assistant_app import i18n
from assistant_app.core.events import SpokenProgress, TextDelta, TranscriptFinal, TurnStarted
from assistant_app.core.voice import Talk, TalkState, TalkTarget
from assistant_app.paths import Paths
from assistant_app.settings import Settings
from assistant_app.store.store import Store
from assistant_app.ui.main_window import MainWindow
from assistant_app.ui.pages.key_field import refusal
from assistant_app.ui.pages.settings_page import SettingsPage
from assistant_app.ui.voice.languages import CODES, name_of
from assistant_app.ui.voice.sound_files import is_sound
from scripts.language_names import names
from tests.fixtures.chats import conversation, said
from tests.fixtures.scripted_voice import ScriptedVoice

WAIT_MS = 10_000


def open_tab(qtbot: QtBot, window: MainWindow) -> SettingsPage:
    page = window.pages.open("settings", tab="voice")
    assert isinstance(page, SettingsPage)
    qtbot.waitUntil(lambda: not window.bridge.busy, timeout=WAIT_MS)
    return page


def stored(qtbot: QtBot, page: SettingsPage, window: MainWindow) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    page.close()
    window.bridge.ask(lambda api: api.settings(), kept.update, owner=window)
    qtbot.waitUntil(lambda: bool(kept), timeout=WAIT_MS)
    return kept


def choose(box: QComboBox, value: str) -> None:
    index = box.findData(value)
    assert index >= 0
    box.setCurrentIndex(index)
    box.activated.emit(index)


def test_microphone_language_and_voices_are_chosen_from_what_is_there(
    qtbot: QtBot, window: MainWindow
) -> None:
    page = open_tab(qtbot, window)
    microphone = page.findChild(QComboBox, "setting_microphone")
    assert [microphone.itemText(i) for i in range(microphone.count())] == [
        "The system's own",
        "Built-in",
        "Headset",
    ]
    choose(microphone, "Headset|ALSA")
    choose(page.findChild(QComboBox, "setting_speech_language"), "zh")
    english = page.findChild(QComboBox, "voice_en")
    assert [english.itemData(i) for i in range(english.count())] == ["", "en-1", "en-2"]
    choose(english, "en-2")
    kept = stored(qtbot, page, window)
    assert (kept["microphone"], kept["speech_language"], kept["speak_voices"]) == (
        "Headset|ALSA",
        "zh",
        {"en": "en-2"},
    )


def test_microphone_that_is_not_connected_stays_chosen(
    qtbot: QtBot, open_window: Callable[..., MainWindow]
) -> None:
    page = open_tab(qtbot, open_window(microphone="Desk|ALSA"))
    box = page.findChild(QComboBox, "setting_microphone")
    assert box.currentText() == "Desk (not connected)"
    assert box.currentData() == "Desk|ALSA"


def test_without_voices_the_page_says_what_to_install(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice
) -> None:
    voice.voice_rows = ()
    page = open_tab(qtbot, window)
    note = page.findChild(QWidget, "setting_speak_voices").findChild(QLabel)
    assert "espeak-ng" in note.text()


def test_talk_key_is_chosen_by_pressing_it(qtbot: QtBot, window: MainWindow, voice: ScriptedVoice) -> None:
    page = open_tab(qtbot, window)
    field = page.findChild(QWidget, "setting_talk_key")
    edit = field.findChild(QKeySequenceEdit)
    assert edit.keySequence() == QKeySequence("F8")
    edit.setFocus()
    QTest.keyClick(edit, Qt.Key.Key_F9)
    edit.editingFinished.emit()
    assert stored(qtbot, page, window)["talk_key"] == "F9"
    QTest.keyPress(window.windowHandle(), Qt.Key.Key_F9)
    QTest.keyRelease(window.windowHandle(), Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: voice.names() == ["press", "release"], timeout=WAIT_MS)


@pytest.mark.parametrize(
    ("keys", "refused"),
    [
        ("", ""),
        ("F8", ""),
        ("Shift+F5", ""),
        ("Ctrl+Space", ""),
        ("Pause", ""),
        ("Ctrl+N", "New conversation"),
        ("F2", "Rename"),
        ("V", "typing"),
        ("Space", "typing"),
        ("Return", "typing"),
        ("Shift+A", "typing"),
    ],
)
def test_keys_that_are_needed_are_refused_with_a_reason(keys: str, refused: str) -> None:
    assert (refused in refusal(keys)) if refused else not refusal(keys)


def test_every_language_has_a_name_in_both_languages_of_the_window() -> None:
    for language in i18n.LANGUAGES:
        QLocale.setDefault(QLocale(language))
        assert {code: name_of(code) for code in CODES} == names(language)
    QLocale.setDefault(QLocale("en"))
    assert name_of("zh-CN") == "Chinese"


def test_choices_of_voice_settings_are_in_words(qtbot: QtBot, window: MainWindow) -> None:
    page = open_tab(qtbot, window)
    for name in ("microphone_warm", "talk_mode", "speak_answers"):
        box = page.findChild(QComboBox, f"setting_{name}")
        assert all(box.itemText(i) != box.itemData(i) for i in range(box.count())), name
    assert Settings().talk_key == "F8"


@pytest.fixture
def chat_window(qtbot: QtBot, paths: Paths, open_window: Callable[..., MainWindow]) -> MainWindow:
    """A window with a question and an answer."""
    store = Store.open(paths)
    made = conversation(store, "Sky")
    said(store, made.id, "Why is the sky blue?", "Because of Rayleigh.")
    store.close()
    window = open_window()
    window.logic.open_conversation(made.id)
    qtbot.waitUntil(lambda: len(window.chat.view.messages) == 2, timeout=WAIT_MS)
    qtbot.wait(50)
    return window


def test_answer_is_read_aloud_and_silenced_from_its_actions(
    qtbot: QtBot, chat_window: MainWindow, voice: ScriptedVoice
) -> None:
    answer = chat_window.chat.last_answer()
    assert answer is not None

    def button(action: str) -> QToolButton | None:
        return chat_window.findChild(QToolButton, f"{action}Button-{answer.id}")

    qtbot.waitUntil(lambda: button("readAloud") is not None, timeout=WAIT_MS)
    button("readAloud").click()
    qtbot.waitUntil(lambda: ("say", answer.id) in voice.calls, timeout=WAIT_MS)
    voice.emit(SpokenProgress(answer.conversation_id, answer.id, speaking=True))
    qtbot.waitUntil(lambda: button("hush") is not None, timeout=WAIT_MS)
    assert chat_window.actions_["stop"].isEnabled()
    button("hush").click()
    qtbot.waitUntil(lambda: ("hush",) in voice.calls, timeout=WAIT_MS)
    voice.emit(SpokenProgress(answer.conversation_id, answer.id, speaking=False))
    qtbot.waitUntil(lambda: not chat_window.actions_["stop"].isEnabled(), timeout=WAIT_MS)
    question = chat_window.chat.view.messages[0].message
    assert chat_window.findChild(QToolButton, f"readAloudButton-{question.id}") is None


def test_answer_to_spoken_words_stands_in_the_pane_as_it_is_written(
    qtbot: QtBot, chat_window: MainWindow, voice: ScriptedVoice
) -> None:
    here = chat_window.chat.conversation_id
    voice.show(Talk(TalkState.ARMING))
    voice.emit(TranscriptFinal("and at night?", "en", 1.0, TalkTarget.CONVERSATION))
    answer = replace(chat_window.chat.last_answer(), id="new", parts=())
    voice.emit(TurnStarted(here, answer))
    for piece in ("At **night** ", "it is dark."):
        voice.emit(TextDelta(here, "new", piece))
    qtbot.waitUntil(lambda: chat_window.voice.pane is not None, timeout=WAIT_MS)
    label = chat_window.voice.pane.answer.label
    qtbot.waitUntil(lambda: label.text() == "At night it is dark.", timeout=WAIT_MS)


def test_typed_question_does_not_appear_in_the_pane(
    qtbot: QtBot, chat_window: MainWindow, voice: ScriptedVoice
) -> None:
    here = chat_window.chat.conversation_id
    chat_window.voice.show_pane(focus=False)
    voice.emit(TurnStarted(here, replace(chat_window.chat.last_answer(), id="new", parts=())))
    voice.emit(TextDelta(here, "new", "typed"))
    qtbot.waitUntil(lambda: not chat_window.bridge.busy, timeout=WAIT_MS)
    assert chat_window.voice.pane.answer.message_id == ""


def test_window_goes_to_the_conversation_that_the_first_words_made(
    qtbot: QtBot, window: MainWindow, paths: Paths, voice: ScriptedVoice
) -> None:
    window.logic.new_conversation()
    qtbot.waitUntil(lambda: window.chat.conversation_id == "", timeout=WAIT_MS)
    window.composer.edit.setPlainText("a draft")
    store = Store.open(paths)
    made = conversation(store, "Spoken")
    _question, answer = said(store, made.id, "Hello?", "Hello!")
    store.close()
    voice.show(Talk(TalkState.ARMING))
    voice.emit(TurnStarted(made.id, answer))
    qtbot.waitUntil(lambda: window.chat.conversation_id == made.id, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: len(window.chat.view.messages) == 2, timeout=WAIT_MS)
    assert window.composer.text() == "a draft"


def test_sound_files_are_known_by_their_names() -> None:
    assert is_sound("/a/Meeting.MP3")
    assert is_sound("x.wav")
    assert not is_sound("x.gguf")
    assert not is_sound("wav")


def test_dropped_recording_opens_the_page_that_transcribes_it(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    monkeypatch.setattr(window.pages, "open", lambda page, **given: opened.append((page, given)))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/tmp/talk.ogg"), QUrl.fromLocalFile("/tmp/other.txt")])
    window.dropEvent(
        QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    qtbot.waitUntil(lambda: opened == [("transcript", {"path": Path("/tmp/talk.ogg")})], timeout=WAIT_MS)


def test_fresh_window_has_imported_nothing_of_voice(paths: Paths) -> None:
    """T11: no sound library, no recogniser, no multimedia, no text-to-speech before voice is used."""
    code = """
import sys
sys.argv = ["assistant-app"]
from PySide6.QtCore import QTimer
from assistant_app.ui.main_window import MainWindow
shown = MainWindow.showEvent
def watched(self, event):
    shown(self, event)
    QTimer.singleShot(2500, self.close)
MainWindow.showEvent = watched
from assistant_app.__main__ import main
code = main([])
heavy = {"sounddevice", "soxr", "soundfile", "numpy", "torch", "whisper", "silero_vad", "jeepney", "pynput",
         "PySide6.QtMultimedia", "PySide6.QtTextToSpeech"} & set(sys.modules)
print(code, sorted(heavy))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "0 []", done.stderr
