"""Erasing for good: from the tables, the search index, the write-ahead log and every snapshot."""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from assistant_app.core.errors import NotFound
from assistant_app.store import composer, index, recordings, schema, snapshots, trash
from assistant_app.store.database import Database, connect, plain_errors, transaction
from assistant_app.store.errors import is_damage

_PENDING = "erase-in-snapshots"
"""State: [conversation ids, message ids] that snapshots may still hold."""


def purge(database: Database, folder: Path, sounds: Path, trash_id: str | None) -> None:
    """Erase one trash item, or all of them, everywhere. Raises NotFound, StoreError.

    Args:
        database: Where it is.
        folder: Of the snapshots.
        sounds: Of the recordings.
        trash_id: None for all.
    """
    with database.read() as connection:
        wanted = [row.id for row in trash.rows(connection)] if trash_id is None else [trash_id]
    _erase(database, sounds, wanted, everywhere=True, must_exist=trash_id is not None)
    finish(database, folder)


def prune(database: Database, sounds: Path, before: float) -> None:
    """Erase what was deleted before `before`; snapshots of those days stay whole. Raises StoreError."""
    with database.read() as connection:
        old = trash.older_than(connection, before)
    _erase(database, sounds, old, everywhere=False, must_exist=False)


def _erase(
    database: Database, sounds: Path, trash_ids: Sequence[str], *, everywhere: bool, must_exist: bool
) -> None:
    if not trash_ids:
        return
    if database.refusal is not None:
        raise database.refusal
    with database.separate() as connection:
        before = recordings.named(connection)
        with transaction(connection):
            for trash_id in trash_ids:
                try:
                    gone = trash.erase(connection, trash_id)
                except NotFound:
                    if must_exist:
                        raise
                    continue  # it lay inside one that was erased a moment ago
                if everywhere:
                    pending = _pending(connection)
                    composer.set_state(connection, _PENDING, [pending[0] + gone[0], pending[1] + gone[1]])
        index.forget_deleted(connection, database.turn)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        recordings.erase(sounds, before - recordings.named(connection))


def _pending(connection: sqlite3.Connection) -> tuple[list[Any], list[Any]]:
    value = composer.get_state(connection, _PENDING)
    return (value[0], value[1]) if isinstance(value, list) and len(value) == 2 else ([], [])


def finish(database: Database, folder: Path) -> None:
    """Erase from the snapshots what was purged; what fails stays on the list. Raises StoreError."""
    with database.read() as connection:
        conversation_ids, message_ids = _pending(connection)
    if not conversation_ids and not message_ids:
        return
    with plain_errors():
        for snapshot in snapshots.listed(folder):
            _scrub(folder / f"{snapshot.id}.db", conversation_ids, message_ids)
    with database.write() as connection:
        composer.set_state(connection, _PENDING, None)


def _scrub(path: Path, conversation_ids: list[str], message_ids: list[str]) -> None:
    """Rewrite a snapshot without what was erased. A damaged one, which nobody can read, is removed."""

    def change(target: sqlite3.Connection) -> None:
        schema.migrate(target)
        with transaction(target):
            trash.delete(target, conversation_ids, message_ids)
        index.forget_deleted(target)

    try:
        with closing(connect(path, mode="immutable")) as source:
            number = schema.version(source)
            if number > schema.LATEST or not _holds(source, conversation_ids, message_ids):
                return
            today = path.with_name(re.sub(r"-v\d+\.db$", f"-v{schema.LATEST}.db", path.name))
            snapshots.copy(source, today, change)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        path.unlink()
        return
    if today != path:
        path.unlink()


def _holds(source: sqlite3.Connection, conversation_ids: list[str], message_ids: list[str]) -> bool:
    return any(
        source.execute(f"SELECT 1 FROM {table} WHERE id = ?", (id_,)).fetchone()
        for table, ids in (("conversation", conversation_ids), ("message", message_ids))
        for id_ in ids
    )
