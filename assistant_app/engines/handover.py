"""What an engine process is given when it starts: its end of the connection, and the memory of the stop byte.

On POSIX it inherits two descriptors, whose numbers stand on its command line. Windows has no such
inheritance for sockets that can be relied upon: there the worker writes one line, the letter, to the
child's standard input. It names the stop byte's shared memory and holds what the system needs to make
another handle of the socket, which is valid for that one process only.

What Windows alone can do is behind `Sharing`. It has been checked by its types only; the letter's way
is tested with another `Sharing`.
"""

import base64
import json
import mmap
import os
import socket
import sys
from typing import NamedTuple, Protocol

STOP_BYTES = 4096
"""Size of the stop byte's memory: one page."""

_LONGEST_LETTER = 16_384


class HandoverError(Exception):
    """The worker gave nothing, or something that cannot be used."""


class Handover(NamedTuple):
    """What the child was given; it owns both."""

    sock: socket.socket
    stop: mmap.mmap


class Sharing(Protocol):
    """How a socket and memory reach a process that inherits neither. All methods raise OSError."""

    @property
    def creation_flags(self) -> int:
        """Flags for subprocess.Popen: no console, and Ctrl+C in somebody else's is not for the child."""

    def share(self, sock: socket.socket, pid: int) -> bytes:
        """Return what lets the process `pid`, and no other, take a socket."""

    def take(self, shared: bytes) -> socket.socket:
        """Return the socket that `share` offered to this process."""

    def memory(self, name: str) -> mmap.mmap:
        """Return STOP_BYTES of memory, the same for everybody who knows the name; zeros at first."""


def take_inherited(fd: int, stop_fd: int) -> Handover:
    """Return what was inherited as descriptors. Raises OSError, ValueError."""
    if os.fstat(stop_fd).st_size < STOP_BYTES:
        os.ftruncate(stop_fd, STOP_BYTES)
    return Handover(socket.socket(fileno=fd), mmap.mmap(stop_fd, STOP_BYTES))


def write_letter(memory_name: str, shared: bytes) -> bytes:
    """Return the letter: one line, small enough that a pipe takes it without a reader."""
    letter = {"stop": memory_name, "socket": base64.b64encode(shared).decode("ascii")}
    return json.dumps(letter).encode("ascii") + b"\n"


def take_from_letter(sharing: Sharing, fd: int = 0) -> Handover:
    """Wait for the letter on a descriptor, the standard input, and return what it offers.

    Raises:
        HandoverError: The worker went away before it wrote it, or it is no letter.
        OSError: The system does not give what the letter offers.
    """
    try:
        letter = json.loads(_line(fd))
        name, shared = letter["stop"], base64.b64decode(letter["socket"], validate=True)
    except (ValueError, TypeError, KeyError) as error:
        raise HandoverError(f"no letter: {error!r}") from None
    if not isinstance(name, str) or not name:
        raise HandoverError("the letter names no memory")
    return Handover(sharing.take(shared), sharing.memory(name))


def _line(fd: int) -> bytes:
    # The descriptor, not sys.stdin: a program without a console may have none.
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(fd, _LONGEST_LETTER)
        line += piece
        if not piece or len(line) > _LONGEST_LETTER:
            raise HandoverError(f"no letter within {len(line)} bytes")
    return line


if sys.platform == "win32":
    import subprocess

    class WindowsSharing:
        """Implements Sharing with WSADuplicateSocket and named memory of the session."""

        creation_flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP

        def share(self, sock: socket.socket, pid: int) -> bytes:
            """Return a WSAPROTOCOL_INFO for the process."""
            return sock.share(pid)

        def take(self, shared: bytes) -> socket.socket:
            """Return the socket of a WSAPROTOCOL_INFO."""
            return socket.fromshare(shared)

        def memory(self, name: str) -> mmap.mmap:
            """Return memory of the paging file that lives as long as somebody has it open."""
            return mmap.mmap(-1, STOP_BYTES, tagname=f"Local\\{name}")

    SHARING: Sharing | None = WindowsSharing()
else:
    SHARING: Sharing | None = None
    """What this system shares with; None: children inherit."""
