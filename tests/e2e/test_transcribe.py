"""`assistant-app transcribe` as a process of its own, with the pocket Whisper."""

import json
import signal
from pathlib import Path

import pytest

from tests.e2e.driver import Application, wait_for
from tests.fixtures.espeak import say
from tests.fixtures.spoken import write_wav

pytest.importorskip("whisper", reason="openai-whisper is not installed; scripts/setup.sh test installs it")

SENTENCES = (
    "What time is it?",
    "Set a timer for ten minutes.",
    "What is seven plus five?",
    "Open the settings.",
    "What day is it today?",
    "Cancel the timer.",
)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "question.wav", say("What time is it?"))


def test_a_file_becomes_text(application: Application, clip: Path, pocket_whisper: str) -> None:
    done = application.command("transcribe", str(clip), "--model", pocket_whisper)
    assert done.returncode == 0, done.stderr
    assert "what time is it" in done.stdout.lower()
    assert done.stderr == ""


def test_subtitles_and_data(
    application: Application, clip: Path, pocket_whisper: str, tmp_path: Path
) -> None:
    target = tmp_path / "question.vtt"
    done = application.command("transcribe", str(clip), "--model", pocket_whisper, "--output", str(target))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert target.read_text("utf-8").startswith("WEBVTT\n\n00:00:00.000 --> ")
    done = application.command("transcribe", str(clip), "--model", pocket_whisper, "--json")
    data = json.loads(done.stdout)
    assert data["language"] == "en" and data["segments"][0]["start"] == 0.0


def test_control_c_keeps_what_is_done(application: Application, tmp_path: Path, pocket_whisper: str) -> None:
    window = (say("What time is it?") + bytes(60 * 16_000))[: 30 * 32_000]
    hours = write_wav(tmp_path / "long.wav", window * 240)
    target = tmp_path / "long.srt"
    # Progress stands on a terminal only, so the log of the speech process tells that it works.
    process = application.start("transcribe", str(hours), "--model", pocket_whisper, "--output", str(target))
    assert process.stderr is not None

    def some_windows_later() -> bool:
        import psutil

        children = psutil.Process(process.pid).children(recursive=True)
        return any(sum(child.cpu_times()[:2]) > 8.0 for child in children)

    wait_for("some windows to be understood", some_windows_later)
    process.send_signal(signal.SIGINT)
    _printed, complaints = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "text so far is kept" in complaints and "Traceback" not in complaints
    assert "what time is it" in target.read_text("utf-8").lower()


def test_the_accuracy_of_the_fast_path_is_measured(
    application: Application, tmp_path: Path, pocket_whisper: str
) -> None:
    for number, sentence in enumerate(SENTENCES):
        write_wav(tmp_path / f"{number}.wav", say(sentence))
        (tmp_path / f"{number}.txt").write_text(sentence, encoding="utf-8")
    write_wav(tmp_path / "without-words.wav", say("Hello"))
    done = application.command("transcribe", "--accuracy", str(tmp_path), "--model", pocket_whisper, "--json")
    report = json.loads(done.stdout)
    assert len(report["clips"]) == len(SENTENCES)
    assert report["runaways"] == 0
    assert report["fast_percent"] <= report["full_percent"] + 0.5
    assert report["accepted"] and done.returncode == 0
    table = application.command("transcribe", "--accuracy", str(tmp_path), "--model", pocket_whisper)
    assert "0.wav" in table.stdout and "accurate enough" in table.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "--accuracy"),
        (("nothing.wav", "--model", "POCKET"), 1, "There is no file"),
        (("nothing.wav",), 1, "Models → Speech"),
        (("--accuracy", "."), 1, "no sound file"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    application: Application,
    tmp_path: Path,
    pocket_whisper: str,
    arguments: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    given = [pocket_whisper if one == "POCKET" else str(tmp_path) if one == "." else one for one in arguments]
    done = application.command("transcribe", *given)
    assert done.returncode == code
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
