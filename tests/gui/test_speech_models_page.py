"""The page of speech models."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from assistant_app import own_program
from assistant_app.core.errors import Cancelled, ModelError
from assistant_app.core.events import SpeechModelsChanged
from assistant_app.core.voice import SpeechMissing, SpeechModelRow, Talk
from assistant_app.ui.main_window import MainWindow
from assistant_app.ui.pages.speech_models_page import SpeechModelsPage
from tests.fixtures.scripted_voice import ScriptedVoice

WAIT_MS = 10_000


def row(model_id: str, **changes: object) -> SpeechModelRow:
    values = {
        "id": model_id,
        "name": model_id,
        "path": f"/models/{model_id}.pt",
        "size_bytes": 145_262_807,
        "multilingual": True,
        "present": False,
        "chosen": False,
        "note": "Quick, and right most of the time; suits most computers.",
        **changes,
    }
    return SpeechModelRow(**values)  # type: ignore[arg-type]


BASE = row("base", recommended=True)
SMALL = row("small", present=True)
LARGE = row(
    "large-v3", fits=False, note="Needs about 13.3 GB of memory, 4.0 GB are free: choose a smaller one."
)
MINE = row("/home/me/mine.pt", name="mine", present=True, chosen=True, own=True, note="A file of your own.")


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow, voice: ScriptedVoice) -> SpeechModelsPage:
    voice.speech_model_rows = (MINE, BASE, SMALL, LARGE)
    opened = window.pages.open("speech-models")
    assert isinstance(opened, SpeechModelsPage)
    qtbot.waitUntil(lambda: bool(opened.findChildren(QPushButton, "get_speech_model")), timeout=WAIT_MS)
    return opened


def button(page: SpeechModelsPage, name: str, model_id: str) -> QPushButton:
    return next(one for one in page.findChildren(QPushButton, name) if one.property("model") == model_id)


def words(page: SpeechModelsPage) -> str:
    return "\n".join(label.text() for label in page.findChildren(QLabel))


def test_each_model_says_size_languages_and_whether_it_fits(page: SpeechModelsPage) -> None:
    shown = words(page)
    assert "145.3 MB · all languages · recommended for this computer" in shown
    assert "Needs about 13.3 GB" in shown
    assert "In use" in shown
    assert button(page, "get_speech_model", "base").accessibleName() == "Get base"


def test_missing_engine_is_said_until_it_is_installed(
    qtbot: QtBot, page: SpeechModelsPage, voice: ScriptedVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = page.findChild(QLabel, "speech_not_installed")
    assert said.isHidden()
    installed = own_program.SPEECH_MODULES
    monkeypatch.setattr(own_program, "SPEECH_MODULES", ("no_such_library",))
    voice.emit(SpeechModelsChanged())
    qtbot.waitUntil(said.isVisible, timeout=WAIT_MS)
    assert "make run" in said.text()
    monkeypatch.setattr(own_program, "SPEECH_MODULES", installed)
    voice.emit(SpeechModelsChanged())
    qtbot.waitUntil(said.isHidden, timeout=WAIT_MS)


def test_the_page_of_models_leads_here(qtbot: QtBot, window: MainWindow) -> None:
    models = window.pages.open("models")
    models.findChild(QPushButton, "speech_models").click()
    qtbot.waitUntil(lambda: bool(window.findChildren(SpeechModelsPage)), timeout=WAIT_MS)


def test_get_shows_progress_and_stop_without_losing_the_focus(
    qtbot: QtBot, page: SpeechModelsPage, voice: ScriptedVoice
) -> None:
    button(page, "get_speech_model", "base").click()
    qtbot.waitUntil(lambda: ("download_speech_model", "base") in voice.calls, timeout=WAIT_MS)
    for received in (0, 36_315_701, 72_631_403):
        voice.speech_model_rows = (MINE, replace(BASE, received_bytes=received), SMALL, LARGE)
        voice.emit(SpeechModelsChanged())
        qtbot.waitUntil(
            lambda wanted=received: (
                (bar := page.findChild(QProgressBar, "download_progress")) is not None
                and bar.value() == 1000 * wanted // BASE.size_bytes
            ),
            timeout=WAIT_MS,
        )
    bar = page.findChild(QProgressBar, "download_progress")
    stop = button(page, "stop_download", "base")
    stop.setFocus()
    voice.speech_model_rows = (MINE, replace(BASE, received_bytes=100_000_000), SMALL, LARGE)
    voice.emit(SpeechModelsChanged())
    qtbot.waitUntil(lambda: "100.0 MB of 145.3 MB" in words(page), timeout=WAIT_MS)
    assert page.findChild(QProgressBar, "download_progress") is bar
    stop.click()
    qtbot.waitUntil(lambda: ("cancel_download", "base") in voice.calls, timeout=WAIT_MS)


def test_a_download_that_breaks_off_is_said_and_a_stop_is_not(
    qtbot: QtBot, page: SpeechModelsPage, voice: ScriptedVoice, window: MainWindow
) -> None:
    voice.fails["download_speech_model"] = Cancelled()
    button(page, "get_speech_model", "base").click()
    qtbot.waitUntil(lambda: not window.bridge.busy, timeout=WAIT_MS)
    assert page.problem.isHidden()
    voice.fails["download_speech_model"] = ModelError("The download broke off.")
    button(page, "get_speech_model", "base").click()
    qtbot.waitUntil(lambda: page.problem.text() == "The download broke off.", timeout=WAIT_MS)
    assert not page.problem.isHidden()


def test_use_and_remove(qtbot: QtBot, page: SpeechModelsPage, voice: ScriptedVoice) -> None:
    button(page, "choose_speech_model", "small").click()
    button(page, "remove_speech_model", "small").click()
    qtbot.waitUntil(
        lambda: (
            [call for call in voice.calls if call[0].endswith("speech_model")]
            == [("choose_speech_model", "small"), ("remove_speech_model", "small")]
        ),
        timeout=WAIT_MS,
    )


def test_a_file_of_ones_own_is_added_or_refused(
    qtbot: QtBot, page: SpeechModelsPage, voice: ScriptedVoice
) -> None:
    page.add_file(Path("/home/me/mine.pt"))
    add = page.findChild(QPushButton, "add_speech_model")
    assert not add.isEnabled()
    qtbot.waitUntil(add.isEnabled, timeout=WAIT_MS)
    voice.fails["add_speech_model"] = ModelError("mine.pt is damaged.")
    page.add_file(Path("/home/me/mine.pt"))
    qtbot.waitUntil(lambda: page.problem.text() == "mine.pt is damaged.", timeout=WAIT_MS)
    assert add.isEnabled()


def test_pane_that_asked_for_a_model_gets_ready_once_there_is_one(
    qtbot: QtBot, window: MainWindow, voice: ScriptedVoice
) -> None:
    def asked() -> int:
        return voice.calls.count(("ready",))

    voice.speech_model_rows = (BASE,)
    window.voice.show_pane(focus=False)
    qtbot.waitUntil(lambda: asked() == 1, timeout=WAIT_MS)
    voice.show(Talk(code=SpeechMissing.code, sentence="There is no speech model yet."))
    qtbot.waitUntil(window.voice.pane.problem.isVisible, timeout=WAIT_MS)
    voice.emit(SpeechModelsChanged())  # more of it has arrived
    QApplication.processEvents()
    qtbot.waitUntil(lambda: not window.bridge.busy, timeout=WAIT_MS)
    assert asked() == 1
    voice.speech_model_rows = (replace(BASE, present=True, chosen=True),)
    voice.emit(SpeechModelsChanged())
    qtbot.waitUntil(lambda: asked() == 2, timeout=WAIT_MS)
