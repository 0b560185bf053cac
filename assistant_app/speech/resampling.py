"""From a device's rate to the 16 kHz that speech recognition reads, block by block."""

import numpy as np
import numpy.typing as npt

from assistant_app.core.voice import SAMPLE_RATE
from assistant_app.speech.ring import Samples


class Resampler:
    """A stream of float blocks in, 16-bit samples out, some 25 ms behind until it is flushed.

    The first one imports soxr, which takes a moment.
    """

    def __init__(self, rate: int) -> None:
        import soxr

        self._stream = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")

    def push(self, samples: Samples) -> bytes:
        """Return the 16-bit samples that are ready."""
        return self._convert(samples, last=False)

    def flush(self) -> bytes:
        """Return what was held back. In all, output / 16000 is input / rate, give or take one sample."""
        return self._convert(np.zeros(0, np.float32), last=True)

    def _convert(self, samples: Samples, *, last: bool) -> bytes:
        out = self._stream.resample_chunk(samples, last=last)
        words: npt.NDArray[np.int16] = np.round(np.clip(out, -1.0, 1.0) * 32767.0).astype("<i2")
        return words.tobytes()
