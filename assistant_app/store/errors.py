"""What can go wrong with the database, each with the sentence that the user reads."""

import sqlite3

from assistant_app.core.errors import AssistantError, NotFound, StoreError
from assistant_app.core.text import N_


class DiskFull(StoreError):
    """The disk is used up."""

    code = "store-full"
    default_sentence = N_(
        "There is no room left on the disk, so nothing new is saved;"
        " what is on screen is kept until you free some space."
    )


class DiskRefused(StoreError):
    """Reading or writing failed below SQLite: a quota, a pulled cable, a broken disk."""

    code = "store-disk"
    default_sentence = N_(
        "The disk refuses to read or write your conversations;"
        " what is on screen is kept. Check the disk, then try again."
    )


class StoreReadOnly(StoreError):
    """The database may be read but not written."""

    code = "store-read-only"
    default_sentence = N_(
        "Your conversations can be read but not changed right now;"
        " nothing was lost, and your text stays where you typed it."
    )


class NewerDatabase(StoreReadOnly):
    """A newer version of the application wrote the database."""

    code = "store-newer"
    default_sentence = N_(
        "Your conversations were saved by a newer version of Assistant;"
        " they can be read here but not changed. Install the newer version to go on."
    )


class StoreDamaged(StoreError):
    """SQLite found the file malformed."""

    code = "store-damaged"
    default_sentence = N_(
        "The file with your conversations is damaged; it is kept as it is"
        " and will be repaired at the next start."
    )


class StoreBusy(StoreError):
    """Another process holds the write lock for longer than the busy timeout."""

    code = "store-busy"
    default_sentence = N_("Another Assistant is writing right now; your text is kept. Try again in a moment.")


class SnapshotUnusable(StoreError):
    """A snapshot is damaged or from a newer version."""

    code = "snapshot"
    default_sentence = N_("This saved copy cannot be read; nothing was changed. Choose another day.")


_BY_PRIMARY_CODE: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_FULL: DiskFull,
    sqlite3.SQLITE_READONLY: StoreReadOnly,
    sqlite3.SQLITE_CORRUPT: StoreDamaged,
    sqlite3.SQLITE_NOTADB: StoreDamaged,
    sqlite3.SQLITE_BUSY: StoreBusy,
    sqlite3.SQLITE_LOCKED: StoreBusy,
    sqlite3.SQLITE_IOERR: DiskRefused,
    sqlite3.SQLITE_CANTOPEN: DiskRefused,
}


def primary_code(error: sqlite3.Error) -> int:
    """Return the primary result code of SQLite (its lowest byte), or 0 where Python raised the error."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def translated(error: sqlite3.Error) -> AssistantError:
    """Return the error that says in plain words what SQLite said in its own."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return NotFound(detail=str(error))
    kind = _BY_PRIMARY_CODE.get(primary_code(error))
    if kind is not None:
        return kind(detail=str(error))
    return StoreError(reason=str(error), detail=f"{getattr(error, 'sqlite_errorname', '')} {error}".strip())


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether SQLite means that the file itself is broken."""
    return primary_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
