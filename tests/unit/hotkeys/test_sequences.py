"""The notation of keys, and what others call them."""

import pytest

from assistant_app.core.hotkeys import HotkeyError
from assistant_app.speech.hotkeys.sequences import parse


@pytest.mark.parametrize(
    ("keys", "trigger", "pynput_key"),
    [
        ("Ctrl+Alt+Space", "CTRL+ALT+space", "space"),
        ("F9", "F9", "f9"),
        ("Meta+Shift+H", "SHIFT+LOGO+h", "h"),
        ("Ctrl++", "CTRL+plus", "+"),
        ("Alt+PgUp", "ALT+Prior", "page_up"),
        ("Media Play", "XF86AudioPlay", "media_play_pause"),
        ("Shift+ScrollLock", "SHIFT+Scroll_Lock", "scroll_lock"),
    ],
)
def test_key_has_a_name_everywhere(keys: str, trigger: str, pynput_key: str) -> None:
    sequence = parse(keys)
    assert sequence.trigger == trigger
    assert sequence.pynput_key == pynput_key
    assert parse(sequence.text) == sequence


@pytest.mark.parametrize("keys", ["", "Ctrl", "Ctrl+", "Ctrl+Ctrl", "F36", "Hyper+A", "Ctrl+é", "Ctrl+A, B"])
def test_what_is_no_key_is_refused_with_its_name(keys: str) -> None:
    with pytest.raises(HotkeyError) as error:
        parse(keys)
    assert f"“{keys}” is not a key" in error.value.sentence()
