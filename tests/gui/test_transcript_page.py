"""The page that turns a sound file into text."""

from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from assistant_app.core.errors import Cancelled, ModelError
from assistant_app.core.events import FileProgress
from assistant_app.core.voice import (
    Segment,
    SpeechMissing,
    SpeechNotInstalled,
    Transcript,
    TranscriptIncomplete,
)
from assistant_app.ui.main_window import MainWindow
from assistant_app.ui.pages.transcript_page import TranscriptPage
from tests.fixtures.scripted_voice import ScriptedVoice
from tests.gui.test_shell_controls import problems

WAIT_MS = 10_000
SEGMENTS = (Segment(0.0, 4.0, " Hello."), Segment(3725.0, 3730.0, " An hour later."))
DONE = Transcript("/home/me/talk.mp3", "en", 3730.0, SEGMENTS)


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow, voice: ScriptedVoice) -> TranscriptPage:
    opened = window.pages.open("transcript", path=Path(DONE.path))
    assert isinstance(opened, TranscriptPage)
    qtbot.waitUntil(lambda: ("transcribe_file", Path(DONE.path)) in voice.calls, timeout=WAIT_MS)
    return opened


def text(page: TranscriptPage) -> str:
    return page.findChild(QPlainTextEdit, "transcript_text").toPlainText()


def state(page: TranscriptPage) -> str:
    return page.findChild(QLabel, "transcript_state").text()


def shown_buttons(page: TranscriptPage) -> set[str]:
    names = ("stop", "retry", "copy", "save")
    found = {f"{name}_transcript" for name in names if shown(page, f"{name}_transcript")}
    return found | ({"transcript_models"} if shown(page, "transcript_models") else set())


def shown(page: TranscriptPage, name: str) -> bool:
    return page.findChild(QPushButton, name).isVisibleTo(page)


def test_every_control_is_named_explained_and_reachable(page: TranscriptPage) -> None:
    assert page.windowTitle()
    assert problems(page) == []


def test_text_grows_with_its_times(qtbot: QtBot, page: TranscriptPage, voice: ScriptedVoice) -> None:
    assert shown_buttons(page) == {"stop_transcript"}
    voice.emit(FileProgress(DONE.path, 0.25, "Hello.", SEGMENTS[:1]))
    qtbot.waitUntil(lambda: text(page) == "0:00  Hello.", timeout=WAIT_MS)
    assert page.findChild(QProgressBar, "transcript_progress").value() == 250
    assert state(page) == "Transcribing: 25 %"
    voice.emit(FileProgress("/another/file.mp3", 0.9, "", ()))
    voice.emit(FileProgress(DONE.path, 0.5, "", SEGMENTS))
    qtbot.waitUntil(lambda: text(page) == "0:00  Hello.\n1:02:05  An hour later.", timeout=WAIT_MS)


def test_when_it_is_done_it_can_be_copied_and_saved_in_every_form(
    qtbot: QtBot, page: TranscriptPage, voice: ScriptedVoice, tmp_path: Path
) -> None:
    voice.transcript = DONE
    qtbot.waitUntil(lambda: shown_buttons(page) == {"copy_transcript", "save_transcript"}, timeout=WAIT_MS)
    assert state(page) == "Done: 1:02:10 of sound."
    page.findChild(QPushButton, "copy_transcript").click()
    assert QGuiApplication.clipboard().text() == "Hello.\nAn hour later.\n"
    for ending, begins in (("txt", "Hello."), ("srt", "1\n00:"), ("vtt", "WEBVTT"), ("json", "{")):
        page.save(tmp_path / f"talk.{ending}")
        assert (tmp_path / f"talk.{ending}").read_text("utf-8").startswith(begins)
    page.save(tmp_path / "no-folder" / "talk.txt")
    assert "The text is still here" in page.problem.text()


def test_stop_keeps_the_text(qtbot: QtBot, page: TranscriptPage, voice: ScriptedVoice) -> None:
    page.findChild(QPushButton, "stop_transcript").click()
    qtbot.waitUntil(lambda: ("cancel_transcription",) in voice.calls, timeout=WAIT_MS)
    voice.transcript = TranscriptIncomplete(
        transcript=Transcript(DONE.path, "en", 4.0, SEGMENTS[:1]), stopped=True
    )
    qtbot.waitUntil(lambda: state(page) == "Stopped; the text so far is kept.", timeout=WAIT_MS)
    assert text(page) == "0:00  Hello."
    assert shown_buttons(page) == {"copy_transcript", "save_transcript"}
    assert page.problem.isHidden()


@pytest.mark.parametrize(
    ("failure", "where", "says", "buttons"),
    [
        (Cancelled(), "state", "Stopped before", {"retry_transcript"}),
        (ModelError("talk.mp3 is damaged."), "problem", "is damaged", {"retry_transcript"}),
        (
            SpeechMissing("There is no speech model yet."),
            "problem",
            "no speech model",
            {"retry_transcript", "transcript_models"},
        ),
        (SpeechNotInstalled("Not installed."), "problem", "Not installed", {"retry_transcript"}),
        (
            TranscriptIncomplete(
                "talk.mp3 is damaged; what came before could be read.",
                transcript=Transcript(DONE.path, "en", 4.0, SEGMENTS[:1]),
            ),
            "problem",
            "is damaged",
            {"copy_transcript", "save_transcript"},
        ),
    ],
)
def test_what_went_wrong_is_said_and_what_can_be_done_is_offered(
    qtbot: QtBot,
    page: TranscriptPage,
    voice: ScriptedVoice,
    failure: Exception,
    where: str,
    says: str,
    buttons: set[str],
) -> None:
    voice.transcript = failure  # type: ignore[assignment]
    qtbot.waitUntil(lambda: shown_buttons(page) == buttons, timeout=WAIT_MS)
    assert says in (state(page) if where == "state" else page.problem.text())


def test_a_recording_without_speech_says_so(qtbot: QtBot, page: TranscriptPage, voice: ScriptedVoice) -> None:
    voice.transcript = Transcript(DONE.path, "en", 60.0, ())
    qtbot.waitUntil(lambda: state(page) == "No speech was found in this recording.", timeout=WAIT_MS)


def test_try_again_begins_again(qtbot: QtBot, page: TranscriptPage, voice: ScriptedVoice) -> None:
    voice.transcript = ModelError("It stopped.")
    qtbot.waitUntil(lambda: shown(page, "retry_transcript"), timeout=WAIT_MS)
    voice.transcript = DONE
    page.findChild(QPushButton, "retry_transcript").click()
    qtbot.waitUntil(lambda: state(page).startswith("Done"), timeout=WAIT_MS)
    assert page.problem.isHidden()


def test_closing_stops(qtbot: QtBot, page: TranscriptPage, voice: ScriptedVoice) -> None:
    page.close()
    qtbot.waitUntil(lambda: ("cancel_transcription",) in voice.calls, timeout=WAIT_MS)
    voice.transcript = Cancelled()
