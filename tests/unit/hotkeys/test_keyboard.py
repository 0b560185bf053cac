"""Watching the keyboard: where it cannot be done it is not tried, and the reason is said."""

import asyncio
import sys

import pytest

from assistant_app.core.hotkeys import HotkeyError
from assistant_app.speech.hotkeys import pynput_keys
from assistant_app.speech.hotkeys.pynput_keys import PynputHotkey


async def reason() -> str:
    hotkey = PynputHotkey()
    with pytest.raises(HotkeyError) as error:
        await hotkey.start("F9", lambda _at: None, lambda _at: None, lambda _error: None)
    await hotkey.stop()
    return error.value.sentence()


async def test_wayland_session_is_not_watched_even_with_an_x_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert "In a Wayland session no program may watch" in await reason()
    monkeypatch.delenv("WAYLAND_DISPLAY")
    monkeypatch.setenv("XDG_SESSION_TYPE", "wayland")
    assert "In a Wayland session no program may watch" in await reason()


async def test_no_display_and_no_library_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    assert "no display" in await reason()
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert "pip install pynput" in await reason()


async def test_display_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str) -> None:
        raise ImportError("this platform is not supported\nTry one of these")

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(pynput_keys.importlib, "import_module", refuse)
    assert "cannot be watched: this platform is not supported." in await reason()


async def test_macos_keyboard_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "On macOS" in await reason()


class Taps:
    """A PynputHotkey for Ctrl+Space whose keys a test moves."""

    def __init__(self) -> None:
        self.told: list[tuple[str, float]] = []
        self.hotkey = PynputHotkey()
        self.hotkey._wanted = frozenset({"ctrl", "space"})
        self.hotkey._on_press = lambda at: self.told.append(("press", at))
        self.hotkey._on_release = lambda at: self.told.append(("release", at))

    def move(self, key: str, down: bool, at: float) -> None:
        self.hotkey._took(key, down, at)

    async def ended(self) -> None:
        """Wait until a release can be no repetition any more."""
        while self.hotkey._ending is not None:
            await asyncio.sleep(0.01)


async def test_pairs_of_release_and_press_are_repetitions_however_late_they_are_handled() -> None:
    taps = Taps()
    taps.move("ctrl", True, 1.0)
    taps.move("space", True, 1.1)
    for number in range(40):
        at = 1.5 + number * 0.03
        taps.move("space", False, at)
        taps.move("space", True, at)
    taps.move("space", False, 3.0)
    await taps.ended()
    taps.move("ctrl", False, 3.1)
    assert taps.told == [("press", 1.1), ("release", 3.0)]


async def test_second_press_ends_the_first_one_before_its_own() -> None:
    taps = Taps()
    taps.move("ctrl", True, 1.0)
    taps.move("space", True, 1.1)
    taps.move("space", False, 1.2)
    taps.move("space", True, 1.3)  # handled in the same moment: the loop was busy
    assert taps.told == [("press", 1.1), ("release", 1.2), ("press", 1.3)]


async def test_half_of_the_keys_is_nothing() -> None:
    taps = Taps()
    taps.move("space", True, 1.0)
    taps.move("space", False, 1.1)
    taps.move("ctrl", True, 1.2)
    taps.move("ctrl", False, 1.3)
    assert taps.told == []


async def test_modifier_that_goes_up_first_ends_the_press() -> None:
    taps = Taps()
    taps.move("ctrl", True, 1.0)
    taps.move("space", True, 1.1)
    taps.move("ctrl", False, 2.0)
    await taps.ended()
    taps.move("space", False, 2.5)
    assert taps.told == [("press", 1.1), ("release", 2.0)]
