"""Reminders in processes of their own: a chat in a terminal tells them, a single question leaves them."""

import subprocess
import time

from assistant_app.core.reminders import ReminderKind
from assistant_app.paths import Paths
from assistant_app.store.store import Store
from tests.e2e.driver import Application, wait_for


def test_a_chat_tells_what_is_due_while_it_waits_for_a_line(application: Application) -> None:
    store = Store.open(Paths.under(application.home))
    store.add_reminder(ReminderKind.REMINDER, "call mum", 1000.0)
    process = application.start("chat", stdin=subprocess.PIPE)
    assert process.stderr is not None
    assert "Reminder of 1970-01-01" in process.stderr.readline()
    store.add_reminder(ReminderKind.TIMER, "a moment", time.time() + 0.1)
    assert process.stderr.readline().strip("\a\n") == "Timer (a moment): time is up."
    process.communicate("/quit\n", timeout=30)
    assert process.returncode == 0
    store.close()


def test_a_single_question_leaves_reminders_to_whoever_stays(application: Application) -> None:
    store = Store.open(Paths.under(application.home))
    store.add_reminder(ReminderKind.REMINDER, "call mum", 1000.0)
    done = application.command("ask", "Hello")
    assert done.returncode == 0 and "call mum" not in done.stderr
    assert [reminder.text for reminder in store.reminders()] == ["call mum"]
    store.close()


def test_a_timer_set_elsewhere_is_told_in_the_open_window(desktop: Application) -> None:
    process = desktop.start()
    store = wait_for(
        "the database", lambda: desktop.database.exists() and Store.open(Paths.under(desktop.home))
    )
    assert isinstance(store, Store)
    store.add_reminder(ReminderKind.TIMER, "a moment", time.time() + 0.5)
    wait_for("the timer to be told", lambda: not store.reminders())
    assert process.poll() is None
    store.close()
