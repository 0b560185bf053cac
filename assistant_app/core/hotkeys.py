"""A key that talks from every program: what a way to get one is, and how it stands. Pure, no I/O."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from assistant_app.core.errors import AssistantError
from assistant_app.core.text import N_

TALK_COMMAND = "assistant-app --talk toggle"
"""What every desktop can give a shortcut of its own."""

WAY_OUT = N_(
    "Give the command “{command}” a shortcut in the keyboard settings of your desktop: it does the same."
)


@dataclass(frozen=True, slots=True)
class HotkeyState:
    """How the key everywhere stands."""

    keys: str = ""
    """As chosen; empty is off."""
    way: str = ""
    """What listens to it: "portal", "pynput", or empty where nothing does."""
    sentence: str = ""
    """Finished and translated: that it works, or why not and what to do instead."""

    @property
    def works(self) -> bool:
        """Whether something listens to it."""
        return bool(self.way)


class HotkeyError(AssistantError):
    """A way to have a key everywhere is closed. Says why only; WAY_OUT says what to do instead.

    `final` forbids to try another way: the user said no. `passing` allows to try this one again.
    """

    code = "hotkey"
    default_sentence = N_("The key everywhere cannot be used.")

    def __init__(
        self,
        sentence: str | None = None,
        *,
        detail: str = "",
        final: bool = False,
        passing: bool = False,
        **params: object,
    ) -> None:
        super().__init__(sentence, detail=detail, **params)
        self.final = final
        self.passing = passing


class GlobalHotkey(Protocol):
    """One way to hear a key wherever the keyboard is. Methods and callbacks run on the worker's loop."""

    async def start(
        self,
        keys: str,
        on_press: Callable[[float], None],
        on_release: Callable[[float], None],
        on_lost: Callable[[HotkeyError], None],
    ) -> str:
        """Listen to a key from now on; called once.

        Args:
            keys: For instance "Ctrl+Alt+Space" or "F9".
            on_press: Called with the monotonic time at which it went down; once, however it repeats.
            on_release: Called with the time at which it went up.
            on_lost: Called once if the key stops to work.

        Returns:
            The key as the system names it, which may be another one; empty where it says nothing.

        Raises:
            HotkeyError: Why it cannot.
        """

    async def stop(self) -> None:
        """Give the key back; whether it was started or not."""


@dataclass(frozen=True, slots=True)
class HotkeyWay:
    """A way that can be tried."""

    name: str
    make: Callable[[], GlobalHotkey]
