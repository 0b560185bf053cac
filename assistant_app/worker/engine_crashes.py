"""Remembers crashes: how long to wait before a restart, and when to give a model up."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_S = 300.0
MOST = 3
"""Crashes with one model within the window after which it is not started again."""
PAUSES_S = (0.0, 0.0, 1.0)
"""Least time between the n-th crash in the window and the next start; the first restart is immediate."""


@dataclass(frozen=True, slots=True)
class CrashReport:
    """How an engine process ended, for the log, the doctor and a bug report."""

    reason: str
    """English, as in the sentence that the user read."""
    model: str
    exit_code: int | None
    """Negative: the signal. None: it could not be started."""
    output: str
    """The end of what native code printed."""
    at: float
    """UTC seconds since the epoch."""


class CrashLog:
    """Counts crashes by what was loaded. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._crashes: deque[tuple[float, str]] = deque(maxlen=20)
        self.last: CrashReport | None = None

    def add(self, report: CrashReport, key: str) -> None:
        """Note a crash; `key` stands for the model and its parameters."""
        self.last = report
        self._crashes.append((self._clock(), key))

    def given_up(self, key: str) -> bool:
        """Return whether this model crashed too often lately."""
        return sum(1 for _, other in self._recent() if other == key) >= MOST

    def pause_s(self) -> float:
        """Return how long to wait before the next start, in seconds."""
        recent = self._recent()
        if not recent:
            return 0.0
        pause = PAUSES_S[min(len(recent), len(PAUSES_S) - 1)]
        return max(0.0, recent[-1][0] + pause - self._clock())

    def _recent(self) -> list[tuple[float, str]]:
        since = self._clock() - WINDOW_S
        return [crash for crash in self._crashes if crash[0] >= since]
