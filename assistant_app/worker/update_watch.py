"""Looks for updates: once a day if the user wants it, and whenever the user asks. Tells, installs nothing."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from assistant_app import __version__
from assistant_app.core.errors import AssistantError
from assistant_app.core.events import UpdateFound
from assistant_app.core.updates import (
    NO_KEY,
    Manifest,
    Release,
    UpdateRefused,
    UpdateStatus,
    check_fresh,
    is_due,
    newer_release,
)
from assistant_app.settings import SettingsFile
from assistant_app.updates.memory import UpdateMemory, keep, recall
from assistant_app.updates.pinned import UpdateSource
from assistant_app.worker.api import EventSink

log = logging.getLogger(__name__)
T = TypeVar("T")

FIRST_LOOK_S = 20.0
"""After the start: the window and the model come first."""
PATIENCE_S = 45.0
LOOK_AGAIN_S = 3600.0
"""How often the clock is looked at; whether a day has passed is another question."""


class UpdateWatch:
    """Implements UpdateApi. Nothing is asked before the answer can be remembered."""

    def __init__(
        self,
        source: UpdateSource,
        memory: Path,
        settings: SettingsFile,
        emit: EventSink,
        *,
        automatic: bool,
        running: str = __version__,
        now: Callable[[], float] = time.time,
        first_look_s: float = FIRST_LOOK_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Take what to trust, where to remember, what the user wants, and who hears UpdateFound.

        Args:
            source: address and keys; where it has none, everything is refused.
            memory: the file between checks.
            settings: `look_for_updates` is read each time.
            emit: called on the worker's loop.
            automatic: whether somebody stays who can be told: False in a terminal.
            running: the version that runs.
            now: the clock, in seconds since 1970.
            first_look_s: how long after the start the first look may be.
            patience_s: how long a server is waited for.
        """
        self._source = source
        self._memory = memory
        self._settings = settings
        self._emit = emit
        self._automatic = automatic
        self._running = running
        self._now = now
        self._first_look_s = first_look_s
        self._patience_s = patience_s
        self._one_at_a_time = asyncio.Lock()
        self._changed = asyncio.Event()

    # --- by itself
    async def run(self) -> None:
        """Tell what was found before, then look whenever it is due, for ever."""
        if not (self._automatic and self._source.possible):
            return
        await self.tell_again()
        await self._pause(self._first_look_s)
        while True:
            await self.look_if_due()
            await self._pause(LOOK_AGAIN_S)

    def settings_changed(self) -> None:
        """Look at the settings again: updates may be wanted from now on."""
        self._changed.set()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)
        self._changed.clear()

    async def tell_again(self) -> None:
        """Tell what was found before, without asking anybody, unless its notice was closed."""
        if not self._settings.current.look_for_updates:
            return
        memory = await asyncio.to_thread(recall, self._memory)
        release = await asyncio.to_thread(self._known, memory)
        if release is not None and release.version != memory.dismissed:
            self._emit(UpdateFound(release))

    async def look_if_due(self) -> None:
        """Ask the server if the user wants it and a day has passed; what fails is for the log only."""
        if not self._settings.current.look_for_updates:
            return
        try:
            async with self._one_at_a_time:
                memory = await asyncio.to_thread(recall, self._memory)
                if not is_due(memory.tried_at, self._now()):
                    return
                release = await self._look(memory)
            if release is not None and release.version != memory.dismissed:
                self._emit(UpdateFound(release))
        except AssistantError as error:
            log.warning("no news about updates: %s %s", error, error.detail)

    # --- UpdateApi
    async def status(self) -> UpdateStatus:
        if not self._source.possible:
            return UpdateStatus(False)
        memory = await asyncio.to_thread(recall, self._memory)
        return UpdateStatus(True, memory.checked_at, await asyncio.to_thread(self._known, memory))

    async def check(self) -> Release | None:
        if not self._source.possible:
            raise UpdateRefused(NO_KEY)
        async with self._one_at_a_time:
            release = await self._look(await asyncio.to_thread(recall, self._memory))
        if release is not None:
            self._emit(UpdateFound(release))
        return release

    async def dismiss(self, version: str) -> None:
        async with self._one_at_a_time:
            memory = await asyncio.to_thread(recall, self._memory)
            await asyncio.to_thread(keep, self._memory, memory.model_copy(update={"dismissed": version}))

    # --- one look
    async def _look(self, memory: UpdateMemory) -> Release | None:
        """Ask, judge and remember. Raises UpdateRefused."""
        from assistant_app.updates.fetching import UNREACHABLE, fetch

        now = self._now()
        memory = memory.model_copy(update={"tried_at": now})
        await asyncio.to_thread(keep, self._memory, memory)
        asked = _in_thread_of_its_own(lambda: fetch(self._source.url))
        try:
            data = await asyncio.wait_for(asked, self._patience_s)
        except TimeoutError as error:
            # A server may keep the thread by sending its headers byte by byte; nobody waits for that.
            raise UpdateRefused(UNREACHABLE, reason="the server is too slow") from error
        return await asyncio.to_thread(self._judge, data, memory, now)

    def _judge(self, data: bytes, memory: UpdateMemory, now: float) -> Release | None:
        from assistant_app.updates.manifest import read_signed

        manifest = read_signed(data, self._source)
        check_fresh(manifest, self._seen(memory), now)
        fresh = {"checked_at": now, "envelope": data.decode("utf-8")}
        keep(self._memory, memory.model_copy(update=fresh))
        return newer_release(manifest, self._running)

    def _seen(self, memory: UpdateMemory) -> Manifest | None:
        """Return the last manifest that was fresh; none if its key is trusted no more."""
        if not memory.envelope:
            return None
        from assistant_app.updates.manifest import read_signed

        try:
            return read_signed(memory.envelope.encode(), self._source)
        except UpdateRefused as error:
            log.info("what was seen of updates counts no more: %s", error.detail)
            return None

    def _known(self, memory: UpdateMemory) -> Release | None:
        """Return the newer release that was found before, unless its manifest has run out."""
        seen = self._seen(memory)
        if seen is None:
            return None
        try:
            check_fresh(seen, None, self._now())
            return newer_release(seen, self._running)
        except UpdateRefused as error:
            log.info("what was found before is not told again: %s", error)
            return None


async def _in_thread_of_its_own(work: Callable[[], T]) -> T:
    """Run what may wait for a server; the end of the loop does not wait for it, as for its own threads."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[[Any], None], value: Any) -> None:
        if not result.done():
            set_it(value)

    def run() -> None:
        try:
            outcome: tuple[Callable[[Any], None], Any] = (result.set_result, work())
        except Exception as error:
            outcome = (result.set_exception, error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants it any more
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=run, name="updates", daemon=True).start()
    return await result
