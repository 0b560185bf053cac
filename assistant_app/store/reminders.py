"""Reminders and timers in the database: each is told once, by whichever process takes it first."""

import sqlite3
import time
from collections.abc import Sequence

from assistant_app.core.errors import NotFound
from assistant_app.core.ids import new_id
from assistant_app.core.reminders import Reminder, ReminderKind
from assistant_app.store.codec import clean

_COLUMNS = "id, kind, text, due_at"


def insert(connection: sqlite3.Connection, kind: ReminderKind, text: str, due_at: float) -> Reminder:
    """Keep a reminder, due at that second since the epoch."""
    reminder = Reminder(new_id(), kind, clean(text), due_at)
    connection.execute(
        "INSERT INTO reminder(id, kind, text, due_at, created_at) VALUES(?, ?, ?, ?, ?)",
        (reminder.id, kind.value, reminder.text, due_at, time.time()),
    )
    return reminder


def untold(connection: sqlite3.Connection) -> list[Reminder]:
    """Return those that have not been told yet, soonest first."""
    return _read(
        connection.execute(f"SELECT {_COLUMNS} FROM reminder WHERE told_at IS NULL ORDER BY due_at, n")
    )


def next_due_at(connection: sqlite3.Connection) -> float | None:
    """Return when the soonest one is due."""
    row = connection.execute("SELECT min(due_at) FROM reminder WHERE told_at IS NULL").fetchone()
    return None if row[0] is None else float(row[0])


def take_due(connection: sqlite3.Connection, now: float) -> Reminder | None:
    """Mark the soonest of those that are due as told and return it."""
    due = _read(
        connection.execute(
            f"SELECT {_COLUMNS} FROM reminder WHERE told_at IS NULL AND due_at <= ?"
            " ORDER BY due_at, n LIMIT 1",
            (now,),
        )
    )
    if not due:
        return None
    connection.execute("UPDATE reminder SET told_at = ? WHERE id = ?", (now, due[0].id))
    return due[0]


def cancel(connection: sqlite3.Connection, reminder_id: str) -> None:
    """Forget a reminder that has not been told yet. Raises NotFound."""
    cursor = connection.execute("DELETE FROM reminder WHERE id = ? AND told_at IS NULL", (reminder_id,))
    if cursor.rowcount == 0:
        raise NotFound(detail=f"reminder {reminder_id}")


def told(connection: sqlite3.Connection) -> list[tuple[float, str]]:
    """Return (when, identifier) of what was told."""
    rows = connection.execute("SELECT told_at, id FROM reminder WHERE told_at IS NOT NULL")
    return [(float(told_at), str(id_)) for told_at, id_ in rows]


def mark_told(connection: sqlite3.Connection, told: Sequence[tuple[float, str]]) -> None:
    """Mark reminders as told, those that exist."""
    connection.executemany("UPDATE reminder SET told_at = ? WHERE id = ?", told)


def forget(connection: sqlite3.Connection, before: float) -> None:
    """Erase what was told before that second since the epoch."""
    connection.execute("DELETE FROM reminder WHERE told_at < ?", (before,))


def _read(cursor: sqlite3.Cursor) -> list[Reminder]:
    return [Reminder(id_, ReminderKind(kind), text, due_at) for id_, kind, text, due_at in cursor]
