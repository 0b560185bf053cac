"""Rows of the tables `message` and `receipt`. Functions run in the caller's transaction."""

import sqlite3
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

from assistant_app.core.conversation import ConversationTree, Message, MessageState, Role
from assistant_app.core.errors import NotFound, StoreError
from assistant_app.core.text import N_
from assistant_app.core.views import Receipt
from assistant_app.store import index
from assistant_app.store.codec import (
    clean,
    decode_receipt,
    decode_usage,
    encode_parts,
    encode_receipt,
    encode_usage,
    readable_parts,
)

COLUMNS = "id, conversation_id, parent_id, role, state, created_at, model, error, usage, parts"

_Kind = TypeVar("_Kind", bound=StrEnum)


def from_row(row: tuple[Any, ...]) -> Message:
    """Build a message from `COLUMNS`; a damaged field is replaced, never a reason to hide the rest."""
    id_, conversation_id, parent_id, role, state, created_at, model, error, usage, parts = row
    return Message(
        id=id_,
        conversation_id=conversation_id,
        parent_id=parent_id,
        role=_member(Role, role, Role.ASSISTANT),
        parts=readable_parts(parts),
        state=_member(MessageState, state, MessageState.ERROR),
        created_at=created_at,
        model=model,
        error=error,
        usage=decode_usage(usage),
    )


def _member(kind: type[_Kind], value: str, otherwise: _Kind) -> _Kind:
    return kind(value) if value in kind.__members__.values() else otherwise


def tree(connection: sqlite3.Connection, conversation_id: str) -> ConversationTree:
    """Return all messages of a conversation that are not in the trash."""
    return ConversationTree.of(
        from_row(row)
        for row in connection.execute(
            f"SELECT {COLUMNS} FROM message WHERE conversation_id = ? AND trash_id IS NULL",
            (conversation_id,),
        )
    )


def get(connection: sqlite3.Connection, message_id: str) -> Message:
    """Return one message. Raises NotFound, also for one in the trash."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM message WHERE id = ? AND trash_id IS NULL", (message_id,)
    ).fetchone()
    if row is None:
        raise NotFound(detail=f"message {message_id}")
    return from_row(row)


def insert(connection: sqlite3.Connection, message: Message, session: str, *, make_leaf: bool) -> None:
    """Store a new message; a final one is searchable at once. A missing parent raises NotFound at commit."""
    parts = encode_parts(message.parts)
    streaming = message.state is MessageState.STREAMING
    cursor = connection.execute(
        f"INSERT INTO message({COLUMNS}, session) VALUES({','.join('?' * 11)})",
        (
            message.id,
            message.conversation_id,
            message.parent_id,
            message.role.value,
            message.state.value,
            message.created_at,
            clean(message.model),
            clean(message.error),
            encode_usage(message.usage),
            parts,
            session if streaming else None,
        ),
    )
    if not streaming:
        index.add_message(connection, cursor.lastrowid or 0, parts)
    touch(connection, message.conversation_id, message.created_at)
    if make_leaf:
        connection.execute(
            "UPDATE conversation SET leaf_id = ? WHERE id = ?", (message.id, message.conversation_id)
        )


def touch(connection: sqlite3.Connection, conversation_id: str, at: float) -> None:
    """Move a conversation up in the list."""
    connection.execute(
        "UPDATE conversation SET updated_at = max(updated_at, ?) WHERE id = ?", (at, conversation_id)
    )


def update(connection: sqlite3.Connection, message: Message, session: str) -> None:
    """Store a changed message. While it streams this costs one row; the index learns it when it is final.

    Raises NotFound.
    """
    row = connection.execute("SELECT n, state, parts FROM message WHERE id = ?", (message.id,)).fetchone()
    if row is None:
        raise NotFound(detail=f"message {message.id}")
    n, old_state, old_parts = row
    parts = encode_parts(message.parts)
    streaming = message.state is MessageState.STREAMING
    was_streaming = old_state == MessageState.STREAMING.value
    connection.execute(
        "UPDATE message SET state = ?, model = ?, error = ?, usage = ?, parts = ?, session = ? WHERE n = ?",
        (
            message.state.value,
            clean(message.model),
            clean(message.error),
            encode_usage(message.usage),
            parts,
            session if streaming else None,
            n,
        ),
    )
    if not was_streaming and (streaming or parts != old_parts):
        index.remove_message(connection, n, old_parts)
    if not streaming and (was_streaming or parts != old_parts):
        index.add_message(connection, n, parts)


def save_receipt(connection: sqlite3.Connection, receipt: Receipt) -> None:
    """Keep how an answer came about."""
    connection.execute(
        "INSERT OR REPLACE INTO receipt(message_id, body) VALUES(?, ?)",
        (receipt.message_id, encode_receipt(receipt)),
    )


def receipt(connection: sqlite3.Connection, message_id: str) -> Receipt:
    """Return the receipt of an answer. Raises NotFound, and StoreError when it is unreadable."""
    row = connection.execute("SELECT body FROM receipt WHERE message_id = ?", (message_id,)).fetchone()
    if row is None:
        raise NotFound(detail=f"receipt of {message_id}")
    try:
        # A restored copy shares the body of its original, so the row says whose receipt it is.
        return replace(decode_receipt(row[0]), message_id=message_id)
    except ValueError as error:
        raise StoreError(
            N_("The receipt of this answer is damaged; the answer itself is not affected."), detail=str(error)
        ) from error


def interrupt_dead(connection: sqlite3.Connection, sessions: list[str]) -> int:
    """Make the streaming messages of sessions that ended INTERRUPTED; return how many there were."""
    rows = [
        row
        for session in sessions
        for row in connection.execute(
            "SELECT n, parts FROM message WHERE state = 'streaming' AND session IS ?", (session,)
        )
    ]
    for n, parts in rows:
        connection.execute(
            "UPDATE message SET state = ?, session = NULL WHERE n = ?", (MessageState.INTERRUPTED.value, n)
        )
        index.add_message(connection, n, parts)
    return len(rows)


def streaming_sessions(connection: sqlite3.Connection) -> list[str]:
    """Return the sessions that have unfinished messages."""
    return [
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT session FROM message WHERE state = 'streaming' AND session IS NOT NULL"
        )
    ]
