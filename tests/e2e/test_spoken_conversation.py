"""The whole way: a voice speaks into the microphone while a key is held, and the answer is heard.

Real: window, X server, keyboard, sound server, microphone, Whisper, model, tool, database, voice. Only the
loudspeaker and the microphone are sinks of the sound server instead of devices.
"""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.driver import Application, Screen, wait_for
from tests.fixtures.virtual_sound import VirtualSound, virtual_sound_server

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


def test_question_is_spoken_understood_calculated_kept_and_answered_aloud(
    talking: Application, screen: Screen, sound: VirtualSound
) -> None:
    window = screen.wait_for_window(talking.start())
    screen.xdotool("windowactivate", "--sync", window)
    screen.press("ctrl+shift+v")
    with sound.recorder() as loudspeaker:
        ended = speak_while_held(screen, sound, "F8", "What is 12 plus 7?")
        wait_for("the answer", lambda: parts(talking, "assistant"))
        loudspeaker.wait_for_sound(since=ended)
    question, answer = parts(talking, "user"), parts(talking, "assistant")
    assert [(part["type"], part["text"]) for part in question] == [("audio_transcript", "What is 12 plus 7?")]
    assert [part["name"] for part in answer if part["type"] == "tool_call"] == ["calculator"]
    assert any(str(part.get("content", "")).endswith("= 19") for part in answer)
    assert "19" in "".join(str(part["text"]) for part in answer if part["type"] == "text")
