"""The key everywhere in the window: it talks into the conversation that is shown, and says if it cannot."""

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from assistant_app.core.events import HotkeyChanged, HotkeyUsed
from assistant_app.core.hotkeys import HotkeyState
from assistant_app.ui.main_window import MainWindow
from tests.fixtures.scripted_voice import ScriptedVoice

WAIT_MS = 10_000


def banners(window: MainWindow) -> list[str]:
    """Return what the banners of the window say."""
    texts = [label.text() for label in window.banners.findChildren(QLabel) if label.isVisibleTo(window)]
    return [text for text in texts if len(text) > 3]


def test_key_everywhere_talks_into_the_conversation_that_is_shown(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice
) -> None:
    voice.emit(HotkeyUsed("press", 5.0))
    voice.emit(HotkeyUsed("release", 6.0))
    qtbot.waitUntil(lambda: voice.names() == ["press", "release"], timeout=WAIT_MS)
    (_press, down, conversation, _target), (_release, up) = voice.calls[-2:]
    assert (down, conversation, up) == (5.0, window.chat.conversation_id, 6.0)


def test_key_that_is_lost_while_held_ends_the_recording(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice
) -> None:
    voice.emit(HotkeyUsed("press", 5.0))
    voice.emit(HotkeyUsed("lost", 6.0))
    qtbot.waitUntil(lambda: voice.names() == ["press", "lost"], timeout=WAIT_MS)


def test_key_that_cannot_work_says_so_before_it_is_pressed(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice
) -> None:
    voice.emit(HotkeyChanged(HotkeyState("F9", "", "No portal. Use the command.")))
    qtbot.waitUntil(lambda: "No portal. Use the command." in banners(window), timeout=WAIT_MS)
    voice.emit(HotkeyChanged(HotkeyState("F9", "portal", "It works.")))
    qtbot.waitUntil(lambda: "No portal. Use the command." not in banners(window), timeout=WAIT_MS)


def test_commands_of_another_program_reach_the_voice(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice
) -> None:
    for verb in ("start", "toggle", "stop"):
        window.voice.talker.command(verb)
    qtbot.waitUntil(lambda: voice.names() == ["start", "toggle", "finish"], timeout=WAIT_MS)


def test_settings_say_whether_the_key_works(qtbot: QtBot, window: MainWindow, voice: ScriptedVoice) -> None:
    page = window.pages.open("settings", tab="voice")
    qtbot.waitUntil(lambda: page.findChild(QLabel, "hotkey_state") is not None, timeout=WAIT_MS)
    label = page.findChild(QLabel, "hotkey_state")
    assert label.isHidden()
    voice.emit(HotkeyChanged(HotkeyState("F9", "", "No portal. Use the command.")))
    qtbot.waitUntil(lambda: label.text() == "No portal. Use the command.", timeout=WAIT_MS)
    assert label.property("role") == "danger"
    voice.emit(HotkeyChanged(HotkeyState("F9", "portal", "It works.")))
    qtbot.waitUntil(lambda: label.text() == "It works.", timeout=WAIT_MS)
    assert label.property("role") == "muted"
