"""How the program starts itself, and where speech recognition is, frozen and from source."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant_app import own_program
from assistant_app.core.voice import SpeechNotInstalled
from assistant_app.own_program import (
    how_to_get_speech,
    own_command,
    own_environment,
    require_speech,
    speech_installed,
    speech_program,
)
from assistant_app.worker.engine_process import engine_command


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Freeze the program into a folder, as far as it can tell."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "assistant-app"))
    return tmp_path


def test_from_source_the_command_runs_this_very_source_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        own_command("--version"),
        env=own_environment({"PATH": os.environ["PATH"]}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("assistant-app ")
    root = str(Path(own_program.__file__).parent.parent)
    assert own_environment({"PYTHONPATH": "/mine"})["PYTHONPATH"] == f"{root}{os.pathsep}/mine"


def test_frozen_the_command_is_the_program(frozen: Path) -> None:
    assert own_command("--engine", "voice") == [str(frozen / "assistant-app"), "--engine", "voice"]
    assert own_environment({"HOME": "/home/me"}) == {"HOME": "/home/me"}


def test_frozen_speech_engine_is_another_program(frozen: Path) -> None:
    assert engine_command("speech") == [str(speech_program()), "--engine", "speech"]
    assert speech_program().parent == frozen / "voice"
    assert engine_command("language")[0] == str(frozen / "assistant-app")


def test_frozen_speech_is_installed_as_soon_as_its_program_is_there(frozen: Path) -> None:
    assert not speech_installed()
    with pytest.raises(SpeechNotInstalled, match="voice download"):
        require_speech()
    speech_program().parent.mkdir()
    speech_program().write_bytes(b"")
    require_speech()


def test_on_windows_the_program_has_an_ending(frozen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert speech_program().name == "assistant-app-speech.exe"


def test_installed_by_a_package_the_sentence_names_the_other_package(
    frozen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/lib/assistant-app/assistant-app")
    assert "install the package assistant-app-voice" in how_to_get_speech()


def test_from_source_a_missing_library_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_program, "SPEECH_MODULES", ("json", "no_such_library"))
    assert not speech_installed()
    assert "make run" in how_to_get_speech()
    monkeypatch.setattr(own_program, "SPEECH_MODULES", ("json",))
    assert speech_installed()


def test_looking_imports_nothing_of_what_it_looks_for() -> None:
    code = (
        "import sys; from assistant_app.own_program import speech_installed; speech_installed();"
        " print({'torch', 'whisper', 'silero_vad', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=own_environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
