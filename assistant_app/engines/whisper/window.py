"""How much the encoder looks at: a window cut to what was spoken, with spare room."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from whisper.audio import log_mel_spectrogram, pad_or_trim

FULL = 1500
"""Positions of the 30 s that Whisper was trained with; 50 a second."""
SAMPLES = 320
"""Sound samples of one position."""
FLOOR = 512
SPARE = 128
STEP = 64
"""A window without spare room wrecks Whisper: whisper.cpp#1855, #1951, FUTO whisper-acft."""

Sound = NDArray[np.float32]
"""Samples at 16 kHz, -1 to 1."""


def positions_of(seconds: float) -> int:
    """Return the window for so much sound: min(1500, max(512, 50 a second + 128)), in steps of 64."""
    wanted = max(FLOOR, int(50 * seconds) + SPARE)
    return min(FULL, -(-wanted // STEP) * STEP)


def spectrogram(sound: Sound, positions: int, n_mels: int) -> Tensor:
    """Return what an encoder hears of a window: (1, n_mels, 2 × positions); what does not fit is cut off."""
    mel: Tensor = log_mel_spectrogram(pad_or_trim(sound, positions * SAMPLES), n_mels=n_mels)
    return mel[None]
