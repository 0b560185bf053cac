"""The key everywhere by watching the keyboard with pynput: X11 and Windows, the optional extra `hotkey`."""

import asyncio
import importlib.util
import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from assistant_app.core.hotkeys import HotkeyError
from assistant_app.core.text import N_
from assistant_app.speech.hotkeys.sequences import Sequence, parse

log = logging.getLogger(__name__)

ON_WAYLAND = N_("In a Wayland session no program may watch the keyboard.")
ON_MACOS = N_("On macOS the keyboard is not watched from here.")
NO_DISPLAY = N_("There is no display here whose keyboard could be watched.")
MISSING = N_("The library pynput, which watches the keyboard, is not installed (pip install pynput).")
FAILED = N_("The keyboard cannot be watched: {reason}.")
UNKNOWN = N_("The key {keys} cannot be watched for on this keyboard.")

_REPEAT_S = 0.05
"""How long a release waits for the press that makes it a repetition: X11 repeats a held key in such pairs."""
_START_S = 5.0


class PynputHotkey:
    """Implements core.hotkeys.GlobalHotkey.

    The keyboard's events pass through a thread of pynput's; nothing but the keys of the sequence is kept,
    and nothing is written anywhere.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._listener: Any = None
        self._wanted: frozenset[Any] = frozenset()
        self._down: set[Any] = set()
        self._held = False
        self._released_at = 0.0
        self._ending: asyncio.TimerHandle | None = None

    async def start(
        self,
        keys: str,
        on_press: Callable[[float], None],
        on_release: Callable[[float], None],
        on_lost: Callable[[HotkeyError], None],
    ) -> str:
        sequence = parse(keys)
        keyboard = await asyncio.to_thread(_keyboard)
        self._on_press, self._on_release, self._on_lost = on_press, on_release, on_lost
        self._wanted = _wanted(keyboard, sequence)
        loop = asyncio.get_running_loop()

        def tell(key: Any, down: bool) -> None:
            at = self._clock()
            if key is not None and (canonical := listener.canonical(key)) in self._wanted:
                loop.call_soon_threadsafe(self._took, canonical, down, at)

        listener = keyboard.Listener(
            on_press=lambda key: tell(key, True), on_release=lambda key: tell(key, False)
        )
        self._listener = listener
        listener.start()
        try:
            await asyncio.wait_for(asyncio.to_thread(listener.wait), _START_S)
        except Exception as error:  # whatever the display says
            raise HotkeyError(
                FAILED, reason=str(error) or type(error).__name__, detail=repr(error)
            ) from error
        return sequence.text

    async def stop(self) -> None:
        listener, self._listener = self._listener, None
        self._wanted = frozenset()
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        if listener is not None:
            await asyncio.to_thread(listener.stop)

    # --- on the loop
    def _took(self, key: Any, down: bool, at: float) -> None:
        """Follow the keys of the sequence: all of them down is a press, the first that goes up ends it."""
        if key not in self._wanted:
            return  # stopped meanwhile
        if not down:
            self._down.discard(key)
            if self._held and self._ending is None:
                self._released_at = at
                self._ending = asyncio.get_running_loop().call_later(_REPEAT_S, self._end)
            return
        self._down.add(key)
        if self._down != self._wanted:
            return
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
            if at - self._released_at <= _REPEAT_S:
                return
            self._end()
        if not self._held:
            self._held = True
            self._on_press(at)

    def _end(self) -> None:
        self._ending = None
        self._held = False
        self._on_release(self._released_at)


def closed() -> HotkeyError | None:
    """Return why the keyboard cannot be watched, as far as can be told without trying; None if it can."""
    reason = MISSING if importlib.util.find_spec("pynput") is None else ""
    if sys.platform == "darwin":
        # Begun after the window it takes the whole program down with it: moses-palmer/pynput#511.
        reason = ON_MACOS
    elif sys.platform == "linux":
        if os.environ.get("WAYLAND_DISPLAY") or os.environ.get("XDG_SESSION_TYPE") == "wayland":
            # It would hear the windows of X11 programs only.
            reason = ON_WAYLAND
        elif not os.environ.get("DISPLAY"):
            reason = NO_DISPLAY
    return HotkeyError(reason) if reason else None


def _keyboard() -> Any:
    """Import pynput, which connects to the display. Raises HotkeyError where it cannot be used."""
    reason = closed()
    if reason is not None:
        raise reason
    try:
        return importlib.import_module("pynput.keyboard")
    except Exception as error:  # pynput raises ImportError and what the display's library raises
        raise HotkeyError(FAILED, reason=str(error).splitlines()[0], detail=repr(error)) from error


def _wanted(keyboard: Any, sequence: Sequence) -> frozenset[Any]:
    """Return the keys of a sequence as `Listener.canonical` gives them."""
    names = {"Ctrl": "ctrl", "Alt": "alt", "Shift": "shift", "Meta": "cmd"}
    keys = {getattr(keyboard.Key, names[name]) for name in sequence.modifiers}
    name = sequence.pynput_key
    if len(name) == 1:
        return frozenset(keys | {keyboard.KeyCode.from_char(name)})
    if not hasattr(keyboard.Key, name):
        raise HotkeyError(UNKNOWN, keys=sequence.text)
    # Keys without a letter are compared by their number.
    return frozenset(keys | {keyboard.KeyCode.from_vk(getattr(keyboard.Key, name).value.vk)})
