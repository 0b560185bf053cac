"""Our notation of a key ("Ctrl+Alt+Space", "F9"), and what others call the same key."""

import re
from dataclasses import dataclass

from assistant_app.core.hotkeys import HotkeyError
from assistant_app.core.text import N_

MODIFIERS = ("Ctrl", "Alt", "Shift", "Meta")
"""In the order in which they are written; Meta is the key with the logo."""

_PORTAL_MODIFIERS = {"Ctrl": "CTRL", "Alt": "ALT", "Shift": "SHIFT", "Meta": "LOGO"}

# Ours: (name of the keysym, name in pynput)
_NAMED = {
    "Space": ("space", "space"),
    "Tab": ("Tab", "tab"),
    "Return": ("Return", "enter"),
    "Enter": ("KP_Enter", "enter"),
    "Esc": ("Escape", "esc"),
    "Backspace": ("BackSpace", "backspace"),
    "Ins": ("Insert", "insert"),
    "Del": ("Delete", "delete"),
    "Home": ("Home", "home"),
    "End": ("End", "end"),
    "PgUp": ("Prior", "page_up"),
    "PgDown": ("Next", "page_down"),
    "Left": ("Left", "left"),
    "Right": ("Right", "right"),
    "Up": ("Up", "up"),
    "Down": ("Down", "down"),
    "Pause": ("Pause", "pause"),
    "ScrollLock": ("Scroll_Lock", "scroll_lock"),
    "Print": ("Print", "print_screen"),
    "Menu": ("Menu", "menu"),
    "Media Play": ("XF86AudioPlay", "media_play_pause"),
    "Media Next": ("XF86AudioNext", "media_next"),
    "Media Previous": ("XF86AudioPrev", "media_previous"),
}
_SIGNS = {
    ",": "comma",
    ".": "period",
    "-": "minus",
    "+": "plus",
    "=": "equal",
    ";": "semicolon",
    "'": "apostrophe",
    "`": "grave",
    "/": "slash",
    "\\": "backslash",
    "[": "bracketleft",
    "]": "bracketright",
    "<": "less",
    "#": "numbersign",
}
_FUNCTION = re.compile(r"F([1-9]|[12][0-9]|3[0-5])")


@dataclass(frozen=True, slots=True)
class Sequence:
    """One key and the modifiers that are held with it."""

    modifiers: frozenset[str]
    key: str
    """A name of `_NAMED`, "F1" to "F35", a capital letter, a digit or a sign."""

    @property
    def text(self) -> str:
        """Our notation."""
        return "+".join([*(name for name in MODIFIERS if name in self.modifiers), self.key])

    @property
    def trigger(self) -> str:
        """The notation of the XDG shortcuts specification: modifiers, then the name of a keysym."""
        if self.key in _NAMED:
            key = _NAMED[self.key][0]
        else:
            key = _SIGNS.get(self.key, self.key.lower() if len(self.key) == 1 else self.key)
        return "+".join([*(_PORTAL_MODIFIERS[name] for name in MODIFIERS if name in self.modifiers), key])

    @property
    def pynput_key(self) -> str:
        """The name of a member of pynput's Key, or one character."""
        return _NAMED[self.key][1] if self.key in _NAMED else self.key.lower()


def parse(keys: str) -> Sequence:
    """Return what a key's notation means. Raises HotkeyError for what is none, or no key for everywhere."""
    rest, modifiers = keys.strip(), set[str]()
    while True:
        name, plus, after = rest.partition("+")
        if name not in MODIFIERS or not plus or not after:
            break
        modifiers.add(name)
        rest = after
    known = rest in _NAMED or rest in _SIGNS or _FUNCTION.fullmatch(rest)
    if not known and not (len(rest) == 1 and rest.isascii() and rest.isalnum()):
        raise HotkeyError(N_("“{keys}” is not a key that can be used everywhere."), keys=keys)
    return Sequence(frozenset(modifiers), rest.upper() if len(rest) == 1 else rest)
