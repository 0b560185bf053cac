"""Plays samples to the loudspeaker, so that they can be silenced within a tenth of a second."""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant_app.portaudio_library import import_sounddevice

LATENCY_S = 0.06
"""How much is handed to the system ahead: what still sounds when silence is wanted."""
FADE_S = 0.01
"""A sound that ends at once clicks."""


BLOCKS_A_SECOND = 100
STEADY_BLOCKS = 8
"""After samples came too late, which a stream may do several times when it begins, PortAudio starts it
anew and forgets what it was given. So much silence is lost instead of words."""
TAIL_S = 0.1
"""Silence that is kept at the end of a piece; espeak-ng leaves three times as much."""
QUIET = 60
"""Samples that are no louder are silence, of 32768."""


class NoOutput(Exception):
    """There is nothing to play on."""


class Player:
    """An open stream of 16-bit mono samples. Methods may be called from any thread.

    `on_first` and `on_last` are called on PortAudio's thread: with the monotonic time at which the
    first sample sounds, and when the last one has been handed over, with the time when it will have
    sounded.
    """

    def __init__(self, rate: int) -> None:
        """Open the system's output. Raises NoOutput."""
        self.rate = rate
        self._lock = threading.Lock()
        self._samples: npt.NDArray[np.int16] = np.zeros(0, np.int16)
        self._complete = True
        self._volume = 1.0
        self._gain = 0.0
        """What the last sample was multiplied with; it moves to the wanted one within FADE_S."""
        self._held = False
        self._dropped = True
        self._on_first: Callable[[float], None] | None = None
        self._on_last: Callable[[float], None] | None = None
        self.seen_at = time.monotonic()
        """When the system asked for samples last."""
        self._steady = 0
        """Blocks since samples came too late."""
        self._stream = _open(rate, self._callback)
        self._latency: float = self._stream.latency

    def begin(
        self, volume: float, on_first: Callable[[float], None], on_last: Callable[[float], None]
    ) -> None:
        """Begin a new piece; what was left of the one before is forgotten."""
        with self._lock:
            self._samples = np.zeros(0, np.int16)
            self._complete = self._dropped = False
            self._volume = volume
            self._gain = 1.0
            self._on_first, self._on_last = on_first, on_last

    def feed(self, samples: bytes) -> None:
        """Add samples of the piece, 16-bit signed in the machine's own byte order."""
        with self._lock:
            self._samples = np.concatenate([self._samples, np.frombuffer(samples, np.int16)])

    def complete(self) -> None:
        """No more samples come. Silence at the end is shortened: the next piece brings its own pause."""
        with self._lock:
            loud = np.flatnonzero(np.abs(self._samples) > QUIET)
            end = (int(loud[-1]) + 1 if len(loud) else 0) + round(TAIL_S * self.rate)
            self._samples = self._samples[:end]
            self._complete = True

    def hold(self, held: bool) -> None:
        """Pause where it is, or go on from there."""
        with self._lock:
            self._held = held

    def drop(self) -> None:
        """Fade out and forget the piece; neither callback comes any more."""
        with self._lock:
            self._dropped = True
            self._on_first = self._on_last = None

    def close(self) -> None:
        """Give the output back."""
        with contextlib.suppress(Exception):  # the device may be gone
            self._stream.abort()
        with contextlib.suppress(Exception):
            self._stream.close()

    def _callback(self, out: npt.NDArray[np.int16], _frames: int, _times: Any, status: Any) -> None:
        now = self.seen_at = time.monotonic()
        self._steady = 0 if status.output_underflow else self._steady + 1
        first = last = None
        with self._lock:
            block = out[:, 0]
            taken = self._fill(block) if self._steady >= STEADY_BLOCKS else 0
            block[taken:] = 0
            if taken and self._on_first is not None:
                first, self._on_first = self._on_first, None
            if self._complete and not len(self._samples) and self._on_last is not None:
                last, self._on_last = self._on_last, None
        if first is not None:
            first(now + self._latency)
        if last is not None:
            last(now + self._latency + taken / self.rate)

    def _fill(self, block: npt.NDArray[np.int16]) -> int:
        """Write what sounds next; return how many samples that are."""
        target = 0.0 if self._held or self._dropped else 1.0
        if target == 0.0 and self._gain == 0.0:
            if self._dropped:
                self._samples = self._samples[:0]
            return 0
        taken = min(len(block), len(self._samples))
        if not taken:
            self._gain = target
            return 0
        step = 1.0 / (FADE_S * self.rate)
        ramp = self._gain + np.arange(1, taken + 1) * (step if target else -step)
        gains = np.clip(ramp, 0.0, 1.0)
        # Once it is silent, nothing is used up: a held piece goes on exactly there.
        if target == 0.0:
            taken = min(taken, int(np.count_nonzero(gains)) + 1)
            gains = gains[:taken]
        self._gain = float(gains[-1])
        block[:taken] = self._samples[:taken] * (gains * self._volume)
        self._samples = self._samples[taken:]
        return taken


def prepare_output() -> None:
    """Load PortAudio, without opening anything. Raises NoOutput."""
    try:
        import_sounddevice()
    except OSError as error:
        raise NoOutput(f"PortAudio: {error}") from error


def _open(rate: int, callback: Callable[..., None]) -> Any:
    prepare_output()
    import sounddevice

    def attempt() -> Any:
        stream = sounddevice.OutputStream(
            samplerate=rate,
            channels=1,
            dtype="int16",
            blocksize=rate // BLOCKS_A_SECOND,
            latency=LATENCY_S,
            callback=callback,
        )
        stream.start()
        return stream

    try:
        return attempt()
    except sounddevice.PortAudioError:
        # Its list of devices is as old as this process.
        with contextlib.suppress(sounddevice.PortAudioError):
            sounddevice._terminate()
            sounddevice._initialize()
        try:
            return attempt()
        except sounddevice.PortAudioError as error:
            raise NoOutput(str(error)) from error
