"""Notes in the database."""

import sqlite3
import time

from assistant_app.core.ids import new_id
from assistant_app.core.notes import Note
from assistant_app.store.codec import clean
from assistant_app.store.search_text import Query


def insert(connection: sqlite3.Connection, text: str) -> Note:
    """Keep a note."""
    note = Note(new_id(), clean(text), time.time())
    connection.execute(
        "INSERT INTO note(id, text, created_at) VALUES(?, ?, ?)", (note.id, note.text, note.created_at)
    )
    return note


def rows(connection: sqlite3.Connection) -> list[Note]:
    """Return all notes, newest last."""
    return [Note(*row) for row in connection.execute("SELECT id, text, created_at FROM note ORDER BY n")]


def search(connection: sqlite3.Connection, query: str) -> list[tuple[int, Note]]:
    """Return (place in the list, note) of those that hold every word.

    Every note is looked at: thousands take milliseconds, and there is no index that could be damaged.
    """
    wanted = Query(query)
    return [(place, note) for place, note in enumerate(rows(connection), 1) if wanted.matches(note.text)]
