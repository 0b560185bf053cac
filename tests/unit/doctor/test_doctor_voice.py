"""The doctor of voice: what is absent is said and fine, what is broken is not."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from assistant_app import doctor_voice, own_program
from assistant_app.core.errors import EngineStopped
from assistant_app.core.voice import VoiceMissing, VoiceRow
from assistant_app.doctor_voice import diagnose_voice, list_voices
from assistant_app.findings import Finding, ProbeFailed
from assistant_app.own_program import speech_program
from assistant_app.paths import Paths
from assistant_app.settings import Settings
from tests.fixtures.session_bus import MockPortal, session_bus

ROWS = (
    VoiceRow("1", "Alan", "en-GB", "qt"),
    VoiceRow("2", "Mei", "zh-CN", "qt"),
    VoiceRow("3", "en", "en", "espeak"),
)


def found(
    code: str, paths: Paths, settings: Settings | None = None, voices: Sequence[VoiceRow] = ROWS
) -> Finding:
    findings = diagnose_voice(paths, settings or Settings(), lambda: voices)
    return next(finding for finding in findings if finding.code == code)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "XDG_SESSION_TYPE",
        "XDG_CURRENT_DESKTOP",
        "DBUS_SESSION_BUS_ADDRESS",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bus(nowhere: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with session_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


def test_sound_is_listed_or_said_to_be_absent(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    said = '{"input": ["Built-in", "Headset"], "output": []}'
    monkeypatch.setattr(doctor_voice, "run_probe", lambda _name: said)
    assert found("microphones", paths).finding == "Built-in, Headset"
    assert found("speakers", paths).finding == "none"

    def fails(_name: str) -> str:
        raise ProbeFailed("PortAudio library not found")

    monkeypatch.setattr(doctor_voice, "run_probe", fails)
    finding = found("microphones", paths)
    assert finding.fine and "PortAudio" in finding.finding


def test_recognition_names_libraries_and_that_a_model_is_wanted(paths: Paths) -> None:
    finding = found("recognition", paths)
    assert finding.fine
    assert finding.finding.startswith("openai-whisper ") and "Models → Speech" in finding.finding


def test_recognition_names_the_model_that_is_there(paths: Paths) -> None:
    paths.speech_models.mkdir(parents=True)
    (paths.speech_models / "tiny.pt").write_bytes(b"weights")
    finding = found("recognition", paths, Settings(speech_model="tiny"))
    assert finding.fine and str(paths.speech_models / "tiny.pt") in finding.finding


def test_chosen_model_that_is_gone_is_broken(paths: Paths) -> None:
    finding = found("recognition", paths, Settings(speech_model="base.en"))
    assert not finding.fine and "base.en" in finding.finding


def test_missing_library_is_absent_and_not_broken(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_program, "SPEECH_MODULES", ("whisper", "no_such_library"))
    finding = found("recognition", paths, Settings(speech_model="base.en"))
    assert finding.fine and "make run" in finding.finding


def test_frozen_program_names_its_speech_engine_or_how_to_get_it(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "assistant-app"))
    # The probes would start that program; here they are not what is looked at.
    monkeypatch.setattr(doctor_voice, "run_probe", lambda _name: '{"input": [], "output": []}')
    finding = found("recognition", paths)
    assert finding.fine and "voice download" in finding.finding
    speech_program().parent.mkdir()
    speech_program().write_bytes(b"")
    assert str(speech_program()) in found("recognition", paths).finding


def test_voices_are_counted_by_engine(paths: Paths) -> None:
    assert found("voices", paths).finding == "Qt, speech-dispatcher: 2 voices; espeak-ng: 1 voice"


def test_no_voice_is_said_with_the_package_and_a_broken_one_is_broken(paths: Paths) -> None:
    def none() -> Sequence[VoiceRow]:
        raise VoiceMissing()

    def dies() -> Sequence[VoiceRow]:
        raise EngineStopped(reason="signal 11")

    (absent,) = [f for f in diagnose_voice(paths, Settings(), none) if f.code == "voices"]
    assert absent.fine and "espeak-ng" in absent.finding
    (broken,) = [f for f in diagnose_voice(paths, Settings(), dies) if f.code == "voices"]
    assert not broken.fine and "signal 11" in broken.finding


def test_voice_process_is_really_asked() -> None:
    assert {row.engine for row in list_voices()} <= {"qt", "espeak"}


@pytest.mark.usefixtures("nowhere")
def test_where_no_key_is_possible_the_command_is_named_and_only_a_chosen_key_is_broken(paths: Paths) -> None:
    finding = found("hotkeys", paths)
    assert finding.fine
    for part in ("no display", "no desktop session", "assistant-app --talk toggle"):
        assert part in finding.finding
    assert not found("hotkeys", paths, Settings(global_hotkey="F9")).fine


def test_portal_is_told_with_its_version(bus: str, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "KDE")
    portal = MockPortal(bus)
    finding = found("hotkeys", paths, Settings(global_hotkey="F9"))
    assert finding.fine
    assert finding.finding.startswith(
        "Session: Wayland KDE. The desktop's portal offers global shortcuts, version 2. In a Wayland session"
    )
    assert portal.methods() == ["Get"], "looking takes no key"


@pytest.mark.usefixtures("nowhere")
def test_x11_says_whether_pynput_is_there(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":99")
    assert "pynput can watch the keyboard" in found("hotkeys", paths).finding
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pynput, which watches the keyboard, is not installed" in found("hotkeys", paths).finding
