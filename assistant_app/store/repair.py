"""Putting a damaged database back: newest good snapshot, and what can be read of the damaged file."""

import contextlib
import logging
import os
import shutil
import sqlite3
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

from assistant_app.core.events import Notice
from assistant_app.core.views import Snapshot
from assistant_app.i18n import _
from assistant_app.paths import Paths
from assistant_app.store import index, salvage, schema, snapshots
from assistant_app.store.database import MEMORY, connect, suspect_marker, sync_folder

log = logging.getLogger(__name__)

_INDEX_AT_ONCE = 3000
"""Up to this many messages are indexed during the repair; more are left to the next maintenance."""


def repair(paths: Paths) -> Notice:
    """Exchange the damaged file for a sound one; nobody may have it open. Raises OSError, sqlite3.Error."""
    damaged = paths.database
    log.error("the database is damaged and will be repaired")
    newest = snapshots.newest_usable(paths.snapshots)
    found = salvage.read(damaged, newest[1] if newest else None)
    fresh = damaged.with_name(damaged.name + ".new")
    saved = 0

    def fill(target: sqlite3.Connection) -> None:
        nonlocal saved
        schema.migrate(target)
        saved = salvage.merge(target, found)
        (count,) = target.execute("SELECT count(*) FROM message").fetchone()
        if count <= _INDEX_AT_ONCE:
            index.rebuild(target)
        else:
            index.mark_for_rebuild(target)

    with ExitStack() as stack:
        if found.complete or newest is None:
            # Everything was readable: nothing that was erased since may come back from a snapshot.
            source = stack.enter_context(closing(connect(MEMORY)))
            used = None
        else:
            source = stack.enter_context(snapshots.opened(newest[1]))
            used = newest[0]
        snapshots.copy(source, fresh, fill)
    aside = exchange(damaged, fresh)
    return Notice("store-repaired", _sentence(aside, used, saved, found.complete))


def _sentence(aside: Path, used: Snapshot | None, saved: int, complete: bool) -> str:
    if used is not None:
        when = datetime.fromtimestamp(used.created_at).strftime("%Y-%m-%d %H:%M")
        return _(
            "The file with your conversations was damaged; it was put back from the copy of {when}"
            " with {count} newer messages that could be saved, and the damaged file is kept as {name}."
        ).format(when=when, count=saved, name=aside.name)
    if complete:
        return _(
            "The file with your conversations was damaged; everything in it could be saved"
            " ({count} messages), and the damaged file is kept as {name}."
        ).format(count=saved, name=aside.name)
    return _(
        "The file with your conversations was damaged and there was no copy of it yet; {count} messages could"
        " be saved, and the damaged file is kept as {name}."
    ).format(count=saved, name=aside.name)


def exchange(current: Path, fresh: Path) -> Path:
    """Put `fresh` in the place of `current`, which is kept under another name that is returned."""
    aside = _aside_name(current)
    # A log of the old file must never be applied to the new one.
    with contextlib.suppress(FileNotFoundError):
        os.replace(f"{current}-wal", f"{aside}-wal")
    Path(f"{current}-shm").unlink(missing_ok=True)
    try:
        os.link(current, aside)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(current, aside)
            aside.chmod(0o600)
    os.replace(fresh, current)
    sync_folder(current.parent)
    suspect_marker(current).unlink(missing_ok=True)
    return aside


def _aside_name(path: Path) -> Path:
    base = f"{path.name}.damaged-{datetime.now():%Y-%m-%d}"
    names = [base, *(f"{base}-{number}" for number in range(2, 1000))]
    return next(path.with_name(name) for name in names if not path.with_name(name).exists())
