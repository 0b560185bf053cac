"""Deleting, bringing back and erasing. Functions run in the caller's transaction."""

import sqlite3
import time
from collections.abc import Iterable, Sequence

from assistant_app.core.errors import NotFound
from assistant_app.core.ids import new_id
from assistant_app.core.views import TrashRow
from assistant_app.store import conversations, index, messages

CONVERSATION, MESSAGES = "conversation", "messages"
_TITLE_LENGTH = 80

_SUBTREE = """WITH RECURSIVE below(id) AS (
    SELECT ? UNION SELECT m.id FROM message m JOIN below b ON m.parent_id = b.id)"""


def rows(connection: sqlite3.Connection) -> list[TrashRow]:
    """Return what can come back, newest deletion first."""
    return [
        TrashRow(id=id_, kind=kind, title=title, message_count=count, deleted_at=deleted_at)
        for id_, kind, title, count, deleted_at in connection.execute(
            "SELECT id, kind, title, message_count, deleted_at FROM trash ORDER BY deleted_at DESC, id DESC"
        )
    ]


def trash_conversation(connection: sqlite3.Connection, conversation_id: str) -> str:
    """Put a conversation with all that belongs to it into the trash. Raises NotFound."""
    conversation = conversations.get(connection, conversation_id)
    if conversation.deleted_at is not None:
        raise NotFound(detail=f"conversation {conversation_id} is in the trash")
    now = time.time()
    (count,) = connection.execute(
        "SELECT count(*) FROM message WHERE conversation_id = ? AND trash_id IS NULL", (conversation_id,)
    ).fetchone()
    connection.execute("UPDATE conversation SET deleted_at = ? WHERE id = ?", (now, conversation_id))
    return _record(connection, CONVERSATION, conversation_id, None, None, conversation.title, count, now)


def trash_messages(connection: sqlite3.Connection, message_id: str) -> str:
    """Put a message and everything below it into the trash; return the identifier of the trash item.

    When the branch on screen ran through it, the nearest version beside it takes its place, or the
    message above. Raises NotFound.
    """
    root = messages.get(connection, message_id)
    conversation = conversations.get(connection, root.conversation_id)
    tree = messages.tree(connection, root.conversation_id)
    below = [message.id for message in tree.subtree(message_id)]
    leaf_id = conversation.leaf_id
    trash_id = _record(
        connection,
        MESSAGES,
        root.conversation_id,
        message_id,
        leaf_id if leaf_id in below else None,
        " ".join(root.text.split())[:_TITLE_LENGTH],
        len(below),
        time.time(),
    )
    connection.executemany(
        "UPDATE message SET trash_id = ? WHERE id = ?", [(trash_id, below_id) for below_id in below]
    )
    if leaf_id in below:
        versions = tree.siblings(message_id)
        place = versions.index(message_id)
        beside = versions[place - 1] if place else next(iter(versions[1:]), None)
        leaf = root.parent_id if beside is None else tree.latest_leaf(beside)
        conversations.update(connection, root.conversation_id, leaf_id=leaf)
    return trash_id


def _record(
    connection: sqlite3.Connection,
    kind: str,
    conversation_id: str,
    root_id: str | None,
    leaf_id: str | None,
    title: str,
    count: int,
    deleted_at: float,
) -> str:
    trash_id = new_id()
    connection.execute(
        """INSERT INTO trash(id, kind, conversation_id, root_id, leaf_id, title, message_count, deleted_at)
           VALUES(?, ?, ?, ?, ?, ?, ?, ?)""",
        (trash_id, kind, conversation_id, root_id, leaf_id, title, count, deleted_at),
    )
    return trash_id


def restore(connection: sqlite3.Connection, trash_id: str) -> str:
    """Bring an item back where it was, with what it hangs on; return its conversation. Raises NotFound."""
    row = connection.execute(
        "SELECT kind, conversation_id, root_id, leaf_id FROM trash WHERE id = ?", (trash_id,)
    ).fetchone()
    if row is None:
        raise NotFound(detail=f"trash item {trash_id}")
    kind, conversation_id, root_id, leaf_id = row
    connection.execute("DELETE FROM trash WHERE id = ?", (trash_id,))
    if kind == CONVERSATION:
        connection.execute("UPDATE conversation SET deleted_at = NULL WHERE id = ?", (conversation_id,))
        return str(conversation_id)
    above = connection.execute(
        """SELECT p.trash_id FROM message m JOIN message p ON p.id = m.parent_id
           WHERE m.id = ? AND p.trash_id IS NOT NULL""",
        (root_id,),
    ).fetchone()
    if above is not None:
        restore(connection, above[0])
    whole = connection.execute(
        "SELECT id FROM trash WHERE kind = ? AND conversation_id = ?", (CONVERSATION, conversation_id)
    ).fetchone()
    if whole is not None:
        restore(connection, whole[0])
    connection.execute("UPDATE message SET trash_id = NULL WHERE trash_id = ?", (trash_id,))
    if leaf_id is not None:
        conversations.update(connection, conversation_id, leaf_id=leaf_id)
    return str(conversation_id)


def older_than(connection: sqlite3.Connection, moment: float) -> list[str]:
    """Return the items deleted before `moment`."""
    return [row[0] for row in connection.execute("SELECT id FROM trash WHERE deleted_at < ?", (moment,))]


def erase(connection: sqlite3.Connection, trash_id: str) -> tuple[list[str], list[str]]:
    """Delete an item for good; return the (conversations, messages) that went. Raises NotFound."""
    row = connection.execute(
        "SELECT kind, conversation_id, root_id FROM trash WHERE id = ?", (trash_id,)
    ).fetchone()
    if row is None:
        raise NotFound(detail=f"trash item {trash_id}")
    kind, conversation_id, root_id = row
    if kind == CONVERSATION:
        gone: tuple[list[str], list[str]] = ([str(conversation_id)], [])
    else:
        gone = ([], [r[0] for r in connection.execute(f"{_SUBTREE} SELECT id FROM below", (root_id,))])
    # A summary may retell what is erased; it is made anew when it is needed.
    connection.execute("DELETE FROM summary WHERE conversation_id = ?", (conversation_id,))
    delete(connection, *gone)
    connection.execute("DELETE FROM trash WHERE id = ?", (trash_id,))
    return gone


def delete(
    connection: sqlite3.Connection, conversation_ids: Sequence[str], message_ids: Iterable[str]
) -> None:
    """Remove conversations and messages with all that belongs to them, wherever they are."""
    doomed = set(message_ids)
    for conversation_id in conversation_ids:
        doomed.update(
            row[0]
            for row in connection.execute(
                "SELECT id FROM message WHERE conversation_id = ?", (conversation_id,)
            )
        )
    for message_id in doomed:
        _delete_message(connection, message_id)
    for conversation_id in conversation_ids:
        for table in ("draft", "queued", "summary", "trash"):
            connection.execute(f"DELETE FROM {table} WHERE conversation_id = ?", (conversation_id,))
        row = connection.execute(
            "SELECT n, title FROM conversation WHERE id = ?", (conversation_id,)
        ).fetchone()
        if row is not None:
            index.remove_title(connection, row[0], row[1])
            connection.execute("DELETE FROM conversation WHERE n = ?", (row[0],))
    # Items that lay inside an erased one have nothing left to bring back.
    connection.execute(
        """DELETE FROM trash WHERE kind = ? AND id NOT IN
           (SELECT trash_id FROM message WHERE trash_id IS NOT NULL)""",
        (MESSAGES,),
    )


def _delete_message(connection: sqlite3.Connection, message_id: str) -> None:
    row = connection.execute("SELECT n, state, parts FROM message WHERE id = ?", (message_id,)).fetchone()
    if row is None:
        return
    n, state, parts = row
    if state != "streaming":
        index.remove_message(connection, n, parts)
    connection.execute("DELETE FROM receipt WHERE message_id = ?", (message_id,))
    connection.execute("DELETE FROM message WHERE n = ?", (n,))
