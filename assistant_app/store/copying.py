"""Copying one conversation from a snapshot into the database, as a new conversation with new identifiers."""

import sqlite3
import time
from dataclasses import replace

from assistant_app.core.conversation import MessageState
from assistant_app.core.errors import NotFound
from assistant_app.core.ids import new_id
from assistant_app.store import composer, conversations, messages


def copy_conversation(
    source: sqlite3.Connection, target: sqlite3.Connection, conversation_id: str, title: str
) -> str:
    """Copy a conversation with all branches, receipts, summary and draft; return the new identifier.

    `target` is inside a transaction. Raises NotFound.
    """
    conversation = conversations.get(source, conversation_id)
    if conversation.deleted_at is not None:
        raise NotFound(detail=f"conversation {conversation_id} was in the trash")
    tree = messages.tree(source, conversation_id)
    ordered = sorted(tree.messages.values(), key=lambda m: (m.created_at, m.id))
    # Sorted, so that versions of the same moment keep their order.
    new_ids = dict(zip((m.id for m in ordered), sorted(new_id() for _ in ordered), strict=True))
    copy_id = new_id()
    conversations.insert(
        target,
        replace(
            conversation,
            id=copy_id,
            title=title,
            updated_at=time.time(),
            pinned=False,
            leaf_id=new_ids.get(conversation.leaf_id or ""),
        ),
    )
    for message in ordered:
        state = MessageState.INTERRUPTED if message.state is MessageState.STREAMING else message.state
        messages.insert(
            target,
            replace(
                message,
                id=new_ids[message.id],
                conversation_id=copy_id,
                parent_id=new_ids.get(message.parent_id or ""),
                state=state,
            ),
            session="",
            make_leaf=False,
        )
    _copy_belongings(source, target, conversation_id, copy_id, new_ids)
    return copy_id


def _copy_belongings(
    source: sqlite3.Connection,
    target: sqlite3.Connection,
    conversation_id: str,
    copy_id: str,
    new_ids: dict[str, str],
) -> None:
    for message_id, body in source.execute(
        """SELECT r.message_id, r.body FROM receipt r JOIN message m ON m.id = r.message_id
           WHERE m.conversation_id = ? AND m.trash_id IS NULL""",
        (conversation_id,),
    ):
        receipt_of = new_ids[message_id]
        target.execute("INSERT INTO receipt(message_id, body) VALUES(?, ?)", (receipt_of, body))
    summary = composer.summary(source, conversation_id)
    if summary is not None and summary[0] in new_ids:
        composer.save_summary(target, copy_id, new_ids[summary[0]], summary[1])
    composer.save_draft(target, copy_id, composer.draft(source, conversation_id))
    for waiting in composer.queued(source, conversation_id):
        composer.enqueue(target, copy_id, waiting.text)
