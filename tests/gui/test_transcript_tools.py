"""Tool calls in the transcript: in their place between the texts, while they run and after."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from assistant_app import app as composition
from assistant_app.core.conversation import (
    Message,
    MessageState,
    Part,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from assistant_app.core.events import (
    TextDelta,
    ToolCallEnded,
    ToolCallStarted,
    TurnEnded,
    TurnPhase,
    TurnProgress,
    TurnStarted,
)
from assistant_app.core.toolcalls import UNREADABLE
from assistant_app.paths import Paths
from assistant_app.settings import SettingsFile
from assistant_app.ui.transcript.view import TranscriptView
from assistant_app.worker.thread import WorkerThread
from tests.fixtures.scripted_backend import ADD, SampleTools, ScriptedBackend, call, scripted_service
from tests.gui import transcript_samples as samples
from tests.gui.conftest import OpenWindow
from tests.gui.test_transcript_view import settle

C = samples.CONVERSATION
CALL = ToolCallPart("t1", "calculator", {"expression": "12 + 7"})
RESULT = ToolResultPart("t1", "calculator", "12 + 7 = 19", False, 0.004)


def failed(content: str) -> ToolResultPart:
    return replace(RESULT, content=content, is_error=True)


@pytest.fixture
def view(qtbot: QtBot) -> TranscriptView:
    shown = TranscriptView()
    qtbot.addWidget(shown)
    shown.resize(900, 900)
    shown.show()
    qtbot.waitExposed(shown)
    return shown


def fold(view: TranscriptView, call_id: str = "t1", message_id: str = "a1") -> QToolButton:
    found = view.findChild(QToolButton, f"toolButton-{call_id}-{message_id}")
    assert found is not None
    return found


def shown_parts(view: TranscriptView) -> list[str]:
    """Return texts and tool lines of the answer from top to bottom."""
    widget = view.message_widget("a1")
    assert widget is not None
    content = widget.content
    rows = [(body.y(), body.plain_text()) for body in content.bodies if body.isVisible()]
    rows += [(tool.y(), tool.header.text()) for tool in content.tools if tool.isVisible()]
    return [text for _y, text in sorted(rows)]


def answer(*parts: Part, state: MessageState = MessageState.DONE) -> Message:
    return replace(samples.message("a1", Role.ASSISTANT, "x", parent="q1"), parts=parts, state=state)


def show(view: TranscriptView, message: Message) -> None:
    view.set_view(samples.view(samples.message("q1", Role.USER, "12 plus 7?"), message))


def test_text_call_text_is_shown_in_order_while_it_streams_and_after(
    view: TranscriptView, qtbot: QtBot
) -> None:
    empty = answer(state=MessageState.STREAMING)
    show(view, empty)
    view.apply(TurnStarted(C, empty))
    view.apply(TextDelta(C, "a1", "Let me see."))
    view.apply(ToolCallStarted(C, "a1", CALL))
    view.apply(TurnProgress(C, "a1", TurnPhase.TOOL, tool="calculator"))
    settle(view, qtbot)
    assert shown_parts(view) == ["Let me see.", "Using calculator (12 + 7)…"]
    widget = view.message_widget("a1")
    assert widget is not None and widget._status.isHidden()
    view.apply(ToolCallEnded(C, "a1", RESULT))
    view.apply(TurnProgress(C, "a1", TurnPhase.WRITING, 1.0))
    assert widget._status.label.text() == "Writing…"
    for piece in ("It is", " **19**."):
        view.apply(TextDelta(C, "a1", piece))
    settle(view, qtbot)
    expected = ["Let me see.", "Used calculator (12 + 7) → 12 + 7 = 19 · 4 ms", "It is 19."]
    assert shown_parts(view) == expected and widget._status.isHidden()
    done = answer(TextPart("Let me see."), CALL, RESULT, TextPart("It is **19**."))
    view.apply(TurnEnded(C, done))
    settle(view, qtbot)
    assert shown_parts(view) == expected
    assert widget.accessibleName() == "Assistant answered: Let me see.\n\nIt is **19**."


def test_a_stored_form_that_is_behind_takes_no_call_back(view: TranscriptView, qtbot: QtBot) -> None:
    empty = answer(state=MessageState.STREAMING)
    show(view, empty)
    view.apply(ToolCallStarted(C, "a1", CALL))
    view.apply(ToolCallEnded(C, "a1", RESULT))
    view.apply(TextDelta(C, "a1", "It is 19."))
    show(view, answer(CALL, state=MessageState.STREAMING))
    settle(view, qtbot)
    assert shown_parts(view) == ["Used calculator (12 + 7) → 12 + 7 = 19 · 4 ms", "It is 19."]


@pytest.mark.parametrize(
    ("made", "result", "line", "failed"),
    [
        (CALL, failed("error: No."), "Failed: calculator (12 + 7) → No.", True),
        (CALL, failed("error: stopped"), "Stopped: calculator (12 + 7)", False),
        (CALL, None, "Stopped: calculator (12 + 7)", False),
        (
            ToolCallPart("t1", UNREADABLE, {"text": "calc("}),
            ToolResultPart("t1", UNREADABLE, "error: Unreadable.", True),
            "Failed: a call that could not be read → Unreadable.",
            True,
        ),
        (
            ToolCallPart("t1", "list_notes", {}),
            ToolResultPart("t1", "list_notes", "1. milk\n2. bread", False, 2.5),
            "Used list_notes → 1. milk; 2. bread · 2.5 s",
            False,
        ),
    ],
)  # fmt: skip
def test_how_a_call_ended_is_plain_to_see_and_to_hear(
    view: TranscriptView, made: ToolCallPart, result: ToolResultPart | None, line: str, failed: bool
) -> None:
    show(view, answer(made, *([result] if result else []), state=MessageState.STOPPED))
    header = fold(view)
    assert header.text() == line and header.accessibleName() == line
    assert bool(header.property("failed")) is failed


def test_a_long_line_is_cut_for_the_eye_and_whole_for_the_ear(view: TranscriptView, qtbot: QtBot) -> None:
    words = "word " * 40
    view.resize(420, 700)
    show(view, answer(ToolCallPart("t1", "talk", {"a": words}), ToolResultPart("t1", "talk", words)))
    settle(view, qtbot)
    header = fold(view)
    assert "…" in header.text() and header.width() <= 420
    assert len(header.accessibleName()) > len(header.text())


def test_the_keyboard_opens_a_call(view: TranscriptView, qtbot: QtBot) -> None:
    show(view, answer(CALL, RESULT, TextPart("It is 19.")))
    settle(view, qtbot)
    header = fold(view)
    assert header.focusPolicy() & Qt.FocusPolicy.TabFocus
    header.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(header, Qt.Key.Key_Space)
    settle(view, qtbot)
    widget = view.message_widget("a1")
    assert widget is not None and header.isChecked()
    opened = widget.content.tools[0]._body
    assert (
        opened is not None and "12 + 7 = 19" in opened.plain_text() and '"expression"' in opened.plain_text()
    )


def test_copy_gives_all_text_of_an_answer(view: TranscriptView, qtbot: QtBot) -> None:
    show(view, answer(TextPart("Let me *see*."), CALL, RESULT, TextPart("It is 19.")))
    settle(view, qtbot)
    widget = view.message_widget("a1")
    assert widget is not None
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(widget, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "Let me see.\n\nIt is 19."


def test_the_window_shows_a_call_and_the_status_line_names_the_tool(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, tmp_path: Path
) -> None:
    def build(paths: Paths, settings: SettingsFile, *_overrides: Any, **_options: Any) -> WorkerThread:
        backend = ScriptedBackend(f"Let me see.\n{ADD}\n{call('wait', '{}')}", "Never said.")
        return WorkerThread(scripted_service(paths, settings, backend, SampleTools())[0])

    monkeypatch.setattr(composition, "build_worker", build)
    window = open_window()
    window.composer.edit.setPlainText("12 plus 7?")
    window.composer.edit.setFocus()
    qtbot.keyClick(window.composer.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.status.state.text() == "Using wait…", timeout=20_000)

    def lines() -> list[str]:
        folds = [b for b in window.findChildren(QToolButton) if b.objectName().startswith("toolButton-")]
        return [fold.text() for fold in folds]

    qtbot.waitUntil(lambda: lines()[1:] == ["Using wait…"], timeout=20_000)
    assert lines()[0].startswith("Used add (12 7) → 19")
    window.chat.stop()
    qtbot.waitUntil(lambda: lines()[1:] == ["Stopped: wait"], timeout=20_000)
