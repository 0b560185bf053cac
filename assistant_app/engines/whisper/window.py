"""How much the encoder looks at: a window cut to what was spoken, with spare room."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from whisper.audio import log_mel_spectrogram, pad_or_trim
from whisper.model import Whisper

FULL = 1500
"""Positions of the 30 s that Whisper was trained with; 50 a second."""
SAMPLES = 320
"""Sound samples of one position."""
FLOOR = 512
SPARE = 128
STEP = 64
"""A window without spare room wrecks Whisper: whisper.cpp#1855, #1951, FUTO whisper-acft."""

Sound = NDArray[np.float32]


def positions_of(seconds: float) -> int:
    """Return the window for so much sound: min(1500, max(512, 50 a second + 128)), in steps of 64."""
    wanted = max(FLOOR, int(50 * seconds) + SPARE)
    return min(FULL, -(-wanted // STEP) * STEP)


@contextmanager
def cut(model: Whisper, positions: int) -> Iterator[None]:
    """Let the encoder take windows of `positions`: its table is cut, for the assertion in `forward`."""
    encoder, dims = model.encoder, model.dims
    table, size = encoder.positional_embedding, dims.n_audio_ctx
    encoder.positional_embedding, dims.n_audio_ctx = table[:positions], positions
    try:
        yield
    finally:
        encoder.positional_embedding, dims.n_audio_ctx = table, size


def encode(model: Whisper, sound: Sound, positions: int) -> Tensor:
    """Run the encoder once.

    Args:
        model: Of 32-bit activations.
        sound: float32 samples at 16 kHz; what does not fit is cut off.
        positions: Of the window.

    Returns:
        Features (1, positions, n_audio_state).
    """
    padded = pad_or_trim(sound, positions * SAMPLES)
    mel = log_mel_spectrogram(padded, n_mels=model.dims.n_mels)
    with cut(model, positions), torch.inference_mode():
        features: Tensor = model.encoder(mel[None])
    return features
