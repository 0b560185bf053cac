"""How loud sound is: root mean square and peak, in decibels below full scale, at a bearable pace."""

from collections.abc import Callable

import numpy as np

from assistant_app.speech.ring import Samples

SILENCE_DB = -120.0
UPDATES_PER_S = 25


def decibels(amplitude: float) -> float:
    """Return 20 log10 of an amplitude from 0 to 1, not below -120."""
    return max(SILENCE_DB, 20.0 * float(np.log10(amplitude))) if amplitude > 0.0 else SILENCE_DB


class Meter:
    """Sums blocks up and tells the level at most 25 times in a second of sound."""

    def __init__(self, rate: int, tell: Callable[[float, float], None]) -> None:
        self._tell = tell
        self._pace = rate // UPDATES_PER_S
        self._squares = 0.0
        self._peak = 0.0
        self._length = 0

    def push(self, samples: Samples) -> None:
        """Add a block; every 40 ms `tell` is called with RMS and peak in dBFS."""
        self._squares += float(np.dot(samples, samples))
        self._peak = max(self._peak, float(np.max(np.abs(samples), initial=0.0)))
        self._length += len(samples)
        if self._length >= self._pace:
            rms = (self._squares / self._length) ** 0.5
            self._tell(decibels(rms), min(0.0, decibels(self._peak)))
            self._squares, self._peak, self._length = 0.0, 0.0, 0
