"""Entry of an engine process: gives up what it does not need, then serves the worker."""

import faulthandler
import os
import signal
from typing import TYPE_CHECKING, Any

from assistant_app.engines import sandbox
from assistant_app.standard_streams import open_standard_streams

if TYPE_CHECKING:
    from assistant_app.engines.serving import EngineServer
    from assistant_app.engines.wire import Connection


def main(fd: int, stop_fd: int, kind: str = "language") -> int:
    """Run an engine on an inherited socket and an inherited stop byte; return the exit status."""
    open_standard_streams()
    faulthandler.enable()
    _leave_signals_to_the_worker()
    report = sandbox.enter_with_sound() if kind == "voice" else sandbox.enter()
    from assistant_app.engines.wire import Connection

    with Connection.from_fd(fd) as connection:
        status = _server(kind, connection, stop_fd, report.network_off).run()
    if kind in ("speech", "voice"):
        # Taking torch or Qt down in order takes longer than the worker waits, and there is nothing to save.
        os._exit(status)
    return status


def _server(kind: str, connection: "Connection", stop_fd: int, isolated: bool) -> "EngineServer[Any]":
    """Return the server of one kind of engine; only its own libraries are imported."""
    if kind == "speech":
        from assistant_app.engines.stop import StopByte
        from assistant_app.engines.whisper.server import SpeechServer

        return SpeechServer(connection, StopByte(stop_fd), isolated=isolated)
    if kind == "voice":
        from assistant_app.engines.stop import StopByte
        from assistant_app.engines.voice.server import Server as VoiceServer

        return VoiceServer(connection, StopByte(stop_fd))
    from assistant_app.engines.llama.server import Server
    from assistant_app.engines.llama.stop import StopByte as NativeStopByte

    return Server(connection, NativeStopByte(stop_fd), isolated=isolated)


def _leave_signals_to_the_worker() -> None:
    """Ignore Ctrl+C and a closed terminal: the worker gets them too and stops this process in order."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
