"""Saved copies of the whole database: taking, checking, listing, thinning."""

import logging
import os
import re
import sqlite3
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from assistant_app.core.errors import NotFound
from assistant_app.core.views import Snapshot
from assistant_app.store import schema
from assistant_app.store.database import MEMORY, connect, create_private, plain_errors, sync_folder
from assistant_app.store.errors import NewerDatabase, SnapshotUnusable, StoreDamaged

log = logging.getLogger(__name__)

DAILY, MIGRATION, BEFORE_RESTORE = "daily", "migration", "before-restore"
_NAME = re.compile(r"(\d{8}T\d{6}\d{6})-([a-z-]+)-v(\d+)\.db")
_STAMP = "%Y%m%dT%H%M%S%f"
_DAYS, _WEEKS, _MONTHS, _OTHERS = 7, 4, 6, 3


def listed(folder: Path) -> list[Snapshot]:
    """Return the snapshots, newest first."""
    found = []
    for path in folder.glob("*.db") if folder.is_dir() else ():
        match = _NAME.fullmatch(path.name)
        if match:
            created = datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)
            found.append(
                Snapshot(path.stem, created.timestamp(), match[2], path.stat().st_size, int(match[3]))
            )
    return sorted(found, key=lambda snapshot: snapshot.id, reverse=True)


def path_of(folder: Path, snapshot_id: str) -> Path:
    """Return the file of a snapshot. Raises NotFound."""
    path = folder / f"{snapshot_id}.db"
    if not _NAME.fullmatch(path.name) or not path.is_file():
        raise NotFound(detail=f"snapshot {snapshot_id}")
    return path


def take(
    source: sqlite3.Connection,
    folder: Path,
    reason: str,
    look: Callable[[sqlite3.Connection], None] | None = None,
) -> Snapshot:
    """Copy the database as it is now; the copy counts only after its check and after `look` saw it.

    Raises like `copy`.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.now(UTC)
    number = schema.version(source)
    path = folder / f"{now.strftime(_STAMP)}-{reason}-v{number}.db"
    copy(source, path, look)
    return Snapshot(path.stem, now.timestamp(), reason, path.stat().st_size, number)


def copy(
    source: sqlite3.Connection, path: Path, change: Callable[[sqlite3.Connection], None] | None = None
) -> None:
    """Write a checked, durable copy to `path`, after `change` was applied to it; all of it or nothing.

    Raises StoreDamaged when the copy is not sound, sqlite3.Error, OSError.
    """
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    create_private(partial)
    try:
        with closing(connect(partial)) as target:
            target.execute("PRAGMA synchronous=OFF")  # one fsync at the end does for all
            source.backup(target)
            # One plain file: no log beside it, and no old pages in a journal when `change` erases something.
            target.execute("PRAGMA journal_mode=MEMORY")
            if change is not None:
                change(target)
            wrong = schema.damage(target)
            if wrong:
                raise StoreDamaged(detail=wrong)
        with open(partial, "r+b") as file:  # Windows writes out only what is open for writing
            os.fsync(file.fileno())
        os.replace(partial, path)
        sync_folder(path.parent)
    finally:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(partial.name + suffix).unlink(missing_ok=True)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a snapshot for reading with today's tables; an older one is brought up to date in memory.

    Raises SnapshotUnusable, NewerDatabase.
    """
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(closing(connect(path, mode="immutable")))
            number = schema.version(connection)
            wrong = schema.damage(connection)
        except sqlite3.DatabaseError as error:
            raise SnapshotUnusable(detail=str(error)) from error
        if wrong or number == 0:
            raise SnapshotUnusable(detail=wrong or "empty")
        if number > schema.LATEST:
            raise NewerDatabase(detail=f"snapshot of version {number}")
        with plain_errors():
            if number < schema.LATEST:
                older, connection = connection, stack.enter_context(closing(connect(MEMORY)))
                older.backup(connection)
                schema.migrate(connection)
            yield connection


def newest_usable(folder: Path) -> tuple[Snapshot, Path] | None:
    """Return the newest snapshot that passes the check."""
    for snapshot in listed(folder):
        path = folder / f"{snapshot.id}.db"
        try:
            with opened(path):
                return snapshot, path
        except Exception as error:
            log.warning("snapshot %s cannot be used: %s", snapshot.id, error)
    return None


def is_due(folder: Path, now: float) -> bool:
    """Return whether today (local time) has no daily snapshot yet."""
    today = datetime.fromtimestamp(now).date()
    return not any(
        s.reason == DAILY and datetime.fromtimestamp(s.created_at).date() == today for s in listed(folder)
    )


def kept(snapshots: Sequence[Snapshot], now: float) -> set[str]:
    """Return which snapshots stay: the newest of each of the last 7 days, 4 weeks and 6 months that have one.

    Those taken before a migration or a restore stay for 30 days beside them, at most three of a kind.
    """
    newest_first = sorted(snapshots, key=lambda s: s.created_at, reverse=True)
    stay: set[str] = set()
    rules: tuple[tuple[int, Callable[[datetime], Hashable]], ...] = (
        (_DAYS, lambda at: at.date()),
        (_WEEKS, lambda at: at.isocalendar()[:2]),
        (_MONTHS, lambda at: (at.year, at.month)),
    )
    for limit, period in rules:
        seen: set[Hashable] = set()
        for snapshot in newest_first:
            key = period(datetime.fromtimestamp(snapshot.created_at))
            if key not in seen and len(seen) < limit:
                seen.add(key)
                stay.add(snapshot.id)
    for reason in {s.reason for s in snapshots} - {DAILY}:
        recent = [s.id for s in newest_first if s.reason == reason and now - s.created_at < 30 * 86400]
        stay.update(recent[:_OTHERS])
    return stay


def thin(folder: Path, now: float) -> None:
    """Delete what `kept` does not keep, and copies that were never finished. Raises OSError."""
    snapshots = listed(folder)
    stay = kept(snapshots, now)
    for snapshot in snapshots:
        if snapshot.id not in stay:
            (folder / f"{snapshot.id}.db").unlink(missing_ok=True)
    for partial in folder.glob("*.partial*"):
        if now - partial.stat().st_mtime > 86400:
            partial.unlink(missing_ok=True)
