"""Notes and reminders are as safe as conversations: damage, snapshots, older files."""

import time
from collections.abc import Callable
from contextlib import closing

from assistant_app.core.reminders import ReminderKind
from assistant_app.paths import Paths
from assistant_app.store import salvage, schema
from assistant_app.store.database import connect, create_private, use_write_ahead_log
from assistant_app.store.store import TRASH_DAYS, Store
from tests.fixtures import chats

Open = Callable[[], Store]


def test_notes_and_reminders_are_salvaged_from_a_damaged_file(open_store: Open, paths: Paths) -> None:
    store = open_store()
    for number in range(200):
        store.add_note(f"note {number} " + "word " * 40)
    store.add_reminder(ReminderKind.REMINDER, "told", 1000.0)
    store.add_reminder(ReminderKind.TIMER, "5 minutes", 5000.0)
    assert store.take_due_reminder(2000.0) is not None
    store.close()
    # The list of tables is gone.
    with open(paths.database, "r+b") as file:
        file.write(b"\0" * 4096)
    again = open_store()
    assert [notice.code for notice in again.notices] == ["store-repaired"]
    assert [note.text.split()[1] for note in again.notes()] == [str(number) for number in range(200)]
    assert [reminder.text for reminder in again.reminders()] == ["5 minutes"], "what was told stays told"


def test_a_sound_file_of_an_older_version_is_not_taken_for_a_damaged_one(paths: Paths) -> None:
    create_private(paths.database)
    with closing(connect(paths.database)) as connection:
        use_write_ahead_log(connection)
        schema.migrate(connection, up_to=2)
    found = salvage.read(paths.database, None)
    assert found.schema_intact and found.complete and found.rows["note"] == []


def test_everything_comes_back_as_it_was_with_its_notes(store: Store) -> None:
    store.add_note("before")
    store.add_reminder(ReminderKind.REMINDER, "call mum", time.time() + 3600)
    snapshot = store.take_snapshot()
    store.add_note("after")
    store.cancel_reminder(store.reminders()[0].id)
    store.restore_all(snapshot.id)
    assert [note.text for note in store.notes()] == ["before"]
    assert [reminder.text for reminder in store.reminders()] == ["call mum"]


def test_what_was_told_long_ago_is_forgotten(store: Store) -> None:
    made = chats.conversation(store, "any")
    store.add_reminder(ReminderKind.REMINDER, "old", 1000.0)
    store.take_due_reminder(time.time() - (TRASH_DAYS + 1) * 86_400)
    store.add_reminder(ReminderKind.REMINDER, "new", 1000.0)
    store.take_due_reminder(time.time())
    store.maintain()
    with store._db.read() as connection:
        assert connection.execute("SELECT text FROM reminder").fetchall() == [("new",)]
    assert store.conversation(made.id)


def test_notes_beside_each_other_in_two_processes(open_store: Open) -> None:
    first, second = open_store(), open_store()
    first.add_note("one")
    second.add_note("two")
    assert [note.text for note in first.notes()] == ["one", "two"] == [note.text for note in second.notes()]
    assert [place for place, _note in first.search_notes("two")] == [2]
