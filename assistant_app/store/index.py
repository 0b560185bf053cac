"""The search index: two contentless FTS5 tables kept in step with titles and final messages.

The tables hold tokens only, no second copy of the text. Taking a row out of such a table needs the text
that went in, so callers hand over the stored JSON of the row.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext

from assistant_app.core.conversation import AudioTranscriptPart, TextPart
from assistant_app.core.segments import segment
from assistant_app.store.codec import readable_parts, to_json
from assistant_app.store.database import transaction
from assistant_app.store.errors import primary_code
from assistant_app.store.search_text import Query

Turn = Callable[[], AbstractContextManager[None]]

log = logging.getLogger(__name__)

_REBUILD_KEY = "search-index"
_TABLES = ("message_search", "title_search")
_BROKEN = -1
_STEP_ROWS = 100
_MERGE_PAGES = 500
_SCAN_ROWS = 10_000
"""How many of the newest messages are read for a query without letters, such as an arrow."""

_NOT_THE_INDEX = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_INTERRUPT,
    }
)


def create(connection: sqlite3.Connection) -> None:
    """Create the tables, without entries."""
    for table in _TABLES:
        connection.execute(
            f"""CREATE VIRTUAL TABLE {table} USING fts5(
                body, content='', columnsize=0, prefix='1 2 3',
                tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co So'")"""
        )


def visible_text(parts_json: str) -> str:
    """Return what is searchable of a message: typed, answered and spoken text."""
    return "\n".join(
        p.text for p in readable_parts(parts_json) if isinstance(p, TextPart | AudioTranscriptPart)
    )


def add_message(connection: sqlite3.Connection, n: int, parts_json: str) -> None:
    """Index a final message, inside the caller's transaction."""
    _change(connection, "message_search", n, visible_text(parts_json), delete=False)


def remove_message(connection: sqlite3.Connection, n: int, parts_json: str) -> None:
    """Take a message out again; `parts_json` is what it was indexed with."""
    _change(connection, "message_search", n, visible_text(parts_json), delete=True)


def add_title(connection: sqlite3.Connection, n: int, title: str) -> None:
    """Index a title."""
    _change(connection, "title_search", n, title, delete=False)


def remove_title(connection: sqlite3.Connection, n: int, title: str) -> None:
    """Take a title out again."""
    _change(connection, "title_search", n, title, delete=True)


def _change(connection: sqlite3.Connection, table: str, n: int, text: str, *, delete: bool) -> None:
    body = segment(text)
    if not body.strip():
        return
    frontier = _frontier(connection)
    if frontier is not None and (frontier == _BROKEN or (table == "message_search" and n >= frontier)):
        return  # the rebuild will come to it
    # FTS5 writes when a savepoint is released, and a release that fails cannot be taken back: hence two.
    connection.execute("SAVEPOINT indexing")
    connection.execute("SAVEPOINT writing")
    try:
        if delete:
            connection.execute(f"INSERT INTO {table}({table}, rowid, body) VALUES('delete', ?, ?)", (n, body))
        else:
            connection.execute(f"INSERT INTO {table}(rowid, body) VALUES(?, ?)", (n, body))
        connection.execute("RELEASE writing")
    except sqlite3.DatabaseError as error:
        if primary_code(error) in _NOT_THE_INDEX:
            raise
        connection.execute("ROLLBACK TO indexing")
        log.warning("the search index is damaged and will be rebuilt: %s", error)
        mark_for_rebuild(connection)
    connection.execute("RELEASE indexing")


def _frontier(connection: sqlite3.Connection) -> int | None:
    """Return the first message that a running rebuild has not indexed, _BROKEN, or None when all is done."""
    row = connection.execute("SELECT value FROM state WHERE key = ?", (_REBUILD_KEY,)).fetchone()
    return None if row is None else int(row[0])


def _set_frontier(connection: sqlite3.Connection, n: int) -> None:
    connection.execute("INSERT OR REPLACE INTO state(key, value) VALUES(?, ?)", (_REBUILD_KEY, str(n)))


def mark_for_rebuild(connection: sqlite3.Connection) -> None:
    """Note in the database that the index must be made anew; until then changes pass it by."""
    _set_frontier(connection, _BROKEN)


def needs_rebuild(connection: sqlite3.Connection) -> bool:
    """Return whether the index was marked, or a rebuild was not finished."""
    return _frontier(connection) is not None


def is_sound(connection: sqlite3.Connection) -> bool:
    """Let FTS5 check its own structure; inside a write transaction."""
    try:
        for table in _TABLES:
            connection.execute(f"INSERT INTO {table}({table}) VALUES('integrity-check')")
    except sqlite3.DatabaseError as error:
        if primary_code(error) in _NOT_THE_INDEX:
            raise
        return False
    return True


def rebuild(connection: sqlite3.Connection) -> None:
    """Make the index anew from titles and final messages, inside the caller's transaction."""
    _begin(connection)
    while _step(connection):
        pass


def rebuild_in_steps(connection: sqlite3.Connection, turn: Turn) -> None:
    """Make the index anew, or finish that, in short transactions of its own, one in each `turn`."""
    if _frontier(connection) == _BROKEN:
        with turn(), transaction(connection):
            _begin(connection)
    more = True
    while more:
        with turn(), transaction(connection):
            more = _frontier(connection) is not None and _step(connection)


def _begin(connection: sqlite3.Connection) -> None:
    for table in _TABLES:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    create(connection)
    connection.executemany(
        "INSERT INTO title_search(rowid, body) VALUES(?, ?)",
        _segmented(connection.execute("SELECT n, title FROM conversation")),
    )
    _set_frontier(connection, 0)


def _step(connection: sqlite3.Connection) -> bool:
    """Index the next messages; return whether there are more."""
    rows = connection.execute(
        "SELECT n, state, parts FROM message WHERE n >= ? ORDER BY n LIMIT ?",
        (_frontier(connection) or 0, _STEP_ROWS),
    ).fetchall()
    connection.executemany(
        "INSERT INTO message_search(rowid, body) VALUES(?, ?)",
        _segmented((n, visible_text(parts)) for n, state, parts in rows if state != "streaming"),
    )
    if len(rows) == _STEP_ROWS:
        _set_frontier(connection, rows[-1][0] + 1)
        return True
    connection.execute("DELETE FROM state WHERE key = ?", (_REBUILD_KEY,))
    return False


def _segmented(rows: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    for n, text in rows:
        body = segment(text)
        if body.strip():
            yield n, body


def forget_deleted(connection: sqlite3.Connection, turn: Turn = nullcontext) -> None:
    """Merge the index into one piece, which drops the words of erased text from the file.

    Works in short transactions of its own, one in each `turn`, so that others can write in between.
    """
    for table in _TABLES:
        pages = -_MERGE_PAGES  # the minus sign begins a merge of everything
        while True:
            with turn(), transaction(connection):
                before = connection.total_changes
                connection.execute(f"INSERT INTO {table}({table}, rank) VALUES('merge', {pages})")
                if connection.total_changes - before < 2:
                    break
            pages = _MERGE_PAGES


def titles_matching(connection: sqlite3.Connection, query: Query, limit: int) -> list[str]:
    """Return identifiers of conversations whose title matches, newest first."""
    if not query.match:
        return [
            row[0]
            for row in connection.execute(
                """SELECT id FROM conversation WHERE deleted_at IS NULL AND instr(title, ?) > 0
                   ORDER BY updated_at DESC LIMIT ?""",
                (query.text.strip(), limit),
            )
        ]
    return [
        row[0]
        for row in connection.execute(
            """SELECT c.id FROM title_search s CROSS JOIN conversation c ON c.n = s.rowid
               WHERE title_search MATCH ? AND c.deleted_at IS NULL
               ORDER BY c.updated_at DESC LIMIT ?""",
            (query.match, limit),
        )
    ]


def messages_matching(connection: sqlite3.Connection, query: Query) -> Iterator[tuple[str, str]]:
    """Yield (conversation id, message id) of matching messages, newest first, trash left out."""
    if query.match:
        yield from connection.execute(
            """SELECT m.conversation_id, m.id FROM message_search s CROSS JOIN message m ON m.n = s.rowid
               WHERE message_search MATCH ? AND m.trash_id IS NULL ORDER BY s.rowid DESC""",
            (query.match,),
        )
        return
    wanted = query.text.strip()
    for conversation_id, message_id, parts in connection.execute(
        f"""SELECT conversation_id, id, parts FROM
                (SELECT * FROM message WHERE trash_id IS NULL ORDER BY n DESC LIMIT {_SCAN_ROWS})
            WHERE instr(parts, ?) > 0""",
        (_as_stored(wanted),),
    ):
        if wanted in visible_text(parts):
            yield conversation_id, message_id


def _as_stored(text: str) -> str:
    """Return text as it stands inside the JSON of a message."""
    return to_json(text)[1:-1]
