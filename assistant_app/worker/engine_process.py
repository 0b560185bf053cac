"""One engine process: its command, its clean environment, its output, its end."""

import asyncio
import contextlib
import logging
import mmap
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import Literal

from assistant_app.core.text import N_
from assistant_app.engines.wire import AsyncConnection
from assistant_app.own_program import is_frozen, own_command, own_environment, speech_program

log = logging.getLogger(__name__)

EngineKind = Literal["language", "speech", "voice"]

STOP_BYTES = 4096
OUTPUT_BYTES = 64 << 10

_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH|COOKIE|_PROXY$|^DBUS_", re.IGNORECASE)

_CRASH_SIGNALS = {"SIGSEGV", "SIGABRT", "SIGFPE", "SIGTRAP", "SIGSYS"}


def engine_command(kind: EngineKind = "language") -> list[str]:
    """Return how this very program is started as an engine, installed or frozen."""
    if kind == "speech" and is_frozen():
        return [str(speech_program()), "--engine", kind]
    return own_command("--engine", kind)


def engine_environment(
    base: Mapping[str, str] | None = None, kind: EngineKind = "language"
) -> dict[str, str]:
    """Return an environment without secrets and proxies, offline, whose threads share the machine."""
    source = os.environ if base is None else base
    kept = own_environment({name: value for name, value in source.items() if not _SECRET.search(name)})
    kept["PYTHONUNBUFFERED"] = "1"
    if kind == "voice":
        if "PULSE_COOKIE" in source:  # the path of a file without which there is no sound
            kept["PULSE_COOKIE"] = source["PULSE_COOKIE"]
        return kept
    kept["HF_HUB_OFFLINE"] = "1"
    if kind == "speech":
        # Whisper's work comes in bursts beside a busy language engine: threads that sleep at barriers
        # burn 40 % less for a fifth more time.
        kept["OMP_WAIT_POLICY"] = "PASSIVE"
        kept.pop("GOMP_SPINCOUNT", None)
        return kept
    # libgomp's threads spin at barriers, by default until a busy machine crawls. Measured on two cores:
    # 200 keeps 0.6 of the quiet speed beside two busy processes, 300 half, 1000 less; each step up is a
    # little faster when the machine is quiet.
    kept["GOMP_SPINCOUNT"] = "300"
    # Huge pages for the key-value cache: filled five times faster, which a stop while loading waits for.
    kept["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1"
    return kept


class OutputTail:
    """The last bytes of what a process printed. `add` and `text` may be called from any thread."""

    def __init__(self, limit: int = OUTPUT_BYTES) -> None:
        self._limit = limit
        self._bytes = bytearray()
        self._lock = threading.Lock()

    def add(self, chunk: bytes) -> None:
        """Append, forgetting the oldest bytes."""
        with self._lock:
            self._bytes += chunk
            if len(self._bytes) > self._limit:
                del self._bytes[: -self._limit]

    def text(self) -> str:
        """Return it as text; bytes that are no UTF-8 are replaced."""
        with self._lock:
            return self._bytes.decode("utf-8", errors="replace")


class StopByte:
    """Memory shared with the engine whose first byte, when set, stops native code in mid-computation."""

    def __init__(self) -> None:
        if hasattr(os, "memfd_create"):
            self.fd = os.memfd_create("assistant-stop")
        else:
            with tempfile.TemporaryFile() as file:
                self.fd = os.dup(file.fileno())
        os.ftruncate(self.fd, STOP_BYTES)
        self._map = mmap.mmap(self.fd, STOP_BYTES)

    def set(self) -> None:
        """Ask for a stop."""
        self._map[0] = 1

    def clear(self) -> None:
        """Take it back."""
        self._map[0] = 0

    def close(self) -> None:
        """Give this side's memory and descriptor back."""
        self._map.close()
        os.close(self.fd)


class EngineProcess:
    """A running child and the connection to it. Made by `spawn`, on the loop's thread.

    Attributes:
        exited: Done with the exit code (negative: a signal) when the process is gone.
        verdict: Why the supervisor ended it, in words; empty while it did not.
        dismissed: Its end is wanted, and no crash.
    """

    def __init__(
        self, popen: "subprocess.Popen[bytes]", connection: AsyncConnection, stop_byte: StopByte
    ) -> None:
        self._popen = popen
        self._loop = asyncio.get_running_loop()
        self.connection = connection
        self.stop_byte = stop_byte
        self.output = OutputTail()
        self.exited: asyncio.Future[int] = self._loop.create_future()
        self.verdict = ""
        self.dismissed = False
        # Threads, not asyncio's child watchers: those want the main thread, and this runs in another.
        threading.Thread(target=self._read_output, name="engine-output", daemon=True).start()
        threading.Thread(target=self._wait, name="engine-exit", daemon=True).start()

    @classmethod
    async def spawn(cls, command: Sequence[str], environment: Mapping[str, str]) -> "EngineProcess":
        """Start a child with one end of a socket pair and the stop byte. Raises OSError.

        It must be started from a thread that lives as long as it should: Linux delivers the
        child's parent-death signal when that thread ends.
        """
        ours, theirs = socket.socketpair()
        stop_byte = StopByte()
        try:
            with theirs:
                popen = subprocess.Popen(
                    [*command, "--fd", str(theirs.fileno()), "--stop-fd", str(stop_byte.fd)],
                    pass_fds=(theirs.fileno(), stop_byte.fd),
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    # Ctrl+C in a terminal is for the application, which stops the engine itself.
                    start_new_session=True,
                )
        except BaseException:
            ours.close()
            stop_byte.close()
            raise
        try:
            return cls(popen, await AsyncConnection.open(ours), stop_byte)
        except BaseException:
            popen.kill()
            popen.wait()
            ours.close()
            stop_byte.close()
            raise

    @property
    def pid(self) -> int:
        """Process identifier."""
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether it has not been seen to end."""
        return not self.exited.done()

    def kill(self, verdict: str = "") -> None:
        """End it at once; `verdict` says why, the first one counts."""
        self.verdict = self.verdict or verdict
        with contextlib.suppress(ProcessLookupError):
            self._popen.kill()

    def terminate(self) -> None:
        """Ask the system to end it."""
        with contextlib.suppress(ProcessLookupError):
            self._popen.terminate()

    def release(self) -> None:
        """Close the connection and the shared memory; after the end."""
        self.connection.close()
        self.stop_byte.close()

    def _read_output(self) -> None:
        stream = self._popen.stdout
        if stream is None:
            return
        with stream, contextlib.suppress(OSError, ValueError):
            while chunk := os.read(stream.fileno(), 65_536):
                self.output.add(chunk)

    def _wait(self) -> None:
        code = self._popen.wait()
        # The loop may be closed already when the application ends.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._set_exited, code)

    def _set_exited(self, code: int) -> None:
        if not self.exited.done():
            self.exited.set_result(code)


def reason_of(exit_code: int) -> tuple[str, dict[str, object]]:
    """Return why a process ended that nobody here ended: an English template and what fills it."""
    if exit_code >= 0:
        if exit_code == 0:
            return N_("it ended by itself"), {}
        return N_("it ended with error {code}"), {"code": exit_code}
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = str(-exit_code)
    if name == "SIGKILL":
        return N_("the system ended it, most likely because memory ran out"), {}
    if name == "SIGBUS":
        return N_("its model file changed or became shorter while it was in use"), {}
    if name == "SIGILL":
        return N_("it needs a processor instruction that this computer does not have"), {}
    if name in _CRASH_SIGNALS:
        return N_("it crashed ({signal})"), {"signal": name}
    return N_("it was ended from outside ({signal})"), {"signal": name}
