"""The key everywhere: takes it in the best way that this desktop has, and says which that is, or why none."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

from assistant_app.core.errors import AssistantError
from assistant_app.core.events import Event, HotkeyChanged, HotkeyUsed
from assistant_app.core.hotkeys import (
    TALK_COMMAND,
    WAY_OUT,
    GlobalHotkey,
    HotkeyError,
    HotkeyState,
    HotkeyWay,
)
from assistant_app.core.text import N_

log = logging.getLogger(__name__)

WORKS = N_("{keys} talks from every program.")
PORTAL_WORKS = N_(
    "Your desktop listens for “{keys}”. Where that does nothing, give the command “{command}” a shortcut in"
    " the keyboard settings of your desktop."
)
FAILS = N_("{keys} does not talk from other programs.")

RETRY_S = (0.5, 2.0, 8.0)
"""Waits before a key that was lost is asked for again, for instance while a portal is restarted."""
_CALM_S = 60.0
"""A key that held this long may be asked for as often again."""


class HotkeyManager:
    """Follows the setting. Runs nothing while it is empty. On the worker's loop."""

    def __init__(
        self,
        ways: Sequence[HotkeyWay],
        keys: Callable[[], str],
        emit: Callable[[Event], None],
        translate: Callable[[str], str],
        *,
        retry_s: Sequence[float] = RETRY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the ways, best first.

        Args:
            ways: What can be tried, in this order.
            keys: The key that the settings name now.
            emit: Takes HotkeyChanged and HotkeyUsed.
            translate: Turns an English sentence into the user's language.
            retry_s: Waits before another try, in seconds.
            clock: Monotonic seconds.
        """
        self._ways = ways
        self._keys = keys
        self._emit = emit
        self._translate = translate
        self._retry_s = retry_s
        self._clock = clock
        self._hotkey: GlobalHotkey | None = None
        self._held = False
        self._tries = 0
        self._since = 0.0
        self._task: asyncio.Task[None] | None = None
        self.state = HotkeyState()

    def follow(self) -> None:
        """Take the key that is set now; nothing if it was asked for already, for that may show a dialog."""
        keys = self._keys()
        if keys != self.state.keys:
            self._tries = 0
            self._begin(keys)

    async def close(self) -> None:
        """Give the key back."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._end()

    def _begin(self, keys: str, wait_s: float = 0.0) -> None:
        before, self.state = self._task, HotkeyState(keys, sentence=self.state.sentence if wait_s else "")
        if before is not None:
            before.cancel()
        self._task = asyncio.create_task(self._take(keys, before, wait_s))

    async def _take(self, keys: str, before: "asyncio.Task[None] | None", wait_s: float) -> None:
        if before is not None:
            await asyncio.wait({before})
        await self._end()
        if not keys:
            self._tell(HotkeyState())
            return
        while True:
            await asyncio.sleep(wait_s)
            reasons = await self._try(keys)
            if not reasons:
                return
            self._fail(keys, reasons)
            # After a loss a portal may need a moment, and at the start of a session, too.
            hopeful = self._tries > 0 or any(reason.passing for reason in reasons)
            if reasons[-1].final or not hopeful or self._tries >= len(self._retry_s):
                return
            wait_s = self._retry_s[self._tries]
            self._tries += 1

    async def _try(self, keys: str) -> list[HotkeyError]:
        """Take the key in the first way that is open; return why all of them are closed, else nothing."""
        reasons: list[HotkeyError] = []
        for way in self._ways:
            try:
                shown = await self._start(way, keys)
            except HotkeyError as error:
                log.info("no key by %s: %s %s", way.name, error, error.detail)
                reasons.append(error)
                if error.final:
                    break
            else:
                self._since = self._clock()
                template = PORTAL_WORKS if way.name == "portal" else WORKS
                self._tell(HotkeyState(keys, way.name, self._said(template, keys=shown or keys)))
                return []
        return reasons

    async def _start(self, way: HotkeyWay, keys: str) -> str:
        hotkey = way.make()
        try:
            shown = await hotkey.start(keys, self._press, self._release, partial(self._lost, hotkey))
        except BaseException:
            await hotkey.stop()
            raise
        self._hotkey = hotkey
        return shown

    async def _end(self) -> None:
        hotkey, self._hotkey = self._hotkey, None
        self._let_go()
        if hotkey is not None:
            await hotkey.stop()

    def _press(self, at: float) -> None:
        self._held = True
        self._emit(HotkeyUsed("press", at))

    def _release(self, at: float) -> None:
        if self._held:
            self._held = False
            self._emit(HotkeyUsed("release", at))

    def _let_go(self) -> None:
        """The release of a held key will not come any more."""
        if self._held:
            self._held = False
            self._emit(HotkeyUsed("lost", self._clock()))

    def _lost(self, hotkey: GlobalHotkey, error: HotkeyError) -> None:
        if hotkey is not self._hotkey:
            return
        log.warning("the key everywhere was lost: %s %s", error, error.detail)
        keys = self.state.keys
        self._let_go()
        self._fail(keys, [error])
        if self._clock() - self._since > _CALM_S:
            self._tries = 0
        if error.passing and self._tries < len(self._retry_s):
            self._tries += 1
            self._begin(keys, self._retry_s[self._tries - 1])
        else:
            self._task = asyncio.create_task(self._end())

    def _fail(self, keys: str, reasons: Sequence[AssistantError]) -> None:
        said = [reason.sentence(self._translate) for reason in dict.fromkeys(reasons)]
        self._tell(
            HotkeyState(
                keys, "", " ".join([self._said(FAILS, keys=keys), *dict.fromkeys(said), self._said(WAY_OUT)])
            )
        )

    def _said(self, template: str, **params: object) -> str:
        return self._translate(template).format(command=TALK_COMMAND, **params)

    def _tell(self, state: HotkeyState) -> None:
        self.state = state
        self._emit(HotkeyChanged(state))
