"""The text of an answer on its way out: whole characters, stop strings, few messages."""

import codecs
import threading
from collections.abc import Callable, Sequence

INTERVAL_S = 0.015
"""Shortest time between two messages; a token is at most this late."""


class Utf8Decoder:
    """Bytes of tokens in, whole characters out."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.decode = self._decoder.decode

    def finish(self) -> str:
        """Return what is left: a character that never became whole, as U+FFFD; or nothing."""
        return self._decoder.decode(b"", True)


class StopStrings:
    """Finds the first stop string in a stream, looking only at its newest characters."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""

    def feed(self, text: str) -> tuple[str, bool]:
        """Return the text that is certain to belong to the answer, and whether a stop string ended it."""
        if not self._stops:
            return text, False
        self._held += text
        found = [position for stop in self._stops if (position := self._held.find(stop)) >= 0]
        if found:
            ready, self._held = self._held[: min(found)], ""
            return ready, True
        keep = max(_overlap(self._held, stop) for stop in self._stops)
        ready = self._held[: len(self._held) - keep]
        self._held = self._held[len(ready) :]
        return ready, False

    def finish(self) -> str:
        """Return the beginning of a stop string that was never completed."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Return the length of the longest end of `text` that begins `stop`."""
    for length in range(min(len(stop) - 1, len(text)), 0, -1):
        if stop.startswith(text[-length:]):
            return length
    return 0


class TextSender:
    """Sends text from a thread of its own, so that the decode loop neither formats nor writes messages."""

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._parts: list[str] = []
        self._wake = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deltas", daemon=True)
        self._thread.start()

    def add(self, text: str) -> None:
        """Take more text."""
        self._parts.append(text)
        self._wake.set()

    def finish(self) -> None:
        """Send what is left and return when it is on its way."""
        self._over.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            self._wake.wait()
            self._wake.clear()
            self._flush()
            self._over.wait(INTERVAL_S)
        self._flush()

    def _flush(self) -> None:
        count = len(self._parts)
        text = "".join(self._parts[:count])
        del self._parts[:count]
        if text:
            self._send(text)
