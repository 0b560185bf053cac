"""The tables and their numbered migrations: plain functions in one list, each applied once."""

import sqlite3
from collections.abc import Callable, Sequence

from assistant_app.store import index
from assistant_app.store.database import transaction

Migration = Callable[[sqlite3.Connection], None]

_BASE = (
    """CREATE TABLE conversation(
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        created_at REAL NOT NULL,
        updated_at REAL NOT NULL,
        pinned INTEGER NOT NULL,
        system_prompt TEXT,
        sampling TEXT,
        model TEXT,
        leaf_id TEXT,
        deleted_at REAL
    ) STRICT""",
    """CREATE INDEX conversation_by_age ON conversation(pinned DESC, updated_at DESC)
        WHERE deleted_at IS NULL""",
    """CREATE TABLE message(
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        conversation_id TEXT NOT NULL REFERENCES conversation(id) DEFERRABLE INITIALLY DEFERRED,
        parent_id TEXT REFERENCES message(id) DEFERRABLE INITIALLY DEFERRED,
        role TEXT NOT NULL,
        state TEXT NOT NULL,
        created_at REAL NOT NULL,
        trash_id TEXT,
        session TEXT,
        model TEXT NOT NULL,
        error TEXT NOT NULL,
        usage TEXT,
        parts TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX message_by_conversation ON message(conversation_id, trash_id)",
    "CREATE INDEX message_by_parent ON message(parent_id)",
    "CREATE INDEX message_streaming ON message(session) WHERE state = 'streaming'",
    "CREATE INDEX message_in_trash ON message(trash_id) WHERE trash_id IS NOT NULL",
    """CREATE TABLE receipt(
        message_id TEXT PRIMARY KEY REFERENCES message(id) DEFERRABLE INITIALLY DEFERRED,
        body BLOB NOT NULL
    ) STRICT""",
    # The key "" is the draft of a conversation that does not exist yet, so it refers to nothing.
    "CREATE TABLE draft(conversation_id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT",
    """CREATE TABLE queued(
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        conversation_id TEXT NOT NULL REFERENCES conversation(id) DEFERRABLE INITIALLY DEFERRED,
        text TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX queued_by_conversation ON queued(conversation_id)",
    """CREATE TABLE summary(
        conversation_id TEXT PRIMARY KEY REFERENCES conversation(id) DEFERRABLE INITIALLY DEFERRED,
        up_to_message_id TEXT NOT NULL,
        text TEXT NOT NULL
    ) STRICT""",
    "CREATE TABLE state(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    """CREATE TABLE trash(
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        conversation_id TEXT NOT NULL REFERENCES conversation(id) DEFERRABLE INITIALLY DEFERRED,
        root_id TEXT,
        leaf_id TEXT,
        title TEXT NOT NULL,
        message_count INTEGER NOT NULL,
        deleted_at REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX trash_by_conversation ON trash(conversation_id)",
)

_KEPT = (
    """CREATE TABLE note(
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        text TEXT NOT NULL,
        created_at REAL NOT NULL
    ) STRICT""",
    """CREATE TABLE reminder(
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        text TEXT NOT NULL,
        due_at REAL NOT NULL,
        created_at REAL NOT NULL,
        told_at REAL
    ) STRICT""",
    "CREATE INDEX reminder_untold ON reminder(due_at) WHERE told_at IS NULL",
)


def _base(connection: sqlite3.Connection) -> None:
    """1: conversations, messages and what belongs to them."""
    for statement in _BASE:
        connection.execute(statement)


def _search(connection: sqlite3.Connection) -> None:
    """2: full-text search over titles and messages."""
    index.rebuild(connection)


def _tools(connection: sqlite3.Connection) -> None:
    """3: what the assistant keeps for the user: notes, reminders, timers."""
    for statement in _KEPT:
        connection.execute(statement)


MIGRATIONS: Sequence[Migration] = (_base, _search, _tools)
LATEST = len(MIGRATIONS)

# Parents first, so that rows can be copied in this order.
TABLES = (
    "conversation",
    "message",
    "receipt",
    "draft",
    "queued",
    "summary",
    "state",
    "trash",
    "note",
    "reminder",
)
_TABLES_FROM = {"note": 3, "reminder": 3}
"""Migration that made a table, where it was not the first one."""


def tables_of(number: int) -> frozenset[str]:
    """Return the tables of a database of that version; for an impossible version, those of the latest."""
    known = number if 0 < number <= LATEST else LATEST
    return frozenset(table for table in TABLES if _TABLES_FROM.get(table, 1) <= known)


def version(connection: sqlite3.Connection) -> int:
    """Return the number of the last migration applied; 0 for an empty database."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, up_to: int = LATEST) -> None:
    """Apply what is missing, each migration in a transaction of its own. Raises sqlite3.Error."""
    for number in range(version(connection) + 1, up_to + 1):
        with transaction(connection):
            if version(connection) >= number:
                continue  # another process was faster
            MIGRATIONS[number - 1](connection)
            connection.execute(f"PRAGMA user_version = {number}")


def loose_ends(connection: sqlite3.Connection) -> str:
    """Return which rows refer to something that is not there; only damage can have made them."""
    found = connection.execute("PRAGMA foreign_key_check").fetchmany(3)
    return "; ".join(f"row {row} of {table} misses its {parent}" for table, row, parent, _ in found)


def damage(connection: sqlite3.Connection) -> str:
    """Return what SQLite's quick check finds wrong; empty when the file is sound."""
    try:
        found = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == ["ok"] else "; ".join(map(str, found))
