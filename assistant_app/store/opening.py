"""Opening the database at start: whatever state the disk is in, a usable store comes out."""

import logging
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from filelock import Timeout

from assistant_app.core.errors import AssistantError
from assistant_app.core.events import Notice
from assistant_app.i18n import _, ngettext
from assistant_app.paths import Paths
from assistant_app.store import composer, conversations, messages, schema, snapshots, trash
from assistant_app.store.database import (
    MEMORY,
    Database,
    connect,
    create_private,
    suspect_marker,
    use_write_ahead_log,
)
from assistant_app.store.errors import DiskFull, NewerDatabase, StoreBusy, StoreDamaged, is_damage, translated
from assistant_app.store.repair import repair
from assistant_app.store.sessions import Session, opening_lock

log = logging.getLogger(__name__)

_IMPOSSIBLE_VERSION = schema.LATEST + 1000
"""From here on a version number is damage, not the future."""


@dataclass(slots=True)
class Opened:
    """What opening gave: the database, this process's session (None in memory), and what must be said."""

    database: Database
    session: Session | None
    notices: list[Notice] = field(default_factory=list)


class _Damaged(StoreDamaged):
    """The file was reached, but what is in it is not a sound database of ours."""


def open_database(paths: Paths) -> Opened:
    """Create, check, migrate or repair the database. Raises StoreBusy when another process is still at it."""
    try:
        paths.ensure()
        for folder in (paths.data, paths.runtime):
            folder.chmod(0o700)
        session = Session(paths.runtime)
    except OSError as error:
        return _in_memory(paths, error.strerror or str(error))
    try:
        with opening_lock(paths.runtime):
            return _open_file(paths, session)
    except Timeout as error:
        session.close()
        raise StoreBusy(detail=str(error)) from error
    except (OSError, sqlite3.Error, AssistantError) as error:
        session.close()
        log.warning("the database cannot be opened: %s", error)
        return _in_memory(paths, _reason(error))
    except BaseException:
        session.close()
        raise


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, sqlite3.Error):
        error = translated(error)
    if isinstance(error, DiskFull):
        return _("the disk is full")
    if isinstance(error, StoreDamaged):
        return _("the file is damaged and cannot be repaired now")
    return error.detail if isinstance(error, AssistantError) else str(error)


def _open_file(paths: Paths, session: Session) -> Opened:
    notices: list[Notice] = []
    try:
        connection = _sound(paths, session)
    except NewerDatabase:
        return _read_only(paths, session)
    except _Damaged as error:
        log.error("damaged: %s", error.detail)
        if session.others_alive():
            raise
        notices.append(repair(paths))
        connection = _sound(paths, session)
    database = Database(connection, paths.database)
    notices += interrupted(database, session.is_alive)
    session.tidy()
    return Opened(database, session, notices)


def _sound(paths: Paths, session: Session) -> sqlite3.Connection:
    """Return a connection to a sound database. Raises _Damaged, NewerDatabase, sqlite3.Error."""
    path = paths.database
    was_there = path.exists() and path.stat().st_size > 0
    create_private(path)
    if not was_there and snapshots.listed(paths.snapshots):
        raise _Damaged(detail="the file is empty or missing")
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(closing(connect(path)))
            _prepare(connection, paths, was_there=was_there, session=session)
        except sqlite3.Error as error:
            # The code "store" stands for SQLITE_ERROR: a table or column that must be there is not.
            if is_damage(error) or translated(error).code == "store":
                raise _Damaged(detail=str(error)) from error
            raise
        stack.pop_all()
    suspect_marker(path).unlink(missing_ok=True)
    return connection


def _prepare(connection: sqlite3.Connection, paths: Paths, *, was_there: bool, session: Session) -> None:
    number = schema.version(connection)
    if number >= _IMPOSSIBLE_VERSION or number < 0:
        raise _Damaged(detail=f"version {number}")
    if number > schema.LATEST:
        raise NewerDatabase(detail=f"version {number}")
    use_write_ahead_log(connection)
    if suspect_marker(paths.database).exists() and not session.others_alive():
        wrong = schema.damage(connection)
        if wrong:
            raise _Damaged(detail=wrong)
    if was_there and 0 < number < schema.LATEST:
        snapshots.take(connection, paths.snapshots, snapshots.MIGRATION)
    schema.migrate(connection)
    _probe(connection)


def _probe(connection: sqlite3.Connection) -> None:
    """Read a little of every table that the first window needs. Raises sqlite3.Error."""
    conversations.rows(connection, 20, 0)
    connection.execute(f"SELECT {messages.COLUMNS} FROM message LIMIT 1").fetchall()
    trash.rows(connection)
    composer.draft(connection, "")
    composer.get_state(connection, "")
    messages.streaming_sessions(connection)


def _read_only(paths: Paths, session: Session) -> Opened:
    refusal = NewerDatabase()
    connection = connect(paths.database, mode="ro")
    try:
        _probe(connection)
        composer.shadow(connection)
    except sqlite3.Error:
        connection.close()
        raise
    database = Database(connection, paths.database, refusal)
    return Opened(database, session, [Notice(refusal.code, refusal.sentence(_))])


def _in_memory(paths: Paths, reason: str) -> Opened:
    connection = connect(MEMORY)
    readable = _copy_into(connection, paths.database)
    database = Database(connection, None)
    interrupted(database, lambda session_id: False)
    if readable:
        sentence = _(
            "The folder of your conversations cannot be used ({reason}); the older ones can be read,"
            " but nothing new will be kept when you quit."
        )
    else:
        sentence = _(
            "The folder of your conversations cannot be used ({reason}); you can go on,"
            " but nothing will be kept when you quit."
        )
    return Opened(database, None, [Notice("store-in-memory", sentence.format(reason=reason))])


def _copy_into(connection: sqlite3.Connection, path: Path) -> bool:
    """Load what the file holds into memory, if it can be read somehow; afterwards the tables exist."""
    attempts: tuple[Callable[[Path, sqlite3.Connection], None], ...] = (
        lambda source, target: _load(source, "ro", target),
        _load_elsewhere,
        lambda source, target: _load(source, "immutable", target),
    )
    for attempt in attempts:
        try:
            attempt(path, connection)
            if 0 < schema.version(connection) <= schema.LATEST:
                schema.migrate(connection)
                _probe(connection)
                return True
        except (sqlite3.Error, OSError) as error:
            log.info("the existing file cannot be loaded this way: %s", error)
    with closing(connect(MEMORY)) as empty:
        schema.migrate(empty)
        empty.backup(connection)
    return False


def _load(source: Path, mode: str, target: sqlite3.Connection) -> None:
    with closing(connect(source, mode=mode, timeout_ms=500)) as connection:
        connection.backup(target)


def _load_elsewhere(source: Path, target: sqlite3.Connection) -> None:
    """Read a file whose write-ahead log cannot be used in its own folder."""
    with tempfile.TemporaryDirectory(prefix="assistant-") as folder:
        for suffix in ("", "-wal"):
            if Path(f"{source}{suffix}").exists():
                shutil.copyfile(f"{source}{suffix}", Path(folder) / f"{source.name}{suffix}")
        _load(Path(folder) / source.name, "rw", target)


def interrupted(database: Database, is_alive: Callable[[str], bool]) -> list[Notice]:
    """Close the answers whose process died in mid-sentence; say how many. Raises StoreError."""
    with database.read() as connection:
        dead = [s for s in messages.streaming_sessions(connection) if not is_alive(s)]
    if not dead:
        return []
    with database.write() as connection:
        count = messages.interrupt_dead(connection, dead)
    if not count:
        return []
    sentence = ngettext(
        "An answer was cut off when Assistant ended; what was written is kept and can be continued.",
        "{count} answers were cut off when Assistant ended; what was written is kept and can be continued.",
        count,
    )
    return [Notice("store-interrupted", sentence.format(count=count))]
