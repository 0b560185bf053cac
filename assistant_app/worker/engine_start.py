"""Starts an engine process and hands it its end of a socket pair and the stop byte."""

import contextlib
import mmap
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from assistant_app.engines.handover import SHARING, STOP_BYTES, Sharing, write_letter


class StopByte:
    """Memory shared with the engine whose first byte, when set, stops native code in mid-computation."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._map = memory

    def set(self) -> None:
        """Ask for a stop."""
        self._map[0] = 1

    def clear(self) -> None:
        """Take it back."""
        self._map[0] = 0

    def close(self) -> None:
        """Give this side's memory back."""
        self._map.close()


class StartedEngine(NamedTuple):
    """A process that was started, this side's end of its connection, and its stop byte."""

    popen: "subprocess.Popen[bytes]"
    sock: socket.socket
    stop_byte: StopByte


def start_engine(command: Sequence[str], environment: Mapping[str, str]) -> StartedEngine:
    """Start a child. Its output is one pipe, `popen.stdout`.

    Args:
        command: Program and arguments; how it is handed its things is added.
        environment: Its whole environment.

    Raises:
        OSError: There is no such program, or too little of something.
    """
    if SHARING is None:
        return _start_heir(command, environment)
    return _start_reader(command, environment, SHARING)


def _start_heir(command: Sequence[str], environment: Mapping[str, str]) -> StartedEngine:
    with contextlib.ExitStack() as undo:
        ours, theirs = _pair(undo)
        with theirs, _unnamed_memory() as (stop_fd, memory):
            stop_byte = StopByte(memory)
            undo.callback(stop_byte.close)
            popen = subprocess.Popen(
                [*command, "--fd", str(theirs.fileno()), "--stop-fd", str(stop_fd)],
                pass_fds=(theirs.fileno(), stop_fd),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                # Ctrl+C in a terminal is for the application, which stops the engine itself.
                start_new_session=True,
            )
        undo.pop_all()
    return StartedEngine(popen, ours, stop_byte)


def _start_reader(
    command: Sequence[str], environment: Mapping[str, str], sharing: Sharing
) -> StartedEngine:
    name = f"assistant-stop-{secrets.token_hex(16)}"
    program, extra = _own_interpreter(command[0])
    with contextlib.ExitStack() as undo:
        ours, theirs = _pair(undo)
        stop_byte = StopByte(sharing.memory(name))
        undo.callback(stop_byte.close)
        with theirs:
            popen = subprocess.Popen(
                [*command, "--letter"],
                executable=program,
                env={**environment, **extra},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                creationflags=sharing.creation_flags,
            )
            # Taken out of it: what waits for the child's output must not flush a closed stream.
            stdin, popen.stdin = popen.stdin, None
            assert stdin is not None
            # A child that has ended meanwhile tells why by its exit code and its output; one that
            # lives without a letter says so and ends.
            with contextlib.suppress(OSError), stdin:
                stdin.write(write_letter(name, sharing.share(theirs, popen.pid)))
        undo.pop_all()
    return StartedEngine(popen, ours, stop_byte)


def _pair(undo: contextlib.ExitStack) -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair()
    undo.callback(ours.close)
    if ours.family == socket.AF_INET:
        # Windows makes the pair of TCP, which by default holds back short messages.
        for end in (ours, theirs):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return ours, theirs


@contextlib.contextmanager
def _unnamed_memory() -> Iterator[tuple[int, mmap.mmap]]:
    """Yield a descriptor of memory, open until the child has it, and its mapping, which stays."""
    descriptor = os.memfd_create("assistant-stop") if hasattr(os, "memfd_create") else _unlinked_file()
    try:
        os.ftruncate(descriptor, STOP_BYTES)
        yield descriptor, mmap.mmap(descriptor, STOP_BYTES)
    finally:
        os.close(descriptor)


def _unlinked_file() -> int:
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _own_interpreter(program: str) -> tuple[str, dict[str, str]]:
    """Return what to run so that the process started is the one that will read, and what it must be told.

    In a virtual environment on Windows python.exe only starts the real interpreter as its child, which
    could not take the socket. The real one finds the environment through a variable, as multiprocessing
    has it do.
    """
    real = getattr(sys, "_base_executable", "") or program
    if program != sys.executable or real == program or getattr(sys, "frozen", False):
        return program, {}
    return real, {"__PYVENV_LAUNCHER__": program}
