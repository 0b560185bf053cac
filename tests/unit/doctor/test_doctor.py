"""The doctor: each broken thing is one sentence, each absent thing is said and fine."""

import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from assistant_app import doctor
from assistant_app.core.errors import EngineStopped
from assistant_app.core.voice import VoiceRow
from assistant_app.doctor import EngineProbe, diagnose, start_engine
from assistant_app.engines.protocol import Hello
from assistant_app.findings import Finding
from assistant_app.paths import Paths
from assistant_app.settings import Settings
from assistant_app.updates import pinned
from assistant_app.updates.memory import UpdateMemory, keep
from assistant_app.updates.pinned import UpdateSource


def found(findings: list[Finding], code: str) -> Finding:
    return next(finding for finding in findings if finding.code == code)


def answers() -> Hello:
    return Hello(1, "llama-cpp-python 0.3.36", "AVX2 = 1 | \n FMA = 1 |", True)


def one_voice() -> list[VoiceRow]:
    return [VoiceRow("en", "Alan", "en-GB", "espeak")]


def look(paths: Paths, settings: Settings, engine: EngineProbe = answers) -> list[Finding]:
    return diagnose(paths, settings, engine=engine, voices=one_voice)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> list[Finding]:
    paths = Paths.under(tmp_path_factory.mktemp("profile"))
    return look(
        paths,
        Settings(model=str(tiny_model)),
    )


def test_nothing_is_broken_in_a_new_profile(healthy: list[Finding]) -> None:
    assert [finding for finding in healthy if not finding.fine] == []


def test_every_subject_is_looked_at_once(healthy: list[Finding]) -> None:
    codes = [finding.code for finding in healthy]
    assert len(codes) == len(set(codes))
    folders = {"folder-data", "folder-config", "folder-cache", "folder-logs"}
    machine = {"version", "system", "libraries", "disk", "memory", "cpu", "threads"}
    parts = {"database", "model", "engine", "isolation", "keyring", "updates"}
    voice = {"microphones", "speakers", "recognition", "voices", "hotkeys"}
    assert set(codes) == folders | machine | parts | voice


def test_engine_features_are_one_line(healthy: list[Finding]) -> None:
    assert found(healthy, "engine").finding == "llama-cpp-python 0.3.36; AVX2 = 1 | FMA = 1 |"


def test_a_new_profile_is_looked_at_without_being_created(tmp_path: Path) -> None:
    look(Paths.under(tmp_path / "absent"), Settings())
    assert not (tmp_path / "absent").exists()


def test_broken_engine_says_its_sentence(paths: Paths) -> None:
    def no_engine() -> Hello:
        raise EngineStopped(reason="signal 11")

    finding = found(look(paths, Settings(), engine=no_engine), "engine")
    assert not finding.fine
    assert finding.finding == EngineStopped(reason="signal 11").sentence()


def test_missing_model_is_said(paths: Paths) -> None:
    finding = found(look(paths, Settings(model="gone")), "model")
    assert not finding.fine
    assert "gone" in finding.finding


def test_truncated_model_is_said(paths: Paths, tiny_model: Path) -> None:
    cut = paths.data / "cut.gguf"
    cut.write_bytes(tiny_model.read_bytes()[:-1000])
    finding = found(look(paths, Settings(model=str(cut))), "model")
    assert not finding.fine
    assert "cut.gguf" in finding.finding


def test_intact_database_is_fine_and_unchanged(paths: Paths) -> None:
    with sqlite3.connect(paths.database) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    before = paths.database.read_bytes()
    assert found(look(paths, Settings()), "database").fine
    assert paths.database.read_bytes() == before


def test_damaged_database_is_said(paths: Paths) -> None:
    paths.database.write_bytes(b"this is no database" * 400)
    finding = found(look(paths, Settings()), "database")
    assert not finding.fine
    assert "restores the newest backup" in finding.finding


def test_full_disk_is_said(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 1 << 62)
    assert not found(look(paths, Settings()), "disk").fine


def test_folder_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    finding = found(look(Paths.under(tmp_path / "file"), Settings()), "folder-data")
    assert not finding.fine
    assert str(tmp_path / "file") in finding.finding


def test_chosen_threads_are_told(paths: Paths) -> None:
    assert found(look(paths, Settings(n_threads=1)), "threads").finding == "1, as set"


def test_engine_process_is_really_started(paths: Paths) -> None:
    finding = found(look(paths, Settings(), start_engine), "engine")
    assert finding.fine
    assert finding.finding.startswith("llama-cpp-python ")


def test_process_with_network_is_said_but_not_broken(paths: Paths) -> None:
    finding = found(
        look(paths, Settings(), engine=lambda: Hello(1, "llama", "", False)),
        "isolation",
    )
    assert finding.fine
    assert "does not let" in finding.finding


def test_whether_updates_are_looked_for_is_said(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def says(*, wanted: bool) -> str:
        finding = found(look(paths, Settings(look_for_updates=wanted)), "updates")
        assert finding.fine
        return finding.finding

    assert "has no key to check updates with" in says(wanted=True)
    source = UpdateSource("https://news.test/manifest.json", ("x" * 43 + "=",), ("releases.test",))
    monkeypatch.setattr(pinned, "PINNED", source)
    assert says(wanted=False).startswith("Nobody is asked about them")
    assert says(wanted=True) == "news.test is asked once a day; it last answered: never."
    keep(paths.updates_file, UpdateMemory(checked_at=1_780_000_000.0))
    day = datetime.fromtimestamp(1_780_000_000.0).date().isoformat()
    assert says(wanted=True) == f"news.test is asked once a day; it last answered: {day}."
