"""Which processes have the database open: one locked file each, free again the moment its process is gone."""

import contextlib
import logging
import time
from pathlib import Path

from filelock import FileLock, Timeout

from assistant_app.core.ids import new_id

log = logging.getLogger(__name__)

_PREFIX, _SUFFIX = "store-", ".session"
_STALE_AFTER_S = 24 * 3600
OPENING_TIMEOUT_S = 60.0


def opening_lock(folder: Path) -> FileLock:
    """Return the lock that is held while a database is created, migrated, repaired or exchanged."""
    return FileLock(folder / "store-opening.lock", timeout=OPENING_TIMEOUT_S, mode=0o600, thread_local=False)


class Session:
    """The presence of one open Store; rows that it streams carry its `id`."""

    def __init__(self, folder: Path) -> None:
        """Take the session file. Raises OSError."""
        self.id = new_id()
        self._folder = folder
        self._lock = FileLock(self._path(self.id), timeout=0, mode=0o600, thread_local=False)
        self._lock.acquire()

    def _path(self, session_id: str) -> Path:
        return self._folder / f"{_PREFIX}{session_id}{_SUFFIX}"

    def is_alive(self, session_id: str) -> bool:
        """Return whether the process of a session still has the database open."""
        if session_id == self.id:
            return True
        path = self._path(session_id)
        return path.exists() and _is_held(path)

    def others_alive(self) -> bool:
        """Return whether any other process has the database open."""
        own = self._path(self.id)
        return any(path != own and _is_held(path) for path in self._folder.glob(f"{_PREFIX}*{_SUFFIX}"))

    def tidy(self) -> None:
        """Remove files of sessions that ended without doing so; young ones may be about to be locked."""
        for path in self._folder.glob(f"{_PREFIX}*{_SUFFIX}"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_AFTER_S and not _is_held(path):
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """End the session."""
        self._lock.release(force=True)
        with contextlib.suppress(OSError):
            self._path(self.id).unlink(missing_ok=True)


def _is_held(path: Path) -> bool:
    probe = FileLock(path, timeout=0, thread_local=False)
    try:
        probe.acquire()
    except Timeout:
        return True
    except OSError as error:
        log.warning("a session file cannot be examined: %s", error)
        return True
    probe.release(force=True)
    return False
