"""The settings file survives bad values, bad files and other versions."""

import json
from pathlib import Path

import pytest

from assistant_app.core.errors import AssistantError
from assistant_app.settings import Settings, SettingsFile, SettingsInvalid


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    return SettingsFile(tmp_path / "config" / "settings.json")


def test_a_change_is_read_back(file: SettingsFile, tmp_path: Path) -> None:
    file.change({"theme": "dark", "few_shot": (("q", "a"),)})
    again = SettingsFile(tmp_path / "config" / "settings.json")
    assert again.load().theme == "dark"
    assert again.current.few_shot == (("q", "a"),)


def test_a_value_out_of_range_changes_nothing(file: SettingsFile) -> None:
    with pytest.raises(SettingsInvalid):
        file.change({"temperature": 9})
    assert file.current.temperature == Settings().temperature


def test_one_bad_value_does_not_cost_the_others(file: SettingsFile, tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"theme": "dark", "top_k": "many"}))
    assert file.load().theme == "dark"
    assert file.current.top_k == Settings().top_k
    assert file.notice


def test_an_unreadable_file_is_kept_aside(file: SettingsFile, tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.json"
    path.parent.mkdir()
    path.write_text("{broken")
    assert file.load() == Settings()
    assert (tmp_path / "config" / "settings.json.bad").read_text() == "{broken"
    assert file.notice


def test_settings_of_a_newer_version_are_kept(file: SettingsFile, tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"from_the_future": 1}))
    file.load()
    file.change({"theme": "light"})
    assert json.loads(path.read_text())["from_the_future"] == 1


def test_the_previous_file_is_kept_and_nobody_else_can_read_it(file: SettingsFile, tmp_path: Path) -> None:
    file.change({"theme": "light"})
    file.change({"theme": "dark"})
    path = tmp_path / "config" / "settings.json"
    assert json.loads(path.with_suffix(".json.previous").read_text())["theme"] == "light"
    assert path.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where the folder should be")
    with pytest.raises(AssistantError, match="cannot be saved"):
        SettingsFile(tmp_path / "blocked" / "settings.json").change({"theme": "dark"})


def test_every_shown_setting_says_what_it_is() -> None:
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        assert isinstance(extra, dict) and extra["page"], name
        if not extra.get("hidden"):
            assert field.title and field.description, name


def test_a_models_own_sampling_replaces_defaults_but_not_choices() -> None:
    recommended = {"temperature": 0.2, "top_k": 20.0, "unknown": 1.0}
    untouched = Settings().sampling(recommended)
    assert (untouched.temperature, untouched.top_k) == (0.2, 20)
    assert isinstance(untouched.top_k, int)
    assert Settings(temperature=1.0).sampling(recommended).temperature == 1.0
