"""A link puts its text into the message box, says so, and sends nothing."""

from urllib.parse import quote

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from assistant_app.core.app_links import LINKED_PAGES
from assistant_app.ui.main_window import MainWindow
from assistant_app.ui.page_opener import PAGES
from tests.gui.conftest import OpenWindow
from tests.gui.test_shell_conversation import finished, type_and_send

LONG_MS = 60_000


def ask(text: str) -> str:
    """Return a link with this text."""
    return f"assistant-app:ask?text={quote(text, safe='')}"


def notices(window: MainWindow) -> list[str]:
    """Return the sentences above the message box that speak of links."""
    QApplication.processEvents()  # what was added to a layout is shown with the next event
    return [
        banner.accessibleName()
        for banner in window.banners.findChildren(object, "banner")
        if banner.isVisible() and "link" in banner.accessibleName()
    ]


def test_text_waits_in_the_message_box_under_a_notice_until_the_user_sends_it(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.links.follow(ask("What can you do?"))
    assert window.composer.text() == "What can you do?"
    [notice] = notices(window)
    assert "was not sent" in notice
    # Keys that were meant for another program go nowhere.
    assert not window.composer.edit.hasFocus()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Enter, Qt.Key.Key_Return):
        QTest.keyClick(window.windowHandle(), key)
    qtbot.waitUntil(lambda: not window.bridge.busy, timeout=LONG_MS)
    assert window.chat.conversation_id == "" and not window.chat.view.messages
    QTest.keyClick(window.composer.edit, Qt.Key.Key_Return)
    assert not notices(window)
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    assert window.chat.last_question() == "What can you do?"


def test_lines_of_a_text_send_nothing(qtbot: QtBot, window: MainWindow) -> None:
    window.links.follow(ask("one\r\ntwo\n\n/delete\u202e\x00"))
    qtbot.waitUntil(lambda: not window.bridge.busy, timeout=LONG_MS)
    assert window.composer.text() == "one\ntwo\n\n/delete"
    assert window.chat.conversation_id == "" and not window.chat.view.messages


def test_what_was_typed_in_the_new_conversation_stays_above(window: MainWindow) -> None:
    QTest.keyClicks(window.composer.edit, "half a thou")
    window.links.follow(ask("one"))
    window.links.follow(ask("two"))
    assert window.composer.text() == "half a thou\n\none\n\ntwo"
    assert len(notices(window)) == 1
    window.composer.edit.undo()
    window.composer.edit.undo()
    assert window.composer.text() == "half a thou"


def test_other_conversation_keeps_its_draft_and_the_notice_stays_with_the_text(
    qtbot: QtBot, window: MainWindow
) -> None:
    type_and_send(window, "What can you do?")
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    first = window.chat.conversation_id
    QTest.keyClicks(window.composer.edit, "later")
    window.links.follow(ask("from a link"))
    qtbot.waitUntil(lambda: window.composer.text() == "from a link", timeout=LONG_MS)
    assert window.chat.conversation_id == ""
    assert notices(window)
    window.logic.open_conversation(first)
    qtbot.waitUntil(lambda: window.composer.text() == "later", timeout=LONG_MS)
    assert not notices(window)
    window.logic.new_conversation()
    qtbot.waitUntil(lambda: window.composer.text() == "from a link", timeout=LONG_MS)
    assert notices(window)
    window.composer.put_text("")
    assert not notices(window)


def test_link_that_opens_the_window_waits_for_its_conversations(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    window = open_window()
    type_and_send(window, "What can you do?")
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    first = window.chat.conversation_id
    QTest.keyClicks(window.composer.edit, "later")
    again = open_window(wait=False)
    QTest.keyClicks(again.composer.edit, " or never")
    again.links.follow(ask("from a link"))
    qtbot.waitUntil(lambda: again.composer.text() == "from a link", timeout=LONG_MS)
    assert again.chat.conversation_id == "" and not again.chat.view.messages
    assert notices(again)
    assert not again.composer.edit.hasFocus()
    again.logic.open_conversation(first)
    qtbot.waitUntil(lambda: again.composer.text() == "later\n or never", timeout=LONG_MS)


def test_draft_of_a_link_is_there_after_a_restart(qtbot: QtBot, open_window: OpenWindow) -> None:
    open_window().links.follow(ask("from a link"))
    assert open_window().composer.text() == "from a link"


def test_pages_of_links_are_there(qtbot: QtBot, window: MainWindow) -> None:
    assert {*LINKED_PAGES} - {"voice"} <= {*PAGES}
    window.links.follow("assistant-app:page/models")
    assert window.findChild(object, "models_page").isVisible()
    window.links.follow("assistant-app:page/voice")
    assert window.voice.shown
    assert window.composer.text() == ""


def test_minimised_window_comes_back(qtbot: QtBot, window: MainWindow) -> None:
    window.showMinimized()
    qtbot.waitUntil(window.isMinimized, timeout=5000)
    window.links.follow("assistant-app:open")
    assert window.isVisible() and not window.isMinimized()
    assert not notices(window)


def test_link_that_cannot_be_followed_says_so_and_changes_nothing(window: MainWindow) -> None:
    QTest.keyClicks(window.composer.edit, "half a thou")
    for link in (
        "assistant-app:ask?text=x&send=1",
        "assistant-app:page/trash",
        "file:///etc/passwd",
        ask("x" * 9999),
    ):
        window.links.follow(link)
        [notice] = notices(window)
        assert "nothing was done" in notice
    assert window.composer.text() == "half a thou"
    assert window.chat.conversation_id == ""
    window.links.follow("assistant-app:open")
    assert not notices(window)
