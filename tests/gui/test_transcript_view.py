"""The transcript as a user meets it: streaming, scrolling, editing, keys and names."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from assistant_app.core.conversation import MessageState, Role, TextPart
from assistant_app.core.events import (
    ReasoningDelta,
    TextDelta,
    TurnEnded,
    TurnPhase,
    TurnProgress,
    TurnStarted,
)
from assistant_app.ui.transcript.message import MessageWidget
from assistant_app.ui.transcript.view import TranscriptView
from tests.gui import transcript_samples as samples

C = samples.CONVERSATION


@pytest.fixture
def view(qtbot: QtBot) -> TranscriptView:
    """An open transcript."""
    shown = TranscriptView()
    qtbot.addWidget(shown)
    shown.resize(900, 700)
    shown.show()
    qtbot.waitExposed(shown)
    return shown


def settle(view: TranscriptView, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not view.rendering, timeout=20_000)
    view.finish_now()
    QApplication.processEvents()
    view.finish_now()


def widget_of(view: TranscriptView, message_id: str) -> MessageWidget:
    widget = view.message_widget(message_id)
    assert widget is not None
    return widget


def bar_value(view: TranscriptView) -> int:
    return view._canvas.area.verticalScrollBar().value()


def scroll_to(view: TranscriptView, value: int) -> None:
    view._canvas.area.verticalScrollBar().setValue(value)


def test_an_answer_streams_from_waiting_to_done(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_view(samples.view(samples.message("q1", Role.USER, "Hi")))
    empty = samples.message("a1", Role.ASSISTANT, "", parent="q1", state=MessageState.STREAMING)
    view.apply(TurnStarted(C, empty))
    QApplication.processEvents()
    widget = widget_of(view, "a1")
    label = widget._status.label
    seen = [label.text()]
    for phase, fraction in ((TurnPhase.WAITING, 0), (TurnPhase.LOADING, 0.2), (TurnPhase.READING, 0.45)):
        view.apply(TurnProgress(C, "a1", phase, fraction))
        seen.append(label.text())
    view.apply(TurnProgress(C, "a1", TurnPhase.WRITING))
    seen.append(label.text())
    assert seen == [
        "Waiting…", "Waiting for another answer to end…", "Loading the model 20 %", "Reading 45 %",
        "Writing…",
    ]  # fmt: skip
    for token in ("Hel", "lo **wor", "ld**."):
        view.apply(TextDelta(C, "a1", token))
    settle(view, qtbot)
    assert widget.body.plain_text() == "Hello world." and widget._status.isHidden()
    view.apply(TurnEnded(C, replace(empty, parts=(TextPart("Hello **world**."),), state=MessageState.DONE)))
    settle(view, qtbot)
    assert widget.body.plain_text() == "Hello world."
    assert widget.accessibleName() == "Assistant answered: Hello **world**."


def test_events_of_other_conversations_are_left_out(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_view(samples.chat("Six."))
    view.apply(TextDelta("other", "a1", " more"))
    settle(view, qtbot)
    assert widget_of(view, "a1").body.plain_text() == "Six."


def test_a_stored_text_that_is_behind_takes_nothing_back(view: TranscriptView, qtbot: QtBot) -> None:
    streaming = samples.message("a1", Role.ASSISTANT, "", state=MessageState.STREAMING)
    view.set_view(samples.view(streaming))
    view.apply(TextDelta(C, "a1", "one two three"))
    view.set_view(samples.view(replace(streaming, parts=(TextPart("one two"),))))
    view.apply(TextDelta(C, "a1", " four"))
    settle(view, qtbot)
    assert widget_of(view, "a1").body.plain_text() == "one two three four"


def test_the_end_is_followed_until_the_user_scrolls_up(view: TranscriptView, qtbot: QtBot) -> None:
    answer = samples.message("a1", Role.ASSISTANT, "start\n\n", state=MessageState.STREAMING)
    view.set_view(samples.view(samples.message("q1", Role.USER, "?"), answer))
    for number in range(60):
        view.apply(TextDelta(C, "a1", f"Paragraph {number}.\n\n"))
    settle(view, qtbot)
    bar = view._canvas.area.verticalScrollBar()
    assert view.following and bar.value() == bar.maximum() > 0
    scroll_to(view, bar.maximum() - 300)
    assert not view.following
    button = view.findChild(QToolButton, "newestButton")
    assert button is not None and button.isVisible()
    before = bar.value()
    for number in range(60):
        view.apply(TextDelta(C, "a1", f"More {number}.\n\n"))
    settle(view, qtbot)
    assert bar.value() == before
    button.click()
    settle(view, qtbot)
    assert view.following and bar.value() == bar.maximum() and not button.isVisible()


def test_older_messages_come_in_above_without_a_jump(view: TranscriptView, qtbot: QtBot) -> None:
    whole = samples.long_chat(200)
    view.set_view(replace(whole, messages=whole.messages[100:]))
    settle(view, qtbot)
    with qtbot.waitSignal(view.older_wanted):
        scroll_to(view, 300)
    settle(view, qtbot)
    row = view._canvas.visible_rows()[1]
    offset = row.top - bar_value(view)
    view.set_view(whole)
    settle(view, qtbot)
    assert len(view._canvas.rows) == 200
    assert row.top - bar_value(view) == offset
    asked: list[int] = []
    view.older_wanted.connect(lambda: asked.append(1))
    scroll_to(view, bar_value(view) - 10)
    assert not asked, "the rows above are there already"


def test_long_conversations_have_widgets_for_the_visible_part_only(
    view: TranscriptView, qtbot: QtBot
) -> None:
    view.set_view(samples.long_chat(3_000))
    settle(view, qtbot)
    made = [row for row in view._canvas.rows if row.widget is not None]
    assert 0 < len(made) < 60
    assert view.message_widget("m02999") is not None and view.following
    view.scroll_to_message("m00100")
    settle(view, qtbot)
    widget = widget_of(view, "m00100")
    assert 0 <= widget.mapTo(view, widget.rect().topLeft()).y() < view.height() // 2


def test_text_out_of_view_costs_nothing_and_is_there_when_looked_at(
    view: TranscriptView, qtbot: QtBot
) -> None:
    chat = samples.long_chat(60)
    last = replace(
        chat.messages[-1], message=replace(chat.messages[-1].message, state=MessageState.STREAMING)
    )
    view.set_view(replace(chat, messages=(*chat.messages[:-1], last)))
    settle(view, qtbot)
    scroll_to(view, 0)
    settle(view, qtbot)
    before = widget_of(view, "m00059").body.markdown
    view.apply(TextDelta(C, "m00059", "\n\nThe very end."))
    assert widget_of(view, "m00059").body.markdown == before
    view.scroll_to_end()
    settle(view, qtbot)
    assert widget_of(view, "m00059").body.plain_text().endswith("The very end.")


def test_an_unchanged_message_keeps_its_widget_and_selection(view: TranscriptView, qtbot: QtBot) -> None:
    chat = samples.chat("Six *minutes*.")
    view.set_view(chat)
    settle(view, qtbot)
    widget = widget_of(view, "a1")
    widget.body.selectAll()
    view.set_view(
        replace(chat, messages=(*chat.messages, samples.shown(samples.message("q2", Role.USER, "And?"))))
    )
    settle(view, qtbot)
    assert widget_of(view, "a1") is widget and widget.body.selected_text() == "Six minutes."


def test_every_action_has_a_button_and_says_its_name(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_view(samples.chat("Six."))
    settle(view, qtbot)
    signals = {
        "regenerate": view.regenerate_requested,
        "details": view.receipt_requested,
        "replay": view.replay_requested,
        "delete": view.delete_requested,
    }
    for name, signal in signals.items():
        button = view.findChild(QToolButton, f"{name}Button-a1")
        assert button is not None and button.toolTip() and button.accessibleName()
        with qtbot.waitSignal(signal) as caught:
            button.click()
        assert caught.args == ["a1"]
    copy = view.findChild(QToolButton, "copyButton-a1")
    assert copy is not None and copy.property("messageId") == "a1"
    copy.click()
    assert QApplication.clipboard().text() == "Six."
    details = view.findChild(QToolButton, "detailsButton-a1")
    assert details is not None and details.text() == "12.3 tokens/s · 320 tokens"


def test_versions_are_switched_at_the_footer(view: TranscriptView, qtbot: QtBot) -> None:
    message = samples.message("q1", Role.USER, "Hi")
    view.set_view(samples.view(samples.shown(message, 2, 3)))
    settle(view, qtbot)
    for name, expected in (("previousButton-q1", "q1.1"), ("nextButton-q1", "q1.3")):
        button = view.findChild(QToolButton, name)
        assert button is not None and button.isVisible()
        with qtbot.waitSignal(view.version_selected) as caught:
            button.click()
        assert caught.args == [expected]


def test_cut_and_failed_answers_offer_the_way_on(view: TranscriptView, qtbot: QtBot) -> None:
    view.resize(900, 3000)
    view.set_view(samples.states())
    settle(view, qtbot)
    for message_id in ("a4", "a5"):
        button = view.findChild(QToolButton, f"continueHere-{message_id}")
        assert button is not None and button.isVisible()
        with qtbot.waitSignal(view.continue_requested) as caught:
            button.click()
        assert caught.args == [message_id]
    retry = view.findChild(QPushButton, "retryButton-a6")
    assert retry is not None
    with qtbot.waitSignal(view.regenerate_requested) as caught:
        retry.click()
    assert caught.args == ["a6"]


def test_a_question_is_edited_here_or_in_a_new_conversation(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_view(samples.chat("Six."))
    settle(view, qtbot)
    widget = widget_of(view, "q1")
    widget.setFocus()
    for key, modifier, fork in (
        (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, False),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier, True),
    ):
        with qtbot.waitSignal(view.edit_requested):
            qtbot.keyClick(widget, Qt.Key.Key_F2)
        editor = widget.editor
        assert editor is not None
        editor.field.setPlainText("Other words")
        with qtbot.waitSignal(view.edit_submitted) as caught:
            qtbot.keyClick(editor.field, key, modifier)
        assert caught.args == ["q1", "Other words", fork] and widget.editor is None


def test_escape_keeps_what_was_typed_until_it_is_discarded(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_view(samples.chat("Six."))
    settle(view, qtbot)
    widget = widget_of(view, "q1")
    widget.triggered.emit("edit")
    assert widget.editor is not None
    widget.editor.field.setPlainText("half a thought")
    qtbot.keyClick(widget.editor.field, Qt.Key.Key_Escape)
    assert widget.editor is None
    widget.triggered.emit("edit")
    assert widget.editor is not None and widget.editor.field.toPlainText() == "half a thought"
    discard = widget.editor.findChild(QPushButton, "discardButton")
    assert discard is not None
    discard.click()
    widget.triggered.emit("edit")
    assert widget.editor is not None and widget.editor.field.toPlainText() == samples.QUESTION


def test_an_answer_is_edited_as_another_version(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_view(samples.chat("Six."))
    settle(view, qtbot)
    widget = widget_of(view, "a1")
    widget.triggered.emit("edit")
    assert widget.editor is not None
    widget.editor.field.setPlainText("Seven.")
    keep = widget.editor.findChild(QPushButton, "keepBothButton")
    assert keep is not None and keep.text() == "Keep both"
    with qtbot.waitSignal(view.answer_edited) as caught:
        keep.click()
    assert caught.args == ["a1", "Seven."]


def test_the_keyboard_moves_between_messages_and_opens_their_menu(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_view(samples.chat("Six."))
    settle(view, qtbot)
    stops = [w for w in view.findChildren(MessageWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert [stop.live.id for stop in stops] == ["a1"]
    answer, question = widget_of(view, "a1"), widget_of(view, "q1")
    answer.setFocus()
    qtbot.keyClick(answer, Qt.Key.Key_Up)
    assert question.hasFocus()
    qtbot.keyClick(question, Qt.Key.Key_Down)
    assert answer.hasFocus()
    qtbot.keyClick(answer, Qt.Key.Key_Return)
    menu = view.findChild(QMenu, "messageMenu")
    assert menu is not None
    texts = [action.text() for action in menu.actions()]
    assert texts == [
        "Copy",
        "Copy as Markdown",
        "Read aloud",
        "Edit",
        "Regenerate",
        "Details",
        "Replay",
        "Delete",
    ]
    menu.close()
    qtbot.keyClick(answer, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "Six."


def test_reasoning_is_folded_and_tools_are_one_line(view: TranscriptView, qtbot: QtBot) -> None:
    view.resize(900, 3000)
    view.set_view(samples.states())
    settle(view, qtbot)
    thought = view.findChild(QToolButton, "reasoningButton-a1")
    assert thought is not None and thought.text() == "Thought for a moment" and not thought.isChecked()
    before = widget_of(view, "a1").height()
    thought.click()
    settle(view, qtbot)
    assert widget_of(view, "a1").height() > before
    tool = view.findChild(QToolButton, "toolButton-t1-a2")
    assert tool is not None and tool.text() == "Used calculator (6 * 1.05) → 6.3 · 0.3 s"
    view.apply(ReasoningDelta(C, "a7", "hm"))
    thinking = view.findChild(QToolButton, "reasoningButton-a7")
    assert thinking is not None and thinking.text() == "Thinking…"


def test_everything_has_a_name_for_screen_readers(view: TranscriptView, qtbot: QtBot) -> None:
    view.resize(900, 3000)
    view.set_view(samples.states())
    settle(view, qtbot)
    assert view.accessibleName() == "Transcript"
    assert widget_of(view, "q1").accessibleName() == "You said: How long do I boil an egg?"
    assert widget_of(view, "a1").accessibleName() == "Assistant answered: Six minutes."
    for child in view.findChildren(QWidget):
        if isinstance(child, QToolButton | QPushButton) and child.isVisible():
            assert child.accessibleName() or child.text(), child.objectName()
            assert child.toolTip() and child.objectName(), child.accessibleName()


def test_colours_follow_the_palette(view: TranscriptView, qtbot: QtBot, qapp: QApplication) -> None:
    view.set_view(samples.chat())
    settle(view, qtbot)
    old = qapp.palette()
    dark = QPalette(old)
    for role, color in ((QPalette.ColorRole.Window, "#101010"), (QPalette.ColorRole.WindowText, "#eeeeee")):
        dark.setColor(role, QColor(color))
    try:
        qapp.setPalette(dark)
        qtbot.waitUntil(lambda: view._formats.look.dark)
        settle(view, qtbot)
        body = widget_of(view, "a1").body
        assert body.document().begin().begin().fragment().charFormat().foreground().color() == QColor(
            "#eeeeee"
        )
    finally:
        qapp.setPalette(old)


def test_another_conversation_starts_at_its_end(view: TranscriptView, qtbot: QtBot) -> None:
    view.set_view(samples.long_chat(60))
    settle(view, qtbot)
    scroll_to(view, 0)
    other = replace(samples.long_chat(80), conversation=replace(samples.long_chat(2).conversation, id="c2"))
    view.set_view(other)
    settle(view, qtbot)
    bar = view._canvas.area.verticalScrollBar()
    assert view.following and bar.value() == bar.maximum()


def test_thousands_of_qt_calls_do_not_use_up_pythons_singletons(view: TranscriptView) -> None:
    """PySide6 6.12 takes a reference of None with each call that returns nothing under Python 3.11."""
    for _number in range(30_000):
        view.update()
