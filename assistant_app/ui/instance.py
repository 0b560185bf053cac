"""One window per profile: later starts say what they want of the first one, and end."""

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal

from assistant_app.instance_line import (
    DONE,
    MAX_LINE_BYTES,
    RAISE,
    TALK_VERBS,
    UNKNOWN,
    NobodyAnswers,
    address,
    link_in,
    talk_line,
    tell,
)

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

log = logging.getLogger(__name__)

_ANSWER_WITHIN_S = 3.0
_LINE_WITHIN_MS = 3000


class Instance(QObject):
    """Holds the lock of a profile and listens for later starts.

    Signals:
        raise_wanted: a second start asks this window to come forward.
        talk_wanted: "toggle", "start" or "stop"; a command asks it to listen or to end that.
        link_wanted: a link that was clicked elsewhere, not read yet: anything may stand in it.
    """

    raise_wanted = Signal()
    talk_wanted = Signal(str)
    link_wanted = Signal(str)

    def __init__(self, runtime: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = runtime / "window.lock"
        self._lock = QLockFile(str(self._path))
        # Age says nothing about a window that has been open for days: QLockFile then only asks
        # whether the process still lives, and takes over the lock of a dead one at once.
        self._lock.setStaleLockTime(0)
        self._runtime = runtime
        self._server: QLocalServer | None = None

    def claim(self, line: str = RAISE) -> bool:
        """Become the one window, or say a line to the one that is open; return which."""
        if self._lock.tryLock(0):
            return True
        if self._lock.error() != QLockFile.LockError.LockFailedError:
            # A folder that cannot be written must not keep anybody from their window.
            log.warning("no lock for this profile: %s", self._lock.error())
            return True
        if self._tell_other(line):
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
        name = address(self._runtime)
        if not server.listen(name):
            # A socket file that a killed window left behind; the lock says that nobody uses it.
            QLocalServer.removeServer(name)
            if not server.listen(name):
                log.warning("later starts cannot be heard: %s", server.errorString())
        self._server = server

    def _on_connection(self) -> None:
        if self._server is None:
            return
        while (socket := self._server.nextPendingConnection()) is not None:
            _Caller(socket, self)

    def obey(self, line: str) -> bool:
        """Do what a later start says; return whether that is known."""
        verb = next((verb for verb in TALK_VERBS if line == talk_line(verb)), None)
        if verb is not None:
            self.talk_wanted.emit(verb)
        elif (link := link_in(line)) is not None:
            self.link_wanted.emit(link)
        elif line == RAISE:
            self.raise_wanted.emit()
        else:
            log.info("a later start said something unknown")
            return False
        return True

    def _tell_other(self, line: str) -> bool:
        """Say a line to the window that holds the lock, which may still start; return whether it hears."""
        deadline = time.monotonic() + _ANSWER_WITHIN_S
        while (left_s := deadline - time.monotonic()) > 0:
            try:
                tell(self._runtime, line, left_s)
            except TimeoutError:
                # The system accepts for a window that is busy, too: it is there and will read the line.
                return True
            except NobodyAnswers:
                time.sleep(0.05)
            else:
                return True
        return False


class _Caller(QObject):
    """One later start: reads its line, answers, and is gone. Whoever says nothing is not waited for."""

    def __init__(self, connection: "QLocalSocket", instance: Instance) -> None:
        super().__init__(instance)
        # Not a reference to the instance, too: its last one would go while Qt deletes its children.
        self._connection = connection
        connection.setParent(self)
        connection.setReadBufferSize(MAX_LINE_BYTES)
        connection.readyRead.connect(self._read)
        connection.disconnected.connect(self.deleteLater)
        QTimer.singleShot(_LINE_WITHIN_MS, self, self._give_up)
        self._read()

    def _read(self) -> None:
        connection = self._connection
        if not connection.canReadLine():
            if connection.bytesAvailable() >= MAX_LINE_BYTES:
                self._give_up()
            return
        connection.readyRead.disconnect(self._read)
        line = bytes(connection.readLine(MAX_LINE_BYTES + 1).data()).decode("utf-8", "replace").strip()
        instance = self.parent()
        known = isinstance(instance, Instance) and instance.obey(line)
        connection.write(f"{DONE if known else UNKNOWN}\n".encode())
        connection.flush()
        connection.disconnectFromServer()

    def _give_up(self) -> None:
        self._connection.abort()
        self.deleteLater()
