"""The request loop of an engine process: one request at a time, heartbeat, cancel, idle work."""

import os
import queue
import threading
import time
import traceback
from typing import Any, Generic, TypeVar

from assistant_app.core.errors import AssistantError, Busy
from assistant_app.engines import protocol
from assistant_app.engines.stop import StopByte
from assistant_app.engines.wire import Connection, WireError

HEARTBEAT_S = 1.0
EXIT_GRACE_S = 5.0
"""How long native code may still run after the worker has gone."""

Work = TypeVar("Work")


class EngineServer(Generic[Work]):
    """Serves one worker until it says Shutdown or goes away.

    What an engine is, a subclass says: it overrides `works`, `begin` and `serve`, and where it has
    something to do then, `aside`, `idle_s`, `idle`, `leave` and `free`. Those run on the main thread,
    except `aside`.
    """

    works: tuple[type[Any], ...]
    """The requests that are served, one at a time."""

    def __init__(self, connection: Connection, stop: StopByte, *, isolated: bool = False) -> None:
        self._connection = connection
        self._stop = stop
        self._isolated = isolated
        self._queue: queue.Queue[Work | protocol.Shutdown | None] = queue.Queue()
        self._lock = threading.Lock()
        self._running: int | None = None
        """Identifier of the request that is queued or served; guarded by the lock."""
        self._gone = threading.Event()

    # --- what an engine is
    def begin(self) -> tuple[str, str]:
        """Import native libraries; return their name and version, and what they say of the computer."""
        raise NotImplementedError

    def serve(self, work: Work) -> Any:
        """Do what a request asks for and return the last reply. May raise anything."""
        raise NotImplementedError

    def aside(self, message: Any) -> Any | None:
        """Answer, on the thread that reads, a message that does not wait for the one that is served."""
        return None

    def idle_s(self) -> float | None:
        """Return after how long without work `idle` is called; None: never."""
        return None

    def idle(self) -> None:
        """Do what is worth doing while nothing is asked for."""

    def leave(self) -> None:
        """Save what is worth saving: the end is near."""

    def free(self) -> None:
        """Give everything back."""

    # --- the main thread
    def run(self) -> int:
        """Serve; return the exit status."""
        library, system_info = self.begin()
        self._send(protocol.Hello(os.getpid(), library, system_info, self._isolated))
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        try:
            while True:
                work = self._next()
                if work is None:
                    self.leave()
                    return 0
                if isinstance(work, protocol.Shutdown):
                    self.leave()
                    self._finish(protocol.Ok(work.id))
                    return 0
                self._finish(self._answer(work))
        finally:
            self.free()

    @property
    def _waiting(self) -> bool:
        """Whether a request has come."""
        return not self._queue.empty()

    def _next(self) -> Work | protocol.Shutdown | None:
        """Wait for work, doing what is worth doing in the meantime."""
        while True:
            try:
                return self._queue.get(timeout=self.idle_s())
            except queue.Empty:
                self.idle()

    def _answer(self, work: Work) -> Any:
        identifier: int = getattr(work, "id")  # noqa: B009 - every request of the protocol has one
        try:
            return self.serve(work)
        except AssistantError as error:
            return failed(identifier, error)
        except Exception as error:  # whatever a foreign file brought about, the engine goes on
            return failed(identifier, AssistantError(detail=f"{error!r}\n{traceback.format_exc()}"[-4000:]))

    def _finish(self, reply: Any) -> None:
        with self._lock:
            self._running = None
            self._stop.clear()
        self._send(reply)

    # --- the other threads
    def _read(self) -> None:
        """Take requests off the socket; never waits for native code."""
        try:
            while (message := self._connection.receive()) is not None:
                self._accept(message)
        except (WireError, OSError) as error:
            os.write(2, f"engine: connection lost: {error}\n".encode())
        self._gone.set()
        self._stop.set()
        self._queue.put(None)
        time.sleep(EXIT_GRACE_S)
        os._exit(0)

    def _accept(self, message: Any) -> None:
        if isinstance(message, protocol.Ping):
            self._send(protocol.Pong(message.id, self._running is not None))
        elif isinstance(message, protocol.Cancel):
            with self._lock:
                if self._running == message.id:
                    self._stop.set()
        elif isinstance(message, protocol.Shutdown):
            with self._lock:
                if self._running is not None:
                    self._stop.set()
            self._queue.put(message)
        elif (reply := self.aside(message)) is not None:
            self._send(reply)
        elif isinstance(message, self.works):
            with self._lock:
                free = self._running is None
                if free:
                    self._running = message.id
            if free:
                self._queue.put(message)
            else:
                self._send(failed(message.id, Busy()))

    def _beat(self) -> None:
        while not self._gone.wait(HEARTBEAT_S):
            self._send(protocol.Pong(0, self._running is not None))

    def _send(self, message: Any) -> None:
        try:
            self._connection.send(message)
        except OSError:
            self._gone.set()  # the reader meets the end too and ends the process


def failed(request_id: int, error: AssistantError) -> protocol.Failed:
    """Return the reply that carries an error to the worker."""
    params = {name: v if isinstance(v, int | float) else str(v) for name, v in error.params.items()}
    return protocol.Failed(request_id, error.code, error.template, params, error.detail)
