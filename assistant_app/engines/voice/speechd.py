"""Asks speech-dispatcher whether it works, with patience that ends: Qt would wait for it without."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

ANSWER_S = 4.0
_SYSTEM_COMMAND = "/usr/bin/speech-dispatcher"


def speech_dispatcher_answers(patience_s: float = ANSWER_S) -> bool:
    """Return whether speech-dispatcher is there and has a voice; it is started where it does not run.

    The way to it is libspeechd's, through which Qt will go.
    """
    deadline = time.monotonic() + patience_s
    try:
        with _connect(deadline) as connection:
            connection.sendall(
                b"SET SELF CLIENT_NAME assistant:assistant:probe\r\nLIST OUTPUT_MODULES\r\nQUIT\r\n"
            )
            answer = b""
            while b"\r\n231" not in answer and not answer.startswith(b"231"):  # "goodbye"
                connection.settimeout(_left(deadline))
                chunk = connection.recv(65536)
                if not chunk:
                    break
                answer += chunk
    except (OSError, subprocess.SubprocessError, ValueError):
        return False
    # "250-NAME" lines are modules. The dummy says only that there is no other.
    modules = {
        line[4:].strip() for line in answer.decode(errors="replace").splitlines() if line[:4] == "250-"
    }
    return bool(modules - {"dummy"})


def _connect(deadline: float) -> socket.socket:
    method, _colon, place = os.environ.get("SPEECHD_ADDRESS", "").partition(":")
    if method == "inet_socket":
        host, _colon, port = place.partition(":")
        return socket.create_connection((host, int(port or 6560)), timeout=_left(deadline))
    path = Path(place) if method == "unix_socket" and place else _default_path()
    try:
        return _open(path, deadline)
    except OSError:
        _start(path, deadline)
        return _open(path, deadline)


def _open(path: Path, deadline: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_left(deadline))
        connection.connect(str(path))
    except BaseException:
        connection.close()
        raise
    return connection


def _start(path: Path, deadline: float) -> None:
    """Start it as libspeechd does; it puts itself into the background when it is ready."""
    command = os.environ.get("SPEECHD_CMD", _SYSTEM_COMMAND)
    if not shutil.which(command):
        raise FileNotFoundError(command)
    subprocess.run(
        [command, "--spawn", "--communication-method", "unix_socket", "--socket-path", str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=_left(deadline),
        check=False,
    )


def _default_path() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    cache = os.environ.get("XDG_CACHE_HOME", "") or str(Path.home() / ".cache")
    return Path(runtime or cache) / "speech-dispatcher" / "speechd.sock"


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
