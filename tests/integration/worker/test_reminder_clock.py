"""Reminders are told once: on time, after a restart, by one process of several, after a kill."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant_app.core.events import Event, ReminderDue
from assistant_app.core.reminders import ReminderKind
from assistant_app.paths import Paths
from assistant_app.store.store import Store
from assistant_app.worker.reminder_clock import ReminderClock

ROOT = Path(__file__).parents[3]


class Heard:
    """Collects what is told."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[ReminderDue] = asyncio.Queue()

    def __call__(self, event: Event) -> None:
        assert isinstance(event, ReminderDue)
        self.events.put_nowait(event)

    async def next(self) -> ReminderDue:
        return await asyncio.wait_for(self.events.get(), 10)


@pytest.fixture
def store(paths: Paths) -> Iterator[Store]:
    opened = Store.open(paths)
    yield opened
    opened.close()


async def test_a_timer_rings_when_it_is_due(store: Store) -> None:
    heard = Heard()
    clock = ReminderClock(store, heard)
    running = asyncio.create_task(clock.run())
    # It sleeps already when the timer is set, from another thread, as tools do.
    await asyncio.sleep(0)
    due_at = time.time() + 0.3
    await asyncio.to_thread(clock.add_reminder, ReminderKind.TIMER, "a moment", due_at)
    event = await heard.next()
    assert time.time() >= due_at
    assert event.reminder.text == "a moment" and not event.late
    assert clock.reminders() == []
    running.cancel()


async def test_what_became_due_meanwhile_is_told_as_late_and_once(store: Store) -> None:
    store.add_reminder(ReminderKind.REMINDER, "second", 2000.0)
    store.add_reminder(ReminderKind.REMINDER, "first", 1000.0)
    store.add_reminder(ReminderKind.REMINDER, "not yet", time.time() + 3600)
    heard = Heard()
    for _start in range(2):
        await ReminderClock(store, heard).tell_due()
    told = [heard.events.get_nowait() for _ in range(heard.events.qsize())]
    assert [(event.reminder.text, event.late) for event in told] == [("first", True), ("second", True)]
    assert [reminder.text for reminder in store.reminders()] == ["not yet"]


async def test_a_clock_that_jumps_makes_it_due(store: Store) -> None:
    """Set by hand, or after a suspend: the clock is looked at again soon, whatever was slept through."""
    now = [1000.0]
    heard = Heard()
    clock = ReminderClock(store, heard, now=lambda: now[0])
    clock.add_reminder(ReminderKind.REMINDER, "call mum", 100_000.0)
    await clock.tell_due()
    assert heard.events.empty()
    now[0] = 100_030.0
    await clock.tell_due()
    assert not (await heard.next()).late
    now[0] = 500.0  # and back again
    await clock.tell_due()
    assert heard.events.empty()


async def test_a_cancelled_one_is_not_told(store: Store) -> None:
    heard = Heard()
    clock = ReminderClock(store, heard)
    reminder = clock.add_reminder(ReminderKind.REMINDER, "call mum", 1000.0)
    clock.cancel_reminder(reminder.id)
    await clock.tell_due()
    assert heard.events.empty()


async def test_of_two_windows_one_tells(store: Store, paths: Paths) -> None:
    other = Store.open(paths)
    for number in range(50):
        store.add_reminder(ReminderKind.REMINDER, str(number), float(number))
    heard = Heard()
    clocks = [ReminderClock(one, heard) for one in (store, other)]
    await asyncio.gather(*(clock.tell_due() for clock in clocks))
    told = sorted(int(heard.events.get_nowait().reminder.text) for _ in range(heard.events.qsize()))
    assert told == list(range(50))
    other.close()


async def test_going_back_in_the_time_machine_tells_nothing_twice(store: Store) -> None:
    store.add_reminder(ReminderKind.REMINDER, "call mum", 1000.0)
    snapshot = store.take_snapshot()
    heard = Heard()
    clock = ReminderClock(store, heard)
    await clock.tell_due()
    store.restore_all(snapshot.id)
    await clock.tell_due()
    assert heard.events.qsize() == 1


def _start(home: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fixtures.reminder_process", str(home)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _killed(process: "subprocess.Popen[str]") -> list[str]:
    process.kill()
    output, _errors = process.communicate(timeout=10)
    return output.splitlines()


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_reminders_survive_a_kill_and_are_told_once(home: Path, paths: Paths) -> None:
    store = Store.open(paths)
    store.add_reminder(ReminderKind.REMINDER, "long-ago", 1000.0)
    store.add_reminder(ReminderKind.REMINDER, "far", time.time() + 3600)
    first = _start(home)
    assert _line(first) == "long-ago True"
    store.add_reminder(ReminderKind.REMINDER, "meanwhile", time.time() + 0.2)
    assert _line(first) == "meanwhile False"
    assert _killed(first) == []
    store.add_reminder(ReminderKind.REMINDER, "closed", time.time() - 100)
    second = _start(home)
    assert _line(second) == "closed True"
    assert _killed(second) == []
    assert [reminder.text for reminder in store.reminders()] == ["far"]
    store.close()


def test_killed_again_and_again_nothing_is_told_twice(home: Path, paths: Paths) -> None:
    store = Store.open(paths)
    count, kills = 30, 8
    for number in range(count):
        store.add_reminder(ReminderKind.REMINDER, f"r{number}", 1000.0 + number)
    lines: list[str] = []
    for _kill in range(kills):
        process = _start(home)
        lines.append(_line(process))
        lines += _killed(process)
        if store.next_due_at() is None:
            break
    while store.next_due_at() is not None:
        process = _start(home)
        lines += [_line(process) for _reminder in store.reminders()]
        lines += _killed(process)
    told = [line.split()[0] for line in lines if line]
    assert len(told) == len(set(told)), "told twice"
    # A process that is killed may have one on its lips.
    assert len(told) >= count - kills
    store.close()
