"""Sound files of every kind become 16 kHz mono, block by block; what cannot be read is said."""

import resource
import shutil
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant_app.speech import files
from assistant_app.speech.files import SoundFileError, open_sound

SECONDS = 2.0


def tone(rate: int, channels: int = 1, seconds: float = SECONDS) -> np.ndarray:
    time = np.arange(int(rate * seconds)) / rate
    return np.tile(0.3 * np.sin(2 * np.pi * 440 * time)[:, None], (1, channels))


def samples_of(path: Path) -> np.ndarray:
    reader = open_sound(path)
    try:
        blocks = []
        while block := reader.read():
            blocks.append(block)
        return np.frombuffer(b"".join(blocks), "<i2")
    finally:
        reader.close()


def pitch(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples.astype(float)))
    return float(np.argmax(spectrum) * 16_000 / len(samples))


@pytest.mark.parametrize(
    ("name", "rate", "channels", "subtype"),
    [
        ("a.wav", 44_100, 2, "PCM_16"),
        ("b.wav", 8_000, 1, "ULAW"),
        ("c.wav", 96_000, 6, "FLOAT"),
        ("d.flac", 48_000, 2, None),
        ("e.ogg", 44_100, 1, None),
        ("f.opus", 48_000, 2, "OPUS"),
        ("g.mp3", 44_100, 2, None),
        ("h.aiff", 16_000, 1, None),
    ],
)
def test_every_usual_kind_keeps_its_pitch_and_length(
    tmp_path: Path, name: str, rate: int, channels: int, subtype: str | None
) -> None:
    path = tmp_path / name
    kind = "OGG" if name.endswith(".opus") else None
    soundfile.write(path, tone(rate, channels), rate, subtype=subtype, format=kind)
    heard = samples_of(path)
    assert abs(len(heard) / 16_000 - SECONDS) < 0.1
    assert abs(pitch(heard) - 440) < 2
    assert 0.25 < np.abs(heard).max() / 32_768 < 0.4


def test_length_is_known_before_reading(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(16_000), 16_000)
    reader = open_sound(tmp_path / "a.wav")
    assert reader.duration_s == pytest.approx(SECONDS)
    reader.close()


def test_an_hour_takes_no_more_memory_than_a_minute(tmp_path: Path) -> None:
    path = tmp_path / "hour.flac"
    with soundfile.SoundFile(path, "w", 16_000, 1) as file:
        for _minute in range(60):
            file.write(np.zeros(16_000 * 60, np.int16))
    reader = open_sound(path)
    reader.read()
    before, total = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    while block := reader.read():
        total += len(block)
    reader.close()
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert total > 3590 * 32_000
    assert grown_kb < 20_000


def test_values_that_are_no_numbers_become_silence(tmp_path: Path) -> None:
    broken = tone(16_000).astype(np.float32)
    broken[100:200] = np.nan
    broken[300] = np.inf
    soundfile.write(tmp_path / "a.wav", broken, 16_000, subtype="FLOAT")
    assert len(samples_of(tmp_path / "a.wav")) == pytest.approx(32_000, abs=2)


def sentence(path: Path) -> str:
    with pytest.raises(SoundFileError) as caught:
        samples_of(path)
    text = str(caught.value)
    assert text.endswith(".") and "Error" not in text and "Traceback" not in text
    return text


def test_a_missing_file_a_folder_and_an_empty_file_are_said(tmp_path: Path) -> None:
    assert "There is no file" in sentence(tmp_path / "nothing.wav")
    assert "not a file" in sentence(tmp_path)
    (tmp_path / "empty.wav").touch()
    assert "is empty" in sentence(tmp_path / "empty.wav")


def test_a_file_without_a_single_sample_is_said(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((0, 1)), 16_000)
    assert "is empty" in sentence(tmp_path / "a.wav")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a named pipe")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.wav")
    assert "not a file" in sentence(tmp_path / "pipe.wav")


def test_what_is_no_sound_names_what_can_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.shutil, "which", lambda _name: None)
    (tmp_path / "letter.wav").write_bytes(b"Dear reader, " * 1000)
    said = sentence(tmp_path / "letter.wav")
    assert "MP3" in said and "ffmpeg" in said


def test_a_file_cut_in_the_middle_is_read_or_said_never_a_crash(tmp_path: Path) -> None:
    for name in ("a.wav", "a.flac", "a.ogg", "a.mp3"):
        path = tmp_path / name
        soundfile.write(path, tone(44_100, 2, 20), 44_100)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        try:
            assert len(samples_of(path)) > 16_000
        except SoundFileError as error:
            assert "damaged" in str(error) or "could not be read" in str(error)


def test_random_bytes_after_a_good_header_never_crash(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for name in ("a.wav", "a.flac", "a.ogg", "a.mp3"):
        path = tmp_path / name
        soundfile.write(path, tone(44_100, 2, 5), 44_100)
        data = bytearray(path.read_bytes())
        for at in rng.integers(60, len(data), 300):
            data[at] = int(rng.integers(256))
        path.write_bytes(bytes(data))
        try:
            samples_of(path)
        except SoundFileError as error:
            assert str(error).endswith(".")


FAKE_FFMPEG = """#!/bin/sh
for last; do :; done
case "$*" in *"file:"*) ;; *) exit 9 ;; esac
%s
"""


def fake_ffmpeg(folder: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    """Put a program of that name in the way; the real one is not installed where tests run."""
    program = folder / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(FAKE_FFMPEG % does)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    real = shutil.which
    monkeypatch.setattr(
        files.shutil,
        "which",
        lambda name: str(program) if name == "ffmpeg" else None if name == "ffprobe" else real(name),
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
@pytest.mark.parametrize(
    ("does", "outcome"),
    [
        ("head -c 64000 /dev/zero", 32_000),
        ("echo 'no streams' >&2; exit 1", "There is no sound in"),
        ("head -c 64000 /dev/zero; exit 1", "is damaged"),
    ],
)
def test_other_kinds_are_read_by_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, outcome: int | str
) -> None:
    fake_ffmpeg(tmp_path, monkeypatch, does)
    film = tmp_path / "-film.mkv"
    film.write_bytes(b"\x1aE\xdf\xa3" * 100)
    if isinstance(outcome, int):
        assert len(samples_of(film)) == outcome
    else:
        assert outcome in sentence(film)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_closing_ends_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_ffmpeg(tmp_path, monkeypatch, "exec cat /dev/zero")
    film = tmp_path / "film.mkv"
    film.write_bytes(b"\x1aE\xdf\xa3" * 100)
    reader = open_sound(film)
    assert reader.read()
    reader.close()
    assert reader._process.returncode is not None  # type: ignore[attr-defined]
