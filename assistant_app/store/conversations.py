"""Rows of the table `conversation`. Functions run in the caller's transaction."""

import sqlite3
from enum import Enum

from assistant_app.core.conversation import Conversation
from assistant_app.core.errors import NotFound
from assistant_app.core.sampling import Sampling
from assistant_app.core.views import ConversationRow
from assistant_app.store import index
from assistant_app.store.codec import clean, decode_sampling, encode_sampling
from assistant_app.store.search_text import Query

COLUMNS = "id, title, created_at, updated_at, pinned, system_prompt, sampling, model, leaf_id, deleted_at"

_COUNT = "(SELECT count(*) FROM message m WHERE m.conversation_id = c.id AND m.trash_id IS NULL)"


class Leave(Enum):
    """The argument that means: leave this as it is."""

    LEAVE = "leave"


LEAVE = Leave.LEAVE


def rows(connection: sqlite3.Connection, limit: int, offset: int) -> list[ConversationRow]:
    """Return what is not in the trash, pinned first, newest next."""
    return [
        ConversationRow(id=id_, title=title, updated_at=updated_at, pinned=bool(pinned), message_count=count)
        for id_, title, updated_at, pinned, count in connection.execute(
            f"""SELECT id, title, updated_at, pinned, {_COUNT} FROM conversation c WHERE deleted_at IS NULL
                ORDER BY pinned DESC, updated_at DESC LIMIT ? OFFSET ?""",
            (limit, offset),
        )
    ]


def search(connection: sqlite3.Connection, text: str, limit: int) -> list[ConversationRow]:
    """Return one row per conversation: those whose title matches, then those with a message that does."""
    query = Query(clean(text))
    if not query.text.strip():
        return []
    found: dict[str, str | None] = dict.fromkeys(index.titles_matching(connection, query, limit))
    trashed = connection.execute("SELECT id FROM conversation WHERE deleted_at IS NOT NULL")
    deleted = {row[0] for row in trashed}
    if len(found) < limit:
        for conversation_id, message_id in index.messages_matching(connection, query):
            if conversation_id not in found and conversation_id not in deleted:
                found[conversation_id] = message_id
                if len(found) == limit:
                    break
    hits = (_hit(connection, query, *item) for item in found.items())
    return [hit for hit in hits if hit is not None]


def _hit(
    connection: sqlite3.Connection, query: Query, conversation_id: str, message_id: str | None
) -> ConversationRow | None:
    row = connection.execute(
        f"""SELECT title, updated_at, pinned, {_COUNT}, (SELECT parts FROM message WHERE id = ?)
            FROM conversation c WHERE id = ?""",
        (message_id, conversation_id),
    ).fetchone()
    if row is None:  # a damaged message that names no conversation
        return None
    title, updated_at, pinned, count, parts = row
    return ConversationRow(
        id=conversation_id,
        title=title,
        updated_at=updated_at,
        pinned=bool(pinned),
        message_count=count,
        snippet=query.snippet(title if parts is None else index.visible_text(parts)),
        message_id=message_id,
    )


def insert(connection: sqlite3.Connection, conversation: Conversation) -> None:
    """Store a new conversation."""
    cursor = connection.execute(
        f"INSERT INTO conversation({COLUMNS}) VALUES({','.join('?' * 10)})",
        (
            conversation.id,
            clean(conversation.title),
            conversation.created_at,
            conversation.updated_at,
            conversation.pinned,
            None if conversation.system_prompt is None else clean(conversation.system_prompt),
            encode_sampling(conversation.sampling),
            conversation.model,
            conversation.leaf_id,
            conversation.deleted_at,
        ),
    )
    index.add_title(connection, cursor.lastrowid or 0, clean(conversation.title))


def get(connection: sqlite3.Connection, conversation_id: str) -> Conversation:
    """Return one conversation, in the trash or not. Raises NotFound."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM conversation WHERE id = ?", (conversation_id,)
    ).fetchone()
    if row is None:
        raise NotFound(detail=f"conversation {conversation_id}")
    id_, title, created_at, updated_at, pinned, system_prompt, sampling, model, leaf_id, deleted_at = row
    return Conversation(
        id=id_,
        title=title,
        created_at=created_at,
        updated_at=updated_at,
        pinned=bool(pinned),
        system_prompt=system_prompt,
        sampling=decode_sampling(sampling),
        model=model,
        leaf_id=leaf_id,
        deleted_at=deleted_at,
    )


def update(
    connection: sqlite3.Connection,
    conversation_id: str,
    *,
    title: str | Leave = LEAVE,
    pinned: bool | Leave = LEAVE,
    system_prompt: str | Leave | None = LEAVE,
    sampling: Sampling | Leave | None = LEAVE,
    model: str | Leave | None = LEAVE,
    leaf_id: str | Leave | None = LEAVE,
) -> None:
    """Change what is given. Raises NotFound."""
    row = connection.execute("SELECT n, title FROM conversation WHERE id = ?", (conversation_id,)).fetchone()
    if row is None:
        raise NotFound(detail=f"conversation {conversation_id}")
    changes: dict[str, object] = {}
    if not isinstance(title, Leave):
        changes["title"] = clean(title)
        index.remove_title(connection, row[0], row[1])
        index.add_title(connection, row[0], clean(title))
    if not isinstance(pinned, Leave):
        changes["pinned"] = pinned
    if not isinstance(system_prompt, Leave):
        changes["system_prompt"] = None if system_prompt is None else clean(system_prompt)
    if not isinstance(sampling, Leave):
        changes["sampling"] = encode_sampling(sampling)
    if not isinstance(model, Leave):
        changes["model"] = model
    if not isinstance(leaf_id, Leave):
        changes["leaf_id"] = leaf_id
    if changes:
        assignments = ", ".join(f"{name} = ?" for name in changes)
        connection.execute(
            f"UPDATE conversation SET {assignments} WHERE id = ?", (*changes.values(), conversation_id)
        )


def latest(connection: sqlite3.Connection) -> str | None:
    """Return the conversation that was written in last, trash left out."""
    row = connection.execute(
        "SELECT id FROM conversation WHERE deleted_at IS NULL ORDER BY updated_at DESC LIMIT 1"
    ).fetchone()
    return None if row is None else str(row[0])
