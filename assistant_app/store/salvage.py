"""Getting everything that can still be read out of a damaged database file."""

import contextlib
import json
import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant_app.core.conversation import MessageState, Role
from assistant_app.store import schema
from assistant_app.store.codec import decode_parts
from assistant_app.store.database import MEMORY, connect, transaction

log = logging.getLogger(__name__)

_MAX_ERRORS = 20_000
"""Damaged rows after which a table is given up; each costs a few seeks."""
_PATIENCE = 1000


@dataclass(slots=True)
class Salvaged:
    """Rows by table, as dictionaries of columns.

    Attributes:
        complete: no place was unreadable.
        schema_intact: the file itself said where its tables are.
    """

    rows: dict[str, list[dict[str, Any]]]
    complete: bool
    schema_intact: bool = False


def read(damaged: Path, template: Path | None) -> Salvaged:
    """Return what can be read of `damaged` (with its write-ahead log). Changes nothing and never raises.

    Where the list of tables is destroyed, a copy of the file gets a new first page that says where they
    begin: there where they begin in `template`, a sound database of the same history, or in a new database.
    """
    found = [_read_file(damaged)]
    if found[0].schema_intact:
        return found[0]
    patched = damaged.with_name(damaged.name + ".salvage")
    for first_page in _first_pages(template):
        try:
            shutil.copyfile(damaged, patched)
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{damaged}-wal", f"{patched}-wal")
            with open(patched, "r+b") as file:
                file.write(first_page)
            found.append(_read_file(patched))
        except OSError as error:
            log.warning("no room to salvage: %s", error)
        finally:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{patched}{suffix}").unlink(missing_ok=True)
    return max(found, key=lambda one: sum(map(len, one.rows.values())))


def _first_pages(template: Path | None) -> Iterator[bytes]:
    if template is not None:
        with contextlib.suppress(sqlite3.Error), closing(connect(template, mode="immutable")) as sound:
            yield _first_page(sound)
    with closing(connect(MEMORY)) as fresh:
        schema.migrate(fresh)
        yield _first_page(fresh)


def _first_page(layout: sqlite3.Connection) -> bytes:
    """Return a first page that lists our tables, without constraints, at the places they have in `layout`."""
    (page_size,) = layout.execute("PRAGMA page_size").fetchone()
    with closing(connect(MEMORY)) as listing:
        listing.execute(f"PRAGMA page_size = {page_size}")
        listing.execute("PRAGMA writable_schema=ON")
        for table in schema.TABLES:
            root = layout.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
            if root is None:
                continue
            columns = ", ".join(
                f"{name} {kind}{' PRIMARY KEY' if name == 'n' else ''}"
                for _, name, kind, *_ in layout.execute(f"PRAGMA table_info({table})")
            )
            listing.execute(f"CREATE TABLE {table}({columns})")
            listing.execute("UPDATE sqlite_master SET rootpage = ? WHERE name = ?", (root[0], table))
        page = bytearray(listing.serialize()[:page_size])
    page[18:20] = b"\x02\x02"  # read the write-ahead log, if there is one
    page[28:32] = bytes(4)  # take the number of pages from the size of the file
    page[32:40] = bytes(8)  # no list of free pages
    return bytes(page)


def _read_file(path: Path) -> Salvaged:
    found = Salvaged({table: [] for table in schema.TABLES}, complete=False)
    try:
        with closing(connect(path, mode="ro", timeout_ms=1000)) as connection:
            connection.execute("PRAGMA cell_size_check=ON")
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            present = {row[0] for row in tables}
            found.schema_intact = found.complete = present >= schema.tables_of(schema.version(connection))
            for table in schema.TABLES:
                if table in present:
                    found.rows[table] = list(_read_table(connection, table, found))
    except sqlite3.Error as error:
        found.complete = False
        log.warning("%s cannot be opened to salvage it: %s", path.name, error)
    return found


def _read_table(connection: sqlite3.Connection, table: str, found: Salvaged) -> Iterator[dict[str, Any]]:
    """Yield the readable rows in the order of their rowid, stepping over damaged places."""
    last = _last_rowid(connection, table, found)
    position, errors, streak = -1, 0, 0
    while position < last and errors < _MAX_ERRORS:
        try:
            cursor = connection.execute(
                f"SELECT rowid, * FROM {table} NOT INDEXED WHERE rowid > ? ORDER BY rowid", (position,)
            )
            names = [column[0] for column in cursor.description][1:]
            for rowid, *values in cursor:
                row = dict(zip(names, values, strict=True))
                if position < rowid <= last and _is_plausible(table, row):
                    position, streak = rowid, 0
                    yield row
                else:
                    found.complete = False
            return
        except sqlite3.DatabaseError as error:
            log.debug("damaged after row %d of %s: %s", position, table, error)
            found.complete = False
            errors, streak = errors + 1, streak + 1
            # One row at a time at first, then in leaps: a third of the file may be missing.
            position += max(1, streak - _PATIENCE)


def _last_rowid(connection: sqlite3.Connection, table: str, found: Salvaged) -> int:
    try:
        return int(connection.execute(f"SELECT max(rowid) FROM {table} NOT INDEXED").fetchone()[0] or 0)
    except sqlite3.DatabaseError:
        found.complete = False
    try:
        row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return int(row[0]) if row else 1_000_000
    except (sqlite3.DatabaseError, TypeError, ValueError):
        return 1_000_000


def _is_plausible(table: str, row: dict[str, Any]) -> bool:
    """Return whether a row looks like one of ours: damage may yield bytes that only resemble a row."""
    if "\ufffd" in str(row.get("id", "")) + str(row.get("conversation_id", "")):
        return False
    try:
        if table == "message":
            decode_parts(row["parts"])
            Role(row["role"])
            MessageState(row["state"])
        elif table == "state":
            json.loads(row["value"])
    except (ValueError, TypeError, KeyError):
        return False
    return True


def merge(target: sqlite3.Connection, found: Salvaged) -> int:
    """Lay the salvaged rows over what `target` holds; return how many messages that added or changed.

    `target` is a sound database of the latest version, in no transaction. The search index is marked.
    """
    target.execute("PRAGMA foreign_keys=OFF")
    with transaction(target):
        before = dict(target.execute("SELECT id, parts FROM message"))
        for table in schema.TABLES:
            known = [row[1] for row in target.execute(f"PRAGMA table_info({table})") if row[1] != "n"]
            for row in found.rows[table]:
                _merge_row(target, table, {name: row[name] for name in known if name in row})
        _mend(target)
        after = dict(target.execute("SELECT id, parts FROM message"))
    target.execute("PRAGMA foreign_keys=ON")
    return sum(1 for message_id, parts in after.items() if before.get(message_id) != parts)


def _merge_row(target: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    key = "id" if "id" in row else next(iter(row))
    others = [name for name in row if name != key]
    places = ", ".join("?" * len(row))
    assign = ", ".join(f"{name} = excluded.{name}" for name in others)
    try:
        target.execute(
            f"INSERT INTO {table}({', '.join(row)}) VALUES({places})"
            f" ON CONFLICT({key}) DO UPDATE SET {assign}",
            tuple(row.values()),
        )
    except sqlite3.Error as error:
        log.warning("a salvaged row of %s does not fit: %s", table, error)


def _mend(target: sqlite3.Connection) -> None:
    """Give every message a conversation and a parent, every conversation a leaf, that exist."""
    target.execute(
        """INSERT INTO conversation(id, title, created_at, updated_at, pinned)
           SELECT conversation_id, '', min(created_at), max(created_at), 0 FROM message
           WHERE conversation_id NOT IN (SELECT id FROM conversation) GROUP BY conversation_id"""
    )
    target.execute(
        """UPDATE message SET parent_id = NULL
           WHERE parent_id IS NOT NULL AND parent_id NOT IN (SELECT id FROM message)"""
    )
    target.execute(
        """UPDATE conversation SET leaf_id = (
               SELECT m.id FROM message m WHERE m.conversation_id = conversation.id AND m.trash_id IS NULL
               ORDER BY m.created_at DESC, m.id DESC LIMIT 1)
           WHERE leaf_id IS NULL OR leaf_id NOT IN (SELECT id FROM message WHERE trash_id IS NULL)"""
    )
    target.execute("DELETE FROM receipt WHERE message_id NOT IN (SELECT id FROM message)")
    for table in ("queued", "summary", "trash"):
        target.execute(f"DELETE FROM {table} WHERE conversation_id NOT IN (SELECT id FROM conversation)")
    # What was deleted but lost its entry in the trash would be invisible for ever: show it again.
    target.execute("UPDATE message SET trash_id = NULL WHERE trash_id NOT IN (SELECT id FROM trash)")
    target.execute(
        """UPDATE conversation SET deleted_at = NULL WHERE deleted_at IS NOT NULL AND id NOT IN
           (SELECT conversation_id FROM trash WHERE kind = 'conversation')"""
    )
    target.execute("UPDATE message SET state = 'interrupted', session = NULL WHERE state = 'streaming'")
