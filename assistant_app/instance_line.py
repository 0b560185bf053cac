"""What starts of the program say to the window that is open: one line there, one line back. No Qt."""

import hashlib
import os
import socket
import sys
from pathlib import Path

TALK_VERBS = ("toggle", "start", "stop")
RAISE = "raise"
DONE = "done"
UNKNOWN = "unknown"
MAX_ANSWER_BYTES = 64
MAX_LINE_BYTES = 256 * 1024
"""A link of the greatest length fits, whatever its letters."""

_LINK = "link "

_MAX_SOCKET_PATH = 100
"""Bytes; the system's limit is 104 to 108, profiles may lie deeper."""


class NobodyAnswers(Exception):
    """There is no window that listens."""


def talk_line(verb: str) -> str:
    """Return the line that asks for "toggle", "start" or "stop"."""
    return f"talk {verb}"


def link_line(link: str) -> str:
    """Return the line that asks to follow a link: one line whatever stands in it."""
    return _LINK + " ".join(link.splitlines())


def link_in(line: str) -> str | None:
    """Return the link that a line asks to follow, as it came; None if it asks for something else."""
    return line.removeprefix(_LINK) if line.startswith(_LINK) else None


def address(runtime: Path) -> str:
    """Return where the window of a profile listens: a path below it, or a name made from it.

    The folder belongs to its user alone, so nobody else can reach or forge a socket in it.
    """
    digest = hashlib.sha256(str(runtime).encode()).hexdigest()[:16]
    if sys.platform == "win32":
        return f"assistant-app-{digest}"
    path = str(runtime / "window.socket")
    if len(os.fsencode(path)) <= _MAX_SOCKET_PATH:
        return path
    return f"{os.environ.get('XDG_RUNTIME_DIR') or '/tmp'}/assistant-app-{digest}"


def tell(runtime: Path, line: str, timeout_s: float) -> str:
    """Say a line to the open window and return its answer.

    Raises:
        NobodyAnswers: There is no window.
        TimeoutError: It has not answered yet; it will read the line.
    """
    try:
        answer = _tell(address(runtime), line.encode("utf-8", "replace") + b"\n", timeout_s)
    except TimeoutError:
        raise
    except OSError as error:
        raise NobodyAnswers(str(error)) from error
    if not answer:
        raise NobodyAnswers("it closed the connection")
    return answer.decode("utf-8", "replace").strip()


def _tell(where: str, line: bytes, timeout_s: float) -> bytes:
    if sys.platform == "win32":
        with open(rf"\\.\pipe\{where}", "r+b", buffering=0) as pipe:
            pipe.write(line)
            return pipe.read(MAX_ANSWER_BYTES) or b""
    if os.stat(where).st_uid != os.getuid():
        raise PermissionError(f"{where} belongs to somebody else")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        connection.connect(where)
        connection.sendall(line)
        answer = b""
        while not answer.endswith(b"\n") and len(answer) < MAX_ANSWER_BYTES:
            piece = connection.recv(MAX_ANSWER_BYTES)
            if not piece:
                break
            answer += piece
        return answer
