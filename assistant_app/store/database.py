"""Connections to the database: settings that hold, one lock, transactions, errors in plain words."""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant_app.core.errors import StoreError
from assistant_app.store.errors import StoreDamaged, translated

BUSY_TIMEOUT_MS = 5000
_GIVE_WAY_S = 0.03
MEMORY = ":memory:"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def connect(target: Path | str, *, mode: str = "rw", timeout_ms: int = BUSY_TIMEOUT_MS) -> sqlite3.Connection:
    """Open a database with our settings; the caller keeps track of transactions.

    `mode` is SQLite's: "rw", "ro", or "immutable" for a file that nobody writes (no files appear beside it).
    Raises sqlite3.Error.
    """
    if target == MEMORY:
        connection = sqlite3.connect(MEMORY, isolation_level=None, check_same_thread=False)
    else:
        query = "mode=ro&immutable=1" if mode == "immutable" else f"mode={mode}"
        connection = sqlite3.connect(
            f"{Path(target).absolute().as_uri()}?{query}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=timeout_ms / 1000,
        )
    try:
        connection.text_factory = _text
        for setting in (
            "trusted_schema=OFF",
            "foreign_keys=ON",
            "secure_delete=ON",
            "synchronous=FULL",
            "temp_store=MEMORY",
            "cache_size=-16000",
        ):
            connection.execute(f"PRAGMA {setting}")
    except BaseException:
        connection.close()
        raise
    return connection


def create_private(path: Path) -> None:
    """Create an empty file that only its owner can read, or tighten one that exists. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)


def use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Let readers and one writer work side by side; commits are durable before they return."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA journal_size_limit=8388608")


def suspect_marker(path: Path) -> Path:
    """Return the empty file whose presence asks the next start for a full check."""
    return path.with_name(path.name + ".suspect")


def mark_suspect(path: Path) -> None:
    """Ask the next start for a full check of the database at `path`."""
    with contextlib.suppress(OSError):
        suspect_marker(path).touch(0o600)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut, where the platform knows how."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run the block in one BEGIN IMMEDIATE … COMMIT; an exception takes all of it back."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what SQLite and the file system raise into StoreError and NotFound."""
    try:
        yield
    except sqlite3.Error as error:
        raise translated(error) from error
    except OSError as error:
        raise StoreError(reason=error.strerror or str(error), detail=str(error)) from error


class Database:
    """The worker's connection behind a lock, and further connections for work in the background.

    Attributes:
        path: the file, or None when everything is in memory.
        refusal: raised by `write` when the database may only be read; else None.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path | None, refusal: StoreError | None = None
    ) -> None:
        """Take over a connection made by `connect`."""
        self._connection = connection
        self._lock = threading.RLock()
        self.path = path
        self.refusal = refusal

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            with plain_errors():
                yield
        except StoreDamaged:
            if self.path is not None:
                mark_suspect(self.path)
            raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for reading. Raises StoreError."""
        with self._lock, self._plain_errors():
            yield self._connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection inside one transaction, durable at the end. Raises StoreError, NotFound."""
        if self.refusal is not None:
            raise self.refusal
        with self._lock, self._plain_errors(), transaction(self._connection):
            yield self._connection

    @contextmanager
    def scratch(self) -> Iterator[sqlite3.Connection]:
        """Like `write`, but allowed where only temporary tables are written. Raises StoreError."""
        with self._lock, self._plain_errors():
            if self.refusal is not None:
                yield self._connection
                return
            with transaction(self._connection):
                yield self._connection

    @contextmanager
    def separate(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection of its own, so that the worker does not wait. Raises StoreError.

        In memory there is only one connection, which is lent instead.
        """
        if self.path is None:
            with self.read() as connection:
                yield connection
            return
        with self._plain_errors():
            connection = connect(self.path, mode="ro" if self.refusal else "rw")
            try:
                yield connection
            finally:
                connection.close()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold off this process's other threads during one short step of background work, then give way.

        Without it, a background thread that writes in steps would win every race for SQLite's lock.
        """
        with self._lock:
            yield
        time.sleep(_GIVE_WAY_S)

    @contextmanager
    def replacing(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection outside a transaction, as the target of a backup. Raises StoreError."""
        if self.refusal is not None:
            raise self.refusal
        with self._lock, self._plain_errors():
            yield self._connection

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Close the connection during the block, so that the file can be exchanged; everyone else waits."""
        if self.path is None:
            yield
            return
        with self._lock:
            self._connection.close()
            try:
                yield
            finally:
                with plain_errors():
                    self._connection = connect(self.path)
                    use_write_ahead_log(self._connection)

    def close(self) -> None:
        """Close the connection; the last one out folds the write-ahead log into the file."""
        with self._lock:
            self._connection.close()
