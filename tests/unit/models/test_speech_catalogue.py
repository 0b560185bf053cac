"""Which speech models are offered, and which one this computer should begin with."""

from pathlib import Path

import pytest

from assistant_app.core.errors import NotFound
from assistant_app.models import speech_catalogue
from assistant_app.models.speech_catalogue import SOURCES, SpeechCatalogue, source
from assistant_app.settings import Settings


def catalogue(folder: Path, **settings: object) -> SpeechCatalogue:
    return SpeechCatalogue(folder, lambda: Settings(**{"language": "en", **settings}))


@pytest.fixture
def computer(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Physical cores and free gigabytes, as the test wants them."""
    here = {"cores": 2, "free": 8.0}
    monkeypatch.setattr(speech_catalogue.psutil, "cpu_count", lambda logical: int(here["cores"]))
    monkeypatch.setattr(speech_catalogue, "available_bytes", lambda: int(here["free"] * 1e9))
    return here


def test_names_sums_and_addresses_are_those_of_openai_whisper() -> None:
    whisper = pytest.importorskip("whisper", reason="openai-whisper is not installed")
    for one in SOURCES:
        assert one.url == whisper._MODELS[one.id]


def test_a_mirror_takes_the_place_of_the_maker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_WHISPER_MIRROR", "https://mirror.example/whisper/")
    one = source("turbo")
    assert one.url == f"https://mirror.example/whisper/{one.sha256}/large-v3-turbo.pt"


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(NotFound, match="gigantic"):
        source("gigantic")


def test_rows_say_what_is_here_and_what_is_used(tmp_path: Path, computer: dict[str, float]) -> None:
    (tmp_path / "base.pt").write_bytes(b"x")
    rows = {row.id: row for row in catalogue(tmp_path, speech_model="base").rows()}
    assert list(rows) == [one.id for one in SOURCES]
    assert rows["base"].present and rows["base"].chosen
    assert not rows["small"].present and not rows["small"].chosen
    assert rows["base"].multilingual and not rows["base.en"].multilingual
    assert all(row.note.endswith(".") for row in rows.values())


def test_what_does_not_fit_says_why(tmp_path: Path, computer: dict[str, float]) -> None:
    computer["free"] = 2.0
    rows = {row.id: row for row in catalogue(tmp_path).rows()}
    assert rows["base"].fits
    assert not rows["large-v3"].fits
    assert "2.0 GB are free" in rows["large-v3"].note


@pytest.mark.parametrize(
    ("cores", "free", "language", "best"),
    [
        (2, 8.0, "en", "base.en"),
        (2, 8.0, "zh", "base"),
        (8, 8.0, "en", "small.en"),
        (8, 1.5, "zh", "base"),
        (2, 0.9, "", "tiny.en"),
    ],
)
def test_recommended_by_cores_memory_and_language(
    tmp_path: Path, computer: dict[str, float], cores: int, free: float, language: str, best: str
) -> None:
    computer.update(cores=cores, free=free)
    rows = catalogue(tmp_path, speech_language=language).rows()
    assert [row.id for row in rows if row.recommended] == [best]


def test_files_of_ones_own_come_first_and_a_missing_one_says_so(
    tmp_path: Path, computer: dict[str, float]
) -> None:
    mine, gone = tmp_path / "mine.pt", tmp_path / "gone.pt"
    mine.write_bytes(b"x" * 100)
    first, second, *_rest = catalogue(
        tmp_path, speech_model_paths=(str(mine), str(gone)), speech_model=str(mine)
    ).rows()
    assert (first.id, first.chosen, first.own, first.present) == (str(mine), True, True, True)
    assert not second.present and not second.fits
    assert "no longer there" in second.note
