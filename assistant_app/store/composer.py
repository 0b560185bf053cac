"""What belongs to a conversation beside its messages: draft, queue, summary; and the key/value state."""

import json
import sqlite3
from typing import Any

from assistant_app.core.errors import NotFound
from assistant_app.core.ids import new_id
from assistant_app.core.views import QueuedMessage
from assistant_app.store.codec import clean, to_json


def draft(connection: sqlite3.Connection, conversation_id: str) -> str:
    """Return what stands in the composer; "" is the conversation that does not exist yet."""
    row = connection.execute(
        "SELECT text FROM draft WHERE conversation_id = ?", (conversation_id,)
    ).fetchone()
    return "" if row is None else str(row[0])


def save_draft(connection: sqlite3.Connection, conversation_id: str, text: str) -> None:
    """Keep or, when empty, drop a draft."""
    if text:
        connection.execute(
            "INSERT OR REPLACE INTO draft(conversation_id, text) VALUES(?, ?)", (conversation_id, clean(text))
        )
    else:
        connection.execute("DELETE FROM draft WHERE conversation_id = ?", (conversation_id,))


def queued(connection: sqlite3.Connection, conversation_id: str) -> list[QueuedMessage]:
    """Return the waiting messages, first typed first."""
    return [
        QueuedMessage(id=id_, text=text)
        for id_, text in connection.execute(
            "SELECT id, text FROM queued WHERE conversation_id = ? ORDER BY n", (conversation_id,)
        )
    ]


def enqueue(connection: sqlite3.Connection, conversation_id: str, text: str) -> QueuedMessage:
    """Add a message to the end of the queue."""
    message = QueuedMessage(id=new_id(), text=clean(text))
    connection.execute(
        "INSERT INTO queued(id, conversation_id, text) VALUES(?, ?, ?)",
        (message.id, conversation_id, message.text),
    )
    return message


def edit_queued(connection: sqlite3.Connection, queued_id: str, text: str) -> None:
    """Change a waiting message; an empty text removes it. Raises NotFound."""
    if text.strip():
        cursor = connection.execute("UPDATE queued SET text = ? WHERE id = ?", (clean(text), queued_id))
    else:
        cursor = connection.execute("DELETE FROM queued WHERE id = ?", (queued_id,))
    if cursor.rowcount == 0:
        raise NotFound(detail=f"queued message {queued_id}")


def take_queued(connection: sqlite3.Connection, conversation_id: str) -> QueuedMessage | None:
    """Remove and return the message that waited longest."""
    row = connection.execute(
        "SELECT n, id, text FROM queued WHERE conversation_id = ? ORDER BY n LIMIT 1", (conversation_id,)
    ).fetchone()
    if row is None:
        return None
    connection.execute("DELETE FROM queued WHERE n = ?", (row[0],))
    return QueuedMessage(id=row[1], text=row[2])


def summary(connection: sqlite3.Connection, conversation_id: str) -> tuple[str, str] | None:
    """Return (identifier of the last message it covers, text)."""
    row = connection.execute(
        "SELECT up_to_message_id, text FROM summary WHERE conversation_id = ?", (conversation_id,)
    ).fetchone()
    return None if row is None else (str(row[0]), str(row[1]))


def save_summary(
    connection: sqlite3.Connection, conversation_id: str, up_to_message_id: str, text: str
) -> None:
    """Keep the summary of what fell out of the window."""
    connection.execute(
        "INSERT OR REPLACE INTO summary(conversation_id, up_to_message_id, text) VALUES(?, ?, ?)",
        (conversation_id, up_to_message_id, clean(text)),
    )


def get_state(connection: sqlite3.Connection, key: str) -> Any:
    """Return a JSON value, or None."""
    row = connection.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
    try:
        return None if row is None else json.loads(row[0])
    except ValueError:
        return None


def set_state(connection: sqlite3.Connection, key: str, value: Any) -> None:
    """Keep a JSON value; None removes it."""
    if value is None:
        connection.execute("DELETE FROM state WHERE key = ?", (key,))
    else:
        connection.execute("INSERT OR REPLACE INTO state(key, value) VALUES(?, ?)", (key, to_json(value)))


def shadow(connection: sqlite3.Connection) -> None:
    """Let drafts and state of a read-only database be changed in memory, until it is closed."""
    for table in ("draft", "state"):
        connection.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM main.{table}")
        key = "conversation_id" if table == "draft" else "key"
        connection.execute(f"CREATE UNIQUE INDEX temp.{table}_key ON {table}({key})")
