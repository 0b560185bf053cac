"""Sound files as the recogniser wants them: any kind in, blocks of 16-bit mono samples at 16 kHz out."""

import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from assistant_app.core.errors import AssistantError
from assistant_app.core.processes import NO_WINDOW
from assistant_app.core.text import N_
from assistant_app.core.voice import SAMPLE_RATE
from assistant_app.speech.resampling import Resampler

BLOCK_S = 1.0
"""Of sound that is read at once, at most."""
_BLOCK_VALUES = 1 << 20
"""Samples of all channels together in a block, at most: whatever a header says, memory stays small."""
_HIGHEST_RATE = 768_000
_FFMPEG_END_S = 5.0


class SoundFileError(AssistantError):
    """A file cannot be read as sound."""

    code = "sound-file"
    default_sentence = N_("{name} could not be read as sound; it was left as it is.")


class SoundReader(Protocol):
    """An opened sound file. Methods block; one thread at a time."""

    duration_s: float | None
    """None: not known before the end."""

    def read(self) -> bytes:
        """Return the next samples, some seconds at most; empty at the end. Raises SoundFileError."""

    def close(self) -> None:
        """Let go of the file; what is read at this moment ends."""


def open_sound(path: Path) -> SoundReader:
    """Open a sound file, or a film for its sound.

    WAV, FLAC, Ogg, Opus, MP3 and the like are read by libsndfile; everything else by `ffmpeg`, where it
    is installed, in a process of its own. Raises SoundFileError.
    """
    _look(path)
    try:
        return _SndFileReader(path)
    except _NotForUs as refusal:
        ffmpeg = shutil.which("ffmpeg")
        if ffmpeg is None:
            raise SoundFileError(
                N_(
                    "{name} could not be read as sound: WAV, FLAC, Ogg, Opus and MP3 can be opened, other"
                    " kinds where the program ffmpeg is installed."
                ),
                name=path.name,
                detail=str(refusal),
            ) from refusal
        return _FfmpegReader(ffmpeg, path)


def _look(path: Path) -> None:
    try:
        status = path.stat()
        with open(path, "rb") if stat.S_ISREG(status.st_mode) else open(os.devnull, "rb"):
            pass
    except FileNotFoundError as error:
        raise SoundFileError(N_("There is no file {name}."), name=str(path)) from error
    except OSError as error:
        raise SoundFileError(
            N_("{name} cannot be opened: {reason}."), name=path.name, reason=error.strerror or str(error)
        ) from error
    if not stat.S_ISREG(status.st_mode):
        raise SoundFileError(N_("{name} is not a file; choose a sound file."), name=str(path))
    if not status.st_size:
        raise SoundFileError(N_("{name} is empty: there is no sound in it."), name=path.name)


class _NotForUs(Exception):
    """libsndfile does not know this kind of file."""


class _SndFileReader:
    """Reads through libsndfile."""

    def __init__(self, path: Path) -> None:
        import soundfile

        self._name = path.name
        self._failure: type[Exception] = soundfile.SoundFileError
        try:
            self._file: Any = soundfile.SoundFile(path)
        except (soundfile.SoundFileError, RuntimeError, OSError, TypeError) as error:
            raise _NotForUs(str(error)) from error
        rate, channels, frames = self._file.samplerate, self._file.channels, self._file.frames
        if not 0 < rate <= _HIGHEST_RATE or channels < 1:
            self.close()
            raise _NotForUs(f"{rate} Hz, {channels} channels")
        if frames == 0:
            self.close()
            raise SoundFileError(N_("{name} is empty: there is no sound in it."), name=self._name)
        self._frames = max(1, min(int(rate * BLOCK_S), _BLOCK_VALUES // channels))
        self._rate = rate
        self._resampler = Resampler(rate)
        self._done = 0
        self._ended = False
        # Some kinds do not say how long they are and give a huge number.
        self.duration_s: float | None = frames / rate if 0 < frames < rate * 10_000_000 else None

    def read(self) -> bytes:
        samples = b""
        while not samples and not self._ended:
            try:
                block = self._file.read(self._frames, dtype="float32", always_2d=True)
            except (self._failure, RuntimeError) as error:
                raise SoundFileError(
                    N_("{name} is damaged after {minutes} minutes; what came before could be read."),
                    name=self._name,
                    minutes=f"{self._done / self._rate / 60:.1f}",
                    detail=str(error),
                ) from error
            self._done += len(block)
            if not len(block):
                self._ended = True
                samples = self._resampler.flush()
            else:
                mono = np.nan_to_num(block.mean(axis=1), posinf=1.0, neginf=-1.0)
                samples = self._resampler.push(np.ascontiguousarray(mono, np.float32))
        return samples

    def close(self) -> None:
        self._file.close()


class _FfmpegReader:
    """Reads through a child program, which may not fetch anything from a network."""

    def __init__(self, ffmpeg: str, path: Path) -> None:
        self._name = path.name
        self.duration_s = _probed(path)
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the program runs
        self._any = False
        try:
            self._process = subprocess.Popen(
                [
                    *(ffmpeg, "-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe"),
                    *("-i", f"file:{path.absolute()}", "-vn", "-sn", "-dn"),
                    *("-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le", "pipe:1"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                creationflags=NO_WINDOW,
            )
        except OSError as error:
            self._complaints.close()
            raise SoundFileError(name=self._name, detail=str(error)) from error

    def read(self) -> bytes:
        assert self._process.stdout is not None
        samples = self._process.stdout.read(int(SAMPLE_RATE * BLOCK_S) * 2)
        if samples:
            self._any = True
            return samples[: len(samples) - len(samples) % 2]
        code = self._process.wait()
        self._complaints.seek(0)
        complaint = self._complaints.read(4096).decode("utf-8", "replace").strip()
        if not self._any:
            raise SoundFileError(
                N_("There is no sound in {name}, or it is damaged."), name=self._name, detail=complaint
            )
        if code:
            raise SoundFileError(
                N_("{name} is damaged; what came before could be read."), name=self._name, detail=complaint
            )
        return b""

    def close(self) -> None:
        self._process.kill()
        assert self._process.stdout is not None
        self._process.wait(_FFMPEG_END_S)
        self._process.stdout.close()
        self._complaints.close()


def _probed(path: Path) -> float | None:
    """Return how long a file says that it is."""
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        return None
    try:
        done = subprocess.run(
            [
                *(ffprobe, "-v", "error", "-protocol_whitelist", "file,pipe"),
                *("-show_entries", "format=duration", "-of", "csv=p=0", f"file:{path.absolute()}"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            check=False,
            creationflags=NO_WINDOW,
        )
        seconds = float(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return seconds if 0 < seconds < 10_000_000 else None
