"""Tells reminders when they are due: once, also after a restart, a suspend or a change of the clock."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from assistant_app.core.errors import AssistantError
from assistant_app.core.events import ReminderDue
from assistant_app.core.reminders import Reminder, ReminderKind
from assistant_app.store.store import Store
from assistant_app.worker.api import EventSink

log = logging.getLogger(__name__)

LONGEST_SLEEP_S = 5.0
"""The clock is looked at again after this long: it may have been set, the computer may have slept, or
another process (a question asked in a terminal) may have set a reminder."""
LATE_S = 60.0


class ReminderClock:
    """Implements core.reminders.Reminders on the store, and sleeps until the next one is due.

    A reminder is marked as told, durably, before its event goes out: nobody hears it twice.
    """

    def __init__(self, store: Store, emit: EventSink, now: Callable[[], float] = time.time) -> None:
        """Take where reminders are kept, who hears ReminderDue on the worker's loop, and the time."""
        self._store = store
        self._emit = emit
        self._now = now
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()

    # --- core.reminders.Reminders; from any thread
    def add_reminder(self, kind: ReminderKind, text: str, due_at: float) -> Reminder:
        """Keep a reminder; it is told once when it is due."""
        reminder = self._store.add_reminder(kind, text, due_at)
        self._wake()
        return reminder

    def reminders(self) -> Sequence[Reminder]:
        """Return those that have not been told yet, soonest first."""
        return self._store.reminders()

    def cancel_reminder(self, reminder_id: str) -> None:
        """Forget a reminder. Raises NotFound when it was told or cancelled meanwhile."""
        self._store.cancel_reminder(reminder_id)

    def _wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)

    # --- on the worker's loop
    async def run(self) -> None:
        """Tell what is due, sleep until the next, for ever."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._changed.clear()
            try:
                await self.tell_due()
                pause = await self._pause()
            except AssistantError as error:
                # The database is busy or damaged; the next look may find it mended.
                log.warning("reminders cannot be read: %s %s", error, error.detail)
                pause = LONGEST_SLEEP_S
            try:
                await asyncio.wait_for(self._changed.wait(), pause)
            except TimeoutError:
                continue

    async def tell_due(self) -> None:
        """Tell everything that is due now. Raises AssistantError."""
        now = self._now()
        next_due = await asyncio.to_thread(self._store.next_due_at)
        if next_due is None or next_due > now:
            return
        # One at a time: whoever is killed in between has at most one on its lips.
        while reminder := await asyncio.to_thread(self._store.take_due_reminder, now):
            self._emit(ReminderDue(reminder, now - reminder.due_at > LATE_S))

    async def _pause(self) -> float:
        next_due = await asyncio.to_thread(self._store.next_due_at)
        if next_due is None:
            return LONGEST_SLEEP_S
        return min(max(next_due - self._now(), 0.01), LONGEST_SLEEP_S)
