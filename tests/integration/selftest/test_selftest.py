"""The self-test as packages and workflows run it: a process of its own, lines of JSON, an exit code."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.fixtures.espeak import say
from tests.fixtures.spoken import write_wav

SENTENCE = "What time is it in Tokyo?"


def run(environment: dict[str, str], *options: str) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """Return the exit code, the checks by name, and the sum."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "assistant_app", "--selftest", *options],
        env=environment,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    *lines, summary = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(set(line) == {"check", "ok", "detail", "seconds"} for line in lines)
    assert summary["failed"] == [line["check"] for line in lines if not line["ok"]]
    assert summary["checks"] == len(lines)
    return done.returncode, {line["check"]: line for line in lines}, summary


@pytest.mark.slow
def test_every_part_works_and_nothing_of_the_user_is_touched(
    app_environment: dict[str, str], pocket_whisper: str, tmp_path: Path, home: Path
) -> None:
    wav = write_wav(tmp_path / "said.wav", say(SENTENCE))
    code, checks, summary = run(
        {**app_environment, "ASSISTANT_HOME": str(home)},
        *("--with-voice", "--speech-model", pocket_whisper),
        *("--speech-wav", str(wav), "--speech-text", SENTENCE),
    )
    assert (code, summary["selftest"], summary["failed"]) == (0, "passed", [])
    assert "144" in checks["answer"]["detail"] and "calculator" in checks["answer"]["detail"]
    assert "was killed" in checks["crash"]["detail"]
    assert SENTENCE in checks["speech"]["detail"]
    assert not home.exists()


def test_damaged_installation_fails_and_names_what_is_damaged(
    app_environment: dict[str, str], tmp_path: Path
) -> None:
    copy = damaged_copy(tmp_path)
    environment = {**app_environment, "PYTHONPATH": str(copy)}
    names = ("resources", "pocket-model", "translations", "help", "search", "answer", "rendering")
    code, checks, summary = run(environment, *(f"--only={name}" for name in names))
    assert (code, summary["selftest"]) == (1, "failed")
    assert summary["failed"] == ["pocket-model", "translations", "help", "rendering", "answer"]
    assert "pocket.gguf" in checks["pocket-model"]["detail"]
    assert "no catalogue of zh_CN" in checks["translations"]["detail"]
    assert "microphone.svg" in checks["rendering"]["detail"]


def damaged_copy(folder: Path) -> Path:
    """Return a folder with this program, half a model, no Chinese texts, wrong help and a broken icon."""
    shutil.copytree(ROOT / "assistant_app", folder / "assistant_app", ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copytree(ROOT / "resources", folder / "resources")
    resources = folder / "resources"
    model = resources / "models" / "pocket.gguf"
    os.truncate(model, model.stat().st_size // 2)
    (resources / "locale" / "zh_CN" / "LC_MESSAGES" / "assistant.mo").unlink()
    for page in (resources / "help" / "zh_CN").glob("*.md"):
        page.write_text("# 空\n", "utf-8")
    (resources / "icons" / "microphone.svg").write_text("<svg", "utf-8")
    return folder


def test_voice_that_must_be_there_and_is_not_fails_with_the_way_to_get_it(
    app_environment: dict[str, str], tmp_path: Path
) -> None:
    # A folder without whisper: the interpreter's own, with nothing but what a core package has.
    lean = tmp_path / "site"
    lean.mkdir()
    (lean / "sitecustomize.py").write_text(
        "import importlib.util\n"
        "found = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: None if name == 'torch' else found(name, *more)\n"
    )
    environment = {**app_environment, "PYTHONPATH": f"{ROOT}{os.pathsep}{lean}"}
    code, checks, _summary = run(environment, "--only=speech")
    assert code == 0 and checks["speech"]["detail"] == "not installed"
    code, checks, _summary = run(environment, "--only=speech", "--with-voice")
    assert code == 1 and "make run" in checks["speech"]["detail"]


def test_sound_without_its_words_is_wrong_usage(app_environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "assistant_app", "--selftest", "--speech-wav", "said.wav"],
        env=app_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "--speech-text" in done.stderr and not done.stdout
