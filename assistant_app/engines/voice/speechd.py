"""Asks speech-dispatcher whether it works, with patience that ends: Qt would wait for it without."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

START_S = 10.0
"""For its start, which on a busy computer is slow: it runs each of its voices once."""
ANSWER_S = 8.0
"""From a running one; that it runs is not known where systemd keeps its socket and starts it now."""
_SYSTEM_COMMAND = "/usr/bin/speech-dispatcher"


def speech_dispatcher_answers(start_s: float = START_S, answer_s: float = ANSWER_S) -> bool:
    """Return whether speech-dispatcher is there and has a voice; it is started where it does not run.

    The way to it is libspeechd's, through which Qt will go.
    """
    try:
        with _connect(start_s, answer_s) as connection:
            deadline = time.monotonic() + answer_s
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


def _connect(start_s: float, answer_s: float) -> socket.socket:
    method, _colon, place = os.environ.get("SPEECHD_ADDRESS", "").partition(":")
    if method == "inet_socket":
        host, _colon, port = place.partition(":")
        return socket.create_connection((host, int(port or 6560)), timeout=answer_s)
    path = Path(place) if method == "unix_socket" and place else _default_path()
    try:
        return _open(path, answer_s)
    except TimeoutError:
        raise
    except OSError:
        _start(path, start_s)
        return _open(path, answer_s)


def _open(path: Path, answer_s: float) -> socket.socket:
    if sys.platform == "win32":
        raise FileNotFoundError(path)
    else:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(answer_s)
            connection.connect(str(path))
        except BaseException:
            connection.close()
            raise
        return connection


def _start(path: Path, start_s: float) -> None:
    """Start it as libspeechd does; it puts itself into the background when it is ready."""
    command = os.environ.get("SPEECHD_CMD") or shutil.which("speech-dispatcher") or _SYSTEM_COMMAND
    if not shutil.which(command):
        raise FileNotFoundError(command)
    subprocess.run(
        [command, "--spawn", "--communication-method", "unix_socket", "--socket-path", str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=start_s,
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
