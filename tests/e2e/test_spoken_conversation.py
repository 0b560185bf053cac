"""The whole way: a voice speaks into the microphone while a key is held, and the answer is heard.

Real: window, X server, keyboard, sound server, microphone, Whisper, model, tool, database, voice. Only the
loudspeaker and the microphone are sinks of the sound server instead of devices.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.e2e.driver import Application, Screen, wait_for
from tests.fixtures.virtual_sound import Recorder, VirtualSound, virtual_sound_server

VOICE = "en-us+m3"
WORDS_PER_MINUTE = 150


@pytest.fixture
def sound() -> Iterator[VirtualSound]:
    """A microphone and a loudspeaker of one's own."""
    with virtual_sound_server() as server:
        yield server


@pytest.fixture
def talking(desktop: Application, sound: VirtualSound, pocket_whisper: str) -> Application:
    """A profile with a speech model, whose devices are the virtual ones."""
    desktop.environment.update(sound.pulse, XDG_RUNTIME_DIR=sound.environment["XDG_RUNTIME_DIR"])
    desktop.configure(first_run_done=True, speech_model=pocket_whisper, speech_model_paths=[pocket_whisper])
    return desktop


def parts(application: Application, role: str) -> list[dict[str, object]]:
    """Return the parts of the finished messages of a role."""
    rows = application.messages()
    finished = [row for row in rows if row["role"] == role and row["state"] == "done"]
    return [part for row in finished for part in json.loads(row["parts"])]


def speak_while_held(screen: Screen, sound: VirtualSound, key: str, text: str) -> float:
    """Hold the key, speak once the microphone is open, let go; return the monotonic time of the end."""
    screen.xdotool("keydown", key)
    wait_for("the microphone", lambda: sound.listeners)
    spoken = sound.speak(text, VOICE, WORDS_PER_MINUTE)
    screen.xdotool("keyup", key)
    return spoken.ended


def speak_between_taps(screen: Screen, sound: VirtualSound, text: str) -> float:
    """Tap Space, speak once the microphone is open, tap Space again; return the time of the end."""
    screen.press("space")
    wait_for("the microphone", lambda: sound.listeners)
    spoken = sound.speak(text, VOICE, WORDS_PER_MINUTE)
    screen.press("space")
    return spoken.ended


def open_voice(application: Application, screen: Screen) -> None:
    """Start the window and open its voice pane."""
    screen.xdotool("windowactivate", "--sync", screen.wait_for_window(application.start()))
    screen.press("ctrl+shift+v")


def speech_engines(application: Application) -> list[int]:
    """Return the speech engine processes of the application's window."""
    window = psutil.Process(application.processes[0].pid)
    found = []
    for child in window.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            words = child.cmdline()
            if "--engine" in words and "speech" in words and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child.pid)
    return found


def log_of(application: Application) -> str:
    """Return what the application has written into its log."""
    log = application.home / "logs" / "assistant.log"
    return log.read_text(encoding="utf-8") if log.exists() else ""


def draft_of(application: Application) -> str:
    """Return what stands in the message box."""
    return "".join(row["text"] for row in application.rows("SELECT text FROM draft"))


def quiet_for(recorder: Recorder, seconds: float) -> bool:
    """Tell whether nothing has sounded for so long."""
    recorder.wait_for(now := time.monotonic())
    heard = recorder.loud()
    return heard is not None and heard[1] < now - seconds


def test_question_is_spoken_understood_calculated_kept_and_answered_aloud(
    talking: Application, screen: Screen, sound: VirtualSound
) -> None:
    open_voice(talking, screen)
    with sound.recorder() as loudspeaker:
        ended = speak_while_held(screen, sound, "F8", "What is 12 plus 7?")
        wait_for("the answer", lambda: parts(talking, "assistant"))
        loudspeaker.wait_for_sound(since=ended)
    question, answer = parts(talking, "user"), parts(talking, "assistant")
    assert [(part["type"], part["text"]) for part in question] == [("audio_transcript", "What is 12 plus 7?")]
    assert [part["name"] for part in answer if part["type"] == "tool_call"] == ["calculator"]
    assert any(str(part.get("content", "")).endswith("= 19") for part in answer)
    assert "19" in "".join(str(part["text"]) for part in answer if part["type"] == "text")


def test_press_while_it_speaks_silences_it_and_keeps_only_what_was_heard(
    talking: Application, screen: Screen, sound: VirtualSound
) -> None:
    open_voice(talking, screen)
    with sound.recorder() as loudspeaker:
        asked = speak_while_held(screen, sound, "F8", "What can you do?")
        wait_for("the answer", lambda: parts(talking, "assistant"))
        [whole] = talking.texts("assistant")
        began = loudspeaker.wait_for_sound(since=asked)
        # Some words have been heard by then, and many have not.
        loudspeaker.wait_for(began + 2.0)
        screen.xdotool("keydown", "F8")
        wait_for("the cut answer", lambda: talking.texts("assistant") != [whole])
        # The sound server plays to its end what it had before the press.
        silent_from = time.monotonic() + 0.3
        loudspeaker.wait_for(silent_from + 1.0)
        assert loudspeaker.loud(since=silent_from) is None
        screen.xdotool("keyup", "F8")
    [kept] = talking.texts("assistant")
    heard = kept.removesuffix(" —")
    assert heard != kept
    assert heard and whole.startswith(heard) and heard != whole


def test_killed_speech_engine_is_started_again_and_loses_no_word(
    talking: Application, screen: Screen, sound: VirtualSound
) -> None:
    """The first death is made good at once; after the second one the recording waits for "Try again"."""
    open_voice(talking, screen)
    speak_while_held(screen, sound, "F8", "What is 12 plus 7?")
    wait_for("the first answer", lambda: parts(talking, "assistant"))
    [first] = speech_engines(talking)
    os.kill(first, signal.SIGSTOP)
    speak_while_held(screen, sound, "F8", "What is 5 times 7?")
    os.kill(first, signal.SIGKILL)
    [second] = wait_for("another one", lambda: [pid for pid in speech_engines(talking) if pid != first])
    os.kill(second, signal.SIGKILL)
    wait_for("the failure", lambda: "not recognised" in log_of(talking))
    assert len(parts(talking, "user")) == 1
    # The talk button has the keyboard; the way on comes after it.
    screen.press("Tab")
    screen.press("space")
    wait_for("the second answer", lambda: len(talking.texts("assistant")) == 2)
    assert talking.texts("user") == ["What is 12 plus 7?", "What is 5 times 7?"]


def test_whole_conversation_by_keyboard_without_holding_a_key(
    talking: Application, screen: Screen, sound: VirtualSound, pocket_whisper: str
) -> None:
    """T17: Space starts and ends, Ctrl+Enter sends what was checked, Tab reaches "Read aloud"."""
    model = {"speech_model": pocket_whisper, "speech_model_paths": [pocket_whisper]}
    talking.configure(first_run_done=True, voice_review=True, **model)
    open_voice(talking, screen)
    with sound.recorder() as loudspeaker:
        asked = speak_between_taps(screen, sound, "What is 12 plus 7?")

        def sent() -> bool:
            # It does nothing until the text waits for it.
            screen.press("ctrl+Return")
            return bool(parts(talking, "user"))

        wait_for("the question", sent)
        wait_for("the answer", lambda: parts(talking, "assistant"))
        loudspeaker.wait_for_sound(since=asked)
        wait_for("the end of the reading", lambda: quiet_for(loudspeaker, 1.5))
        again = time.monotonic()
        screen.press("Tab")
        screen.press("space")
        loudspeaker.wait_for_sound(since=again)
    assert [part["text"] for part in parts(talking, "user")] == ["What is 12 plus 7?"]
    assert any("19" in str(part.get("text", "")) for part in parts(talking, "assistant"))


def test_dictated_words_go_where_the_cursor_is(
    talking: Application, screen: Screen, sound: VirtualSound
) -> None:
    """The microphone of the message box, reached with Tab."""
    window = screen.wait_for_window(talking.start())
    screen.type(window, "Before. After.")
    wait_for("the draft", lambda: "After." in draft_of(talking))
    screen.xdotool("key", "--delay", "15", *["Left"] * len("After."))
    screen.xdotool("key", "--delay", "15", "Tab", "Tab")
    speak_between_taps(screen, sound, "What is 12 plus 7?")
    wait_for("the words", lambda: "12" in draft_of(talking))
    # The message box has the keyboard again.
    screen.press("Return")
    wait_for("the message", lambda: talking.texts("user"))
    assert talking.texts("user") == ["Before. What is 12 plus 7? After."]
