"""Keeps what was said as sound files, if the user wants that."""

import os
import time
import wave
from pathlib import Path

from assistant_app.core.errors import AssistantError
from assistant_app.core.text import N_
from assistant_app.core.voice import SAMPLE_RATE


class RecordingNotKept(AssistantError):
    """The sound file could not be written. Takes `reason`."""

    code = "recording-not-kept"
    default_sentence = N_(
        "The recording was not kept: {reason}. What you said was understood all the same; make room, or turn"
        " keeping recordings off."
    )


def save_recording(folder: Path, samples: bytes, now: float | None = None) -> Path:
    """Write 16-bit mono samples as a WAV file that only the user can read; return its path.

    Raises RecordingNotKept.
    """
    try:
        return _save(folder, samples, now)
    except OSError as error:
        raise RecordingNotKept(reason=error.strerror or str(error), detail=repr(error)) from error


def _save(folder: Path, samples: bytes, now: float | None) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stem = time.strftime("%Y-%m-%d %H.%M.%S", time.localtime(now))
    for number in range(1, 1000):
        path = folder / (f"{stem}.wav" if number == 1 else f"{stem} {number}.wav")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        try:
            with os.fdopen(descriptor, "wb") as file, wave.open(file, "wb") as sound:
                sound.setnchannels(1)
                sound.setsampwidth(2)
                sound.setframerate(SAMPLE_RATE)
                sound.writeframes(samples)
        except OSError:
            # Nothing would tell of half a recording, and nobody could find and delete it.
            path.unlink(missing_ok=True)
            raise
        return path
    raise FileExistsError(f"{folder} has a thousand recordings of one second")
