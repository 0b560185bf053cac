"""Getting, adding, choosing and removing speech models: a real server, real files, the real engine."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from assistant_app.core.errors import AssistantError, Cancelled, ModelError
from assistant_app.core.events import Event, SpeechModelsChanged
from assistant_app.core.voice import SpeechModelRow
from assistant_app.models import speech_catalogue
from assistant_app.models.download import DownloadError, Patience
from assistant_app.paths import Paths
from assistant_app.settings import SettingsFile
from assistant_app.worker.speech_engine import SpeechEngine
from assistant_app.worker.voice.speech_models import SpeechModelShelf
from tests.fixtures.file_server import FileServer, file_server

DATA = bytes(range(256)) * 2000


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """OpenAI's place is taken by a server here, and its files by a small one."""
    with file_server(DATA) as state:
        monkeypatch.setenv("ASSISTANT_WHISPER_MIRROR", state.base)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        small = tuple(
            replace(one, sha256=sha256(DATA).hexdigest(), size_bytes=len(DATA))
            for one in speech_catalogue.SOURCES
        )
        monkeypatch.setattr(speech_catalogue, "SOURCES", small)
        yield state


@pytest.fixture
def settings(paths: Paths) -> SettingsFile:
    return SettingsFile(paths.settings_file)


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def shelf(paths: Paths, settings: SettingsFile, events: list[Event]) -> SpeechModelShelf:
    return SpeechModelShelf(
        paths.speech_models,
        settings,
        events.append,
        lambda: SpeechEngine(lambda _event: None),
        patience=Patience(silence_s=5.0, tries=2, pause_s=0.01),
    )


async def row_of(shelf: SpeechModelShelf, model_id: str) -> SpeechModelRow:
    return next(row for row in await shelf.speech_models() if row.id == model_id)


async def test_the_first_model_that_arrives_is_the_chosen_one(
    server: FileServer, shelf: SpeechModelShelf, settings: SettingsFile, events: list[Event]
) -> None:
    await shelf.download_speech_model("base")
    assert settings.current.speech_model == "base"
    row = await row_of(shelf, "base")
    assert row.present and row.chosen and row.received_bytes is None
    assert Path(row.path).read_bytes() == DATA
    await shelf.download_speech_model("tiny")
    assert settings.current.speech_model == "base"
    assert all(isinstance(event, SpeechModelsChanged) for event in events)


async def test_while_it_arrives_the_row_tells_how_much_and_stop_keeps_it(
    server: FileServer, shelf: SpeechModelShelf, events: list[Event]
) -> None:
    server.stalls_after = 102_400
    work = asyncio.create_task(shelf.download_speech_model("base"))
    while not (await row_of(shelf, "base")).received_bytes:
        await asyncio.sleep(0.01)
    await shelf.cancel_download("base")
    with pytest.raises(Cancelled):
        await work
    row = await row_of(shelf, "base")
    assert row.received_bytes is None and not row.present
    kept = Path(row.path + ".part").stat().st_size
    assert kept > 0
    server.stalls_after = None
    await shelf.download_speech_model("base")
    assert server.asked[-1][1] == f"bytes={kept}-"
    assert (await row_of(shelf, "base")).present


async def test_a_failed_download_changes_nothing(
    server: FileServer, shelf: SpeechModelShelf, settings: SettingsFile
) -> None:
    server.statuses = [404]
    with pytest.raises(DownloadError):
        await shelf.download_speech_model("base")
    assert settings.current.speech_model == ""
    assert not (await row_of(shelf, "base")).present


async def test_closing_ends_downloads(server: FileServer, shelf: SpeechModelShelf) -> None:
    server.stalls_after = 4096
    work = asyncio.create_task(shelf.download_speech_model("base"))
    while not server.asked:
        await asyncio.sleep(0.01)
    await shelf.close()
    with pytest.raises(Cancelled):
        await work


async def test_choosing_and_removing(
    server: FileServer, shelf: SpeechModelShelf, settings: SettingsFile
) -> None:
    await shelf.download_speech_model("base")
    await shelf.download_speech_model("tiny")
    await shelf.choose_speech_model("tiny")
    assert settings.current.speech_model == "tiny"
    with pytest.raises(ModelError, match="get it first"):
        await shelf.choose_speech_model("small")
    await shelf.remove_speech_model("tiny")
    assert settings.current.speech_model == "base"
    await shelf.remove_speech_model("base")
    assert settings.current.speech_model == ""
    assert not any(row.present for row in await shelf.speech_models())


async def test_a_file_of_ones_own_is_looked_at_used_and_forgotten(
    shelf: SpeechModelShelf, settings: SettingsFile, pocket_whisper: str
) -> None:
    pytest.importorskip("whisper", reason="openai-whisper is not installed")
    row = await shelf.add_speech_model(Path(pocket_whisper))
    assert row.own and row.present and row.chosen
    assert settings.current.speech_model == pocket_whisper
    await shelf.remove_speech_model(row.id)
    assert settings.current.speech_model == ""
    assert Path(pocket_whisper).is_file()


async def test_a_file_that_is_no_whisper_is_refused_in_one_sentence(
    shelf: SpeechModelShelf, settings: SettingsFile, tmp_path: Path
) -> None:
    pytest.importorskip("whisper", reason="openai-whisper is not installed")
    (tmp_path / "letter.pt").write_bytes(b"Dear reader")
    with pytest.raises(AssistantError) as caught:
        await shelf.add_speech_model(tmp_path / "letter.pt")
    assert str(caught.value).endswith(".")
    with pytest.raises(ModelError, match=r"ends in \.pt"):
        await shelf.add_speech_model(tmp_path / "letter.txt")
    assert settings.current.speech_model_paths == ()
