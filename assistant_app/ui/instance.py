"""One window per profile: a second start raises the first one and ends."""

import hashlib
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLockFile, QObject, Signal

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer

log = logging.getLogger(__name__)

_ANSWER_WITHIN_MS = 3000


class Instance(QObject):
    """Holds the lock of a profile and listens for later starts.

    Signals:
        raise_wanted: a second start asks this window to come forward.
    """

    raise_wanted = Signal()

    def __init__(self, runtime: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = runtime / "window.lock"
        self._lock = QLockFile(str(self._path))
        # Age says nothing about a window that has been open for days: QLockFile then only asks
        # whether the process still lives, and takes over the lock of a dead one at once.
        self._lock.setStaleLockTime(0)
        # Socket paths are limited to about 100 bytes, profiles are not.
        digest = hashlib.sha256(str(runtime).encode()).hexdigest()[:16]
        self._name = f"assistant-app-{digest}"
        self._server: QLocalServer | None = None

    def claim(self) -> bool:
        """Become the one window, or ask the one that is open to come forward; return which."""
        if self._lock.tryLock(0):
            return True
        if self._lock.error() != QLockFile.LockError.LockFailedError:
            # A folder that cannot be written must not keep anybody from their window.
            log.warning("no lock for this profile: %s", self._lock.error())
            return True
        if self._raise_other():
            return False
        # Nobody listens: the holder was killed and its process number went to another program of
        # the same name. Refusing would lock the user out.
        log.warning("the lock is held by process %s, which does not answer", self._lock.getLockInfo()[0])
        self._path.unlink(missing_ok=True)
        self._lock.tryLock(0)
        return True

    def release(self) -> None:
        """Let the next start become the window."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._lock.unlock()

    def listen(self) -> None:
        """Hear later starts from now on; one that comes before waits for it a moment."""
        from PySide6.QtNetwork import QLocalServer

        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.newConnection.connect(self._on_connection)
        if not server.listen(self._name):
            # A socket file that a killed window left behind; the lock says that nobody uses it.
            QLocalServer.removeServer(self._name)
            server.listen(self._name)
        self._server = server

    def _on_connection(self) -> None:
        if self._server is None:
            return
        socket = self._server.nextPendingConnection()
        socket.disconnected.connect(socket.deleteLater)
        socket.write(b"raised\n")
        socket.flush()
        socket.disconnectFromServer()
        self.raise_wanted.emit()

    def _raise_other(self) -> bool:
        from PySide6.QtNetwork import QLocalSocket

        deadline = time.monotonic() + _ANSWER_WITHIN_MS / 1000
        socket = QLocalSocket()
        while time.monotonic() < deadline:
            socket.connectToServer(self._name)
            if socket.waitForConnected(_ANSWER_WITHIN_MS):
                # The system accepts for a window that is still starting or busy, too.
                socket.waitForReadyRead(_ANSWER_WITHIN_MS)
                socket.abort()
                return True
            time.sleep(0.05)
        return False
