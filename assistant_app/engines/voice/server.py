"""Serves the worker in the voice process: requests are carried out while another one is still read."""

import queue
from collections.abc import Callable
from typing import Any

from assistant_app.engines import protocol
from assistant_app.engines.serving import EngineServer
from assistant_app.engines.voice.desk import Desk
from assistant_app.engines.voice.espeak import open_espeak
from assistant_app.engines.voice.loop import Loop


class Server(EngineServer[Any]):
    """None of its requests waits for another: all are taken aside, onto the loop of the main thread."""

    works = ()

    def begin(self) -> tuple[str, str]:
        """Import Qt; what speaks is opened with the first request."""
        self._loop = Loop()
        self._desk = Desk([lambda: _open_qt(self._loop), lambda: open_espeak(self._loop)], self._send)
        self._queue = _WakingQueue(self._loop.stop)
        return f"Qt {self._loop.version}", ""

    def aside(self, message: Any) -> Any | None:
        """Hand it to the main thread, which answers."""
        if isinstance(message, protocol.Hush):
            self._desk.overtake(message)
        self._loop.post(lambda: self._desk.take(message))
        return None

    def leave(self) -> None:
        """Be silent: nobody is there who could ask for it."""
        self._desk.close()

    def _next(self) -> Any:
        while self._queue.empty():
            self._loop.run()
        return self._queue.get()


def _open_qt(loop: Loop) -> Any:
    try:
        from assistant_app.engines.voice.qt_speech import open_qt
    except ImportError:  # its libraries of the system are not there
        return None
    return open_qt(loop)


class _WakingQueue(queue.Queue[Any]):
    """Ends the loop when there is something in it."""

    def __init__(self, wake: Callable[[], None]) -> None:
        super().__init__()
        self._wake = wake

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put it in, and wake whoever waits in the loop."""
        super().put(item, block, timeout)
        self._wake()
