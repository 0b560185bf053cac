"""Asking, stopping, queueing and drafts, with a real model."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from assistant_app.core.conversation import MessageState, Role
from assistant_app.core.events import ConversationChanged
from assistant_app.ui.main_window import MainWindow

Key = Qt.Key
LONG_MS = 60_000


def type_and_send(window: MainWindow, text: str) -> None:
    """Type into the message box and press Enter."""
    QTest.keyClicks(window.composer.edit, text)
    QTest.keyClick(window.composer.edit, Key.Key_Return)


def finished(window: MainWindow) -> bool:
    """Return whether the last answer is final and on screen."""
    answer = window.chat.last_answer()
    return answer is not None and answer.state is not MessageState.STREAMING and not window.chat.answering


def writing(window: MainWindow) -> bool:
    """Return whether text of an answer has arrived."""
    answer = window.chat.last_answer()
    return window.chat.answering and answer is not None and bool(window.chat.written_tokens)


def test_typed_question_is_answered(qtbot: QtBot, window: MainWindow) -> None:
    assert window.stack.currentWidget() is window.welcome
    type_and_send(window, "What can you do?")
    assert window.composer.text() == ""
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    roles = [shown.message.role for shown in window.chat.view.messages]
    assert roles == [Role.USER, Role.ASSISTANT]
    assert window.chat.last_answer().text.strip()
    assert window.stack.currentWidget() is not window.welcome
    qtbot.waitUntil(lambda: window.title.text() == "What can you do?", timeout=5000)
    assert "tokens/s" in window.status.speed.text()


def test_question_typed_before_the_worker_is_there_is_sent_once_it_is(
    qtbot: QtBot, open_window: Callable[..., MainWindow]
) -> None:
    window = open_window(wait=False)
    type_and_send(window, "What can you do?")
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    assert window.chat.last_question() == "What can you do?"


def test_words_spoken_before_the_last_conversation_is_open_begin_a_new_one(
    qtbot: QtBot, open_window: Callable[..., MainWindow]
) -> None:
    first = open_window()
    type_and_send(first, "What can you do?")
    qtbot.waitUntil(lambda: finished(first), timeout=LONG_MS)
    assert first.chat.conversation_id
    window = open_window(wait=False)
    window.chat.begin()
    qtbot.waitUntil(lambda: window.chat.ready, timeout=LONG_MS)
    assert window.chat.conversation_id == ""
    window.chat.adopt(first.chat.conversation_id)  # as the conversation that the words made
    qtbot.waitUntil(lambda: window.chat.last_question() == "What can you do?", timeout=LONG_MS)


def test_stop_keeps_what_was_streamed(qtbot: QtBot, endless_window: MainWindow) -> None:
    window = endless_window
    type_and_send(window, "Go on and on")
    qtbot.waitUntil(lambda: writing(window), timeout=LONG_MS)
    assert window.composer.stop_button.isVisible()
    QTest.keyClick(window, Key.Key_Escape)
    qtbot.waitUntil(lambda: finished(window), timeout=5000)
    assert window.chat.last_answer().state is MessageState.STOPPED
    assert window.chat.last_answer().text
    assert not window.composer.stop_button.isVisible()
    assert window.composer.send_button.isVisible()


def test_message_typed_while_it_answers_waits_and_can_be_taken_out(
    qtbot: QtBot, endless_window: MainWindow
) -> None:
    window = endless_window
    type_and_send(window, "Go on and on")
    qtbot.waitUntil(lambda: writing(window), timeout=LONG_MS)
    type_and_send(window, "and then?")
    qtbot.waitUntil(lambda: len(window.chat.view.queued) == 1, timeout=5000)
    qtbot.waitUntil(window.composer.queue.isVisible, timeout=2000)
    window.composer.queue.edited.emit(window.chat.view.queued[0].id, "and after that?")
    qtbot.waitUntil(lambda: window.chat.view.queued[0].text == "and after that?", timeout=5000)
    window.composer.queue.edited.emit(window.chat.view.queued[0].id, "")
    qtbot.waitUntil(lambda: not window.chat.view.queued, timeout=5000)
    assert not window.composer.queue.isVisible()
    window.composer.stop_button.click()
    qtbot.waitUntil(lambda: finished(window), timeout=5000)
    assert [s.message.role for s in window.chat.view.messages] == [Role.USER, Role.ASSISTANT]


def test_draft_comes_back_after_the_window_was_closed(
    qtbot: QtBot, open_window: Callable[..., MainWindow]
) -> None:
    QTest.keyClicks(open_window().composer.edit, "half a thou")
    again = open_window()
    assert again.composer.text() == "half a thou"


def test_each_conversation_keeps_its_own_draft(qtbot: QtBot, window: MainWindow) -> None:
    type_and_send(window, "What can you do?")
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    first = window.chat.conversation_id
    QTest.keyClicks(window.composer.edit, "later")
    window.actions_["new"].trigger()
    qtbot.waitUntil(lambda: window.composer.text() == "", timeout=5000)
    assert window.stack.currentWidget() is window.welcome
    window.logic.open_conversation(first)
    qtbot.waitUntil(lambda: window.composer.text() == "later", timeout=5000)


def test_up_in_the_empty_box_brings_the_last_message_back(qtbot: QtBot, window: MainWindow) -> None:
    type_and_send(window, "What can you do?")
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    QTest.keyClick(window.composer.edit, Key.Key_Up)
    assert window.composer.text() == "What can you do?"


@pytest.mark.parametrize("text", ["a\nb", "a\n\n\nb", "一\n二 three\n四", "\n\n"])
def test_message_box_shows_all_lines_of_a_short_text(qtbot: QtBot, window: MainWindow, text: str) -> None:
    edit = window.composer.edit
    window.composer.put_text(text)
    qtbot.waitUntil(lambda: edit.verticalScrollBar().maximum() == 0, timeout=5000)
    assert edit.verticalScrollBar().pageStep() == text.count("\n") + 1


def test_enter_starts_a_line_when_ctrl_enter_sends(qtbot: QtBot, window: MainWindow) -> None:
    window.composer.set_send_key("ctrl_enter")
    sent: list[str] = []
    window.composer.submitted.disconnect()
    window.composer.submitted.connect(sent.append)
    QTest.keyClicks(window.composer.edit, "a")
    QTest.keyClick(window.composer.edit, Key.Key_Return)
    QTest.keyClicks(window.composer.edit, "b")
    assert window.composer.text() == "a\nb"
    QTest.keyClick(window.composer.edit, Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert sent == ["a\nb"]


def test_typing_shows_what_the_message_costs(qtbot: QtBot, window: MainWindow) -> None:
    QTest.keyClicks(window.composer.edit, "What can you do?")
    label = window.composer.findChild(object, "token_count")
    qtbot.waitUntil(lambda: "token" in label.text(), timeout=LONG_MS)
    assert window.status.context.text()


def test_example_on_the_first_run_page_is_asked(qtbot: QtBot, window: MainWindow) -> None:
    window.welcome.findChild(object, "example_0").click()
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    assert window.chat.last_question() == "What can you do?"


def test_conversation_is_deleted_and_undo_brings_it_back(qtbot: QtBot, window: MainWindow) -> None:
    type_and_send(window, "What can you do?")
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    gone = window.chat.conversation_id
    window.actions_["delete"].trigger()
    qtbot.waitUntil(lambda: window.toast.isVisible(), timeout=5000)
    qtbot.waitUntil(lambda: window.sidebar.model.rowCount() == 0, timeout=5000)
    window.toast.findChild(object, "toast_button").click()
    qtbot.waitUntil(lambda: window.sidebar.model.index_of(gone).isValid(), timeout=5000)
    qtbot.waitUntil(lambda: window.chat.conversation_id == gone, timeout=5000)


def test_rename_and_pin_show_in_the_list(qtbot: QtBot, window: MainWindow) -> None:
    type_and_send(window, "What can you do?")
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    model = window.sidebar.model
    open_id = window.chat.conversation_id
    qtbot.waitUntil(lambda: model.index_of(open_id).isValid(), timeout=5000)
    model.setData(model.index_of(open_id), "A better title")
    qtbot.waitUntil(lambda: window.title.text() == "A better title", timeout=5000)
    window.actions_["pin"].trigger()
    qtbot.waitUntil(lambda: model.data(model.index(0)) == "Pinned", timeout=5000)
    assert window.actions_["pin"].isChecked()


def test_search_finds_words_of_an_answer_and_marks_them(qtbot: QtBot, window: MainWindow) -> None:
    type_and_send(window, "What can you do?")
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    word = max(window.chat.last_answer().text.split(), key=len).strip(".,:;!?*`\"'()")
    window.actions_["search"].trigger()
    QTest.keyClicks(window.sidebar.search, word)
    model = window.sidebar.model

    def found() -> bool:
        row = model.row_at(model.index_of(window.chat.conversation_id))
        return model.query == word and row is not None and word.lower() in row.snippet.lower()

    qtbot.waitUntil(found, timeout=5000)
    QTest.keyClick(window.sidebar.search, Key.Key_Escape)
    qtbot.waitUntil(lambda: model.query == "", timeout=5000)


def test_title_that_is_being_typed_survives_changes_of_the_list(qtbot: QtBot, window: MainWindow) -> None:
    type_and_send(window, "What can you do?")
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    model = window.sidebar.model
    qtbot.waitUntil(lambda: model.index_of(window.chat.conversation_id).isValid(), timeout=5000)
    window.actions_["rename"].trigger()
    line = window.sidebar.list.findChild(QLineEdit, "rename_edit")
    line.setText("Half a tit")
    with qtbot.assertNotEmitted(model.loaded, wait=300):
        window.bridge.happened.emit(ConversationChanged("another"))
    assert line.text() == "Half a tit"
    QTest.keyClick(line, Key.Key_Return)
    qtbot.waitUntil(lambda: window.title.text() == "Half a tit", timeout=5000)
