"""Fetches one large file: goes on where it was cut, checks its sum, and only then gives it its name."""

import contextlib
import hashlib
import http.client
import logging
import os
import re
import shutil
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import filelock

from assistant_app.core.errors import AssistantError, Cancelled
from assistant_app.core.text import N_

log = logging.getLogger(__name__)

_BLOCK_BYTES = 1 << 18
_SPARE_BYTES = 200_000_000
"""Left free on the disk."""
_PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Answers of servers that may be better next time."""


class DownloadError(AssistantError):
    """A file could not be fetched; what has arrived is kept unless its sum was wrong."""

    code = "download"
    default_sentence = N_("The download of {name} broke off: {reason}. What has arrived is kept; try again.")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a silent server is waited for, and how often a cut is mended."""

    silence_s: float = 30.0
    tries: int = 5
    """In a row without a single new byte."""
    pause_s: float = 2.0
    """Before the next try; grows with each."""


class Stop:
    """Ends a download from another thread, also while it waits for a server."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._response: http.client.HTTPResponse | None = None
        self._lock = threading.Lock()

    @property
    def wanted(self) -> bool:
        """Whether it was asked for."""
        return self._wanted.is_set()

    def ask(self) -> None:
        """Stop; returns at once."""
        self._wanted.set()
        with self._lock:
            if self._response is not None:
                _wake(self._response)

    def wait(self, seconds: float) -> None:
        """Pause, but not longer than until a stop is asked for."""
        self._wanted.wait(seconds)

    @contextlib.contextmanager
    def reaching(self, response: http.client.HTTPResponse) -> Iterator[None]:
        """Be able to interrupt this response meanwhile."""
        with self._lock:
            self._response = response
        try:
            yield
        finally:
            with self._lock:
                self._response = None


def _wake(response: http.client.HTTPResponse) -> None:
    """End the waiting of the thread that reads; closing a file under it would not."""
    with (
        contextlib.suppress(OSError, ValueError),
        socket.fromfd(response.fileno(), socket.AF_INET, socket.SOCK_STREAM) as twin,
    ):
        twin.shutdown(socket.SHUT_RDWR)


def fetch(
    url: str,
    target: Path,
    sha256: str,
    size_bytes: int,
    *,
    on_progress: Callable[[int, int], None],
    stop: Stop,
    patience: Patience | None = None,
) -> None:
    """Fetch a file into `target`; blocks. What has arrived lies beside it as ".part" until it is whole.

    Proxies are those of the environment.

    Args:
        url: http or https.
        target: Where it will lie; its folder is made.
        sha256: Its sum, in hexadecimal digits.
        size_bytes: About how large it is, for the room on the disk; the server's word counts more.
        on_progress: Called with received and expected bytes, on this thread.
        stop: Ends it.
        patience: None for that of a slow line.

    Raises:
        Cancelled: A stop was asked for.
        DownloadError: It cannot be fetched, or not now.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = filelock.FileLock(part.with_name(part.name + ".lock"), blocking=False)
        with lock:
            _Download(url, target, part, sha256, size_bytes, on_progress, stop, patience or Patience()).run()
    except filelock.Timeout as error:
        raise DownloadError(
            N_("{name} is being downloaded already, perhaps in another window."), name=target.stem
        ) from error
    except OSError as error:
        raise DownloadError(
            N_("{name} cannot be written: {reason}. Make room or choose another folder, and try again."),
            name=target.stem,
            reason=error.strerror or str(error),
        ) from error


class _Cut(Exception):
    """The line broke; the next try may go on."""


class _Download:
    def __init__(
        self,
        url: str,
        target: Path,
        part: Path,
        sha256: str,
        size_bytes: int,
        on_progress: Callable[[int, int], None],
        stop: Stop,
        patience: Patience,
    ) -> None:
        self._url = url
        self._target = target
        self._part = part
        self._sha256 = sha256.lower()
        self._total = size_bytes
        self._on_progress = on_progress
        self._stop = stop
        self._patience = patience
        self._name = target.stem

    def run(self) -> None:
        if not re.match(r"https?://", self._url):
            raise DownloadError(
                N_("{name} cannot be fetched: the address {address} is not one of the web."),
                name=self._name,
                address=self._url,
            )
        failures = 0
        while True:
            before = self._received()
            try:
                self._try(before)
                break
            except (_Cut, http.client.HTTPException, TimeoutError, ConnectionError) as cut:
                self._check_stop()
                failures = 1 if self._received() > before else failures + 1
                log.info("the download of %s was cut (%d): %r", self._name, failures, cut)
                if failures >= self._patience.tries:
                    raise DownloadError(
                        name=self._name, reason=str(cut) or type(cut).__name__, detail=repr(cut)
                    ) from cut
                self._stop.wait(self._patience.pause_s * failures)
                self._check_stop()
        self._finish()

    def _received(self) -> int:
        try:
            return self._part.stat().st_size
        except FileNotFoundError:
            return 0

    def _check_stop(self) -> None:
        if self._stop.wanted:
            raise Cancelled()

    def _try(self, start: int) -> None:
        """Ask for what is missing and write it. Raises _Cut if less came."""
        self._check_stop()
        headers = {"User-Agent": "assistant-app", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        request = urllib.request.Request(self._url, headers=headers)
        try:
            # An opener of its own: the module's one remembers the proxies of its first use.
            response = urllib.request.build_opener().open(request, timeout=self._patience.silence_s)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 416:
                    return  # all of it is here, or too much: the sum tells
                if error.code in _PASSING:
                    raise _Cut(f"HTTP {error.code}") from error
                raise DownloadError(
                    N_(
                        "{name} cannot be fetched: the server answered {status}. Try again later, or add a"
                        " file of your own."
                    ),
                    name=self._name,
                    status=f"{error.code} {error.reason}",
                ) from error
        except urllib.error.URLError as error:
            raise _Cut(str(error.reason)) from error
        with response, self._stop.reaching(response):
            start = self._place(response, start)
            self._write(response, start)

    def _place(self, response: http.client.HTTPResponse, start: int) -> int:
        """Return where what comes belongs; a server that ignores the range begins from nothing."""
        begins = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        if response.status != 206 or begins is None or int(begins[1]) != start:
            if response.status == 206:
                self._part.unlink(missing_ok=True)
                raise _Cut("another part came than was asked for")
            start = 0
        length = response.headers.get("Content-Length", "")
        if length.isdigit():
            self._total = start + int(length)
        self._check_room(self._total - start)
        return start

    def _check_room(self, needed: int) -> None:
        free = shutil.disk_usage(self._part.parent).free
        if needed + _SPARE_BYTES > free:
            raise DownloadError(
                N_("{name} needs {need} GB more on the disk, {free} GB are free: make room and try again."),
                name=self._name,
                need=f"{(needed + _SPARE_BYTES) / 1e9:.1f}",
                free=f"{free / 1e9:.1f}",
            )

    def _write(self, response: http.client.HTTPResponse, received: int) -> None:
        with open(self._part, "ab" if received else "wb") as file:
            self._on_progress(received, self._total)
            while block := response.read1(_BLOCK_BYTES):
                self._check_stop()
                file.write(block)
                received += len(block)
                self._on_progress(received, self._total)
        self._check_stop()
        if received < self._total and response.headers.get("Content-Length"):
            raise _Cut(f"{received} of {self._total} bytes")

    def _finish(self) -> None:
        """Give the file its name if its sum is right; else delete it."""
        digest = hashlib.sha256()
        with open(self._part, "r+b") as file:
            while block := file.read(_BLOCK_BYTES):
                self._check_stop()
                digest.update(block)
            os.fsync(file.fileno())
        if digest.hexdigest() != self._sha256:
            self._part.unlink()
            raise DownloadError(
                N_(
                    "What arrived as {name} is not the real file (its checksum is wrong), so it was deleted;"
                    " try again."
                ),
                name=self._name,
                detail=digest.hexdigest(),
            )
        os.replace(self._part, self._target)
