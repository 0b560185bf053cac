"""Every control can be found, named, explained and reached by keyboard."""

import gettext
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenuBar,
    QPlainTextEdit,
    QTabBar,
    QTabWidget,
    QTextBrowser,
    QWidget,
)
from pytestqt.qtbot import QtBot

from assistant_app import i18n
from assistant_app.core.events import Notice
from assistant_app.i18n import _
from assistant_app.ui.actions import ACTIONS
from assistant_app.ui.main_window import MainWindow
from assistant_app.ui.page_opener import PAGES
from tests.gui.test_shell_conversation import LONG_MS, finished, type_and_send

CONTROLS = (
    QAbstractButton,
    QLineEdit,
    QPlainTextEdit,
    QTextBrowser,
    QComboBox,
    QAbstractSpinBox,
    QAbstractItemView,
    QTabWidget,
    QGroupBox,
)
NAMES = (
    "Message",
    "Send",
    "New conversation",
    "Search conversations",
    "Conversations",
    "Model",
    "Transcript",
)


def controls(root: QWidget) -> Iterator[QWidget]:
    """Yield the controls below `root` that Qt did not make for its own use."""
    for widget in root.findChildren(QWidget):
        inside_qt = isinstance(widget, QHeaderView) or isinstance(
            widget.parentWidget(), QAbstractSpinBox | QComboBox | QLineEdit | QTabBar | QMenuBar
        )
        popup = widget.window()
        inside_qt |= popup is not root.window() and isinstance(popup.parentWidget(), QComboBox)
        if isinstance(widget, CONTROLS) and not inside_qt and not widget.objectName().startswith("qt_"):
            yield widget


def problems(root: QWidget) -> list[str]:
    """Return what is missing on the controls below `root`."""
    found = []
    for widget in controls(root):
        name = f"{type(widget).__name__} {widget.objectName() or '?'} ({widget.accessibleName() or '?'})"
        if not widget.objectName():
            found.append(f"{name}: no objectName")
        if not widget.accessibleName():
            found.append(f"{name}: no accessible name")
        if not widget.toolTip():
            found.append(f"{name}: no tooltip")
        if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
            found.append(f"{name}: not reached by Tab")
    return found


def test_every_control_of_the_window_is_named_explained_and_reachable(
    qtbot: QtBot, window: MainWindow
) -> None:
    type_and_send(window, "What can you do?")
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    names = {widget.accessibleName() for widget in window.findChildren(QWidget)}
    assert set(NAMES) | {"Stop"} <= names
    transcript = window.logic.transcript().view
    own = [p for p in problems(window) if p not in problems(transcript)]
    assert own == []


@pytest.mark.parametrize(
    "page_id", [p for p in PAGES if p not in ("receipt", "conversation-settings", "prompt", "transcript")]
)
def test_every_control_of_a_page_is_named_explained_and_reachable(
    qtbot: QtBot, window: MainWindow, page_id: str
) -> None:
    page = window.pages.open(page_id)
    qtbot.waitUntil(lambda: not window.bridge.busy, timeout=LONG_MS)
    assert page.windowTitle()
    assert not page.isModal()
    assert problems(page) == []
    QTest.keyClick(page, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(type(page)), timeout=2000)


def test_pages_about_a_conversation_are_named_and_filled(qtbot: QtBot, window: MainWindow) -> None:
    type_and_send(window, "What can you do?")
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    prompt = window.pages.open("prompt", conversation_id=window.chat.conversation_id, draft="And what else?")
    box = prompt.findChild(QPlainTextEdit, "prompt_text")
    qtbot.waitUntil(lambda: "And what else?" in box.toPlainText(), timeout=LONG_MS)
    assert "What can you do?" in box.toPlainText()
    settings = window.pages.open("conversation-settings", conversation_id=window.chat.conversation_id)
    qtbot.waitUntil(lambda: settings.findChild(QWidget, "seed") is not None, timeout=5000)
    receipt = window.pages.open("receipt", message_id=window.chat.last_answer().id, replay=True)
    again = receipt.findChild(QPlainTextEdit, "replay_answer")
    qtbot.waitUntil(lambda: again.toPlainText() != "", timeout=LONG_MS)
    assert again.toPlainText() == window.chat.last_answer().text
    for page in (prompt, settings, receipt):
        assert problems(page) == []


def test_no_key_is_taken_twice_and_each_action_explains_itself(window: MainWindow) -> None:
    keys = Counter(QKeySequence(key).toString() for spec in ACTIONS for key in spec.keys)
    assert [key for key, count in keys.items() if count > 1] == []
    for spec in ACTIONS:
        action = window.actions_[spec.id]
        assert action.text()
        assert _(spec.tooltip) in action.toolTip()
        assert spec.menu, f"{spec.id} is in no menu"


def test_palette_finds_an_action_by_part_of_its_name(qtbot: QtBot, window: MainWindow) -> None:
    window.actions_["palette"].trigger()
    field = window.findChild(QLineEdit, "palette_field")
    QTest.keyClicks(field, "time mach")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.findChild(QWidget, "time_machine_page") is not None, timeout=2000)


def test_tab_leads_through_the_composer(qtbot: QtBot, window: MainWindow) -> None:
    QTest.keyClicks(window.composer.edit, "a")
    order = []
    widget: QWidget = window.composer.edit
    for _step in range(4):
        order.append(widget.objectName())
        widget = widget.nextInFocusChain()
        while not (widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus):
            widget = widget.nextInFocusChain()
    assert order == ["message_edit", "model_button", "microphone_button", "send_button"]


@pytest.mark.parametrize("size", [(900, 600), (700, 500), (480, 400)])
@pytest.mark.parametrize("text_size", [0, 10])
def test_small_windows_and_large_text_leave_the_message_box_usable(
    qtbot: QtBot, window: MainWindow, size: tuple[int, int], text_size: int
) -> None:
    window.theme.choose("light", text_size)
    window.resize(*size)
    if size[0] < 800:
        window.actions_["sidebar"].trigger()
    qtbot.wait(50)
    assert window.width() <= size[0] + 60, "the window cannot be made small"
    edit = window.composer.edit
    assert edit.isVisible()
    assert edit.width() > 150
    assert edit.height() >= edit.fontMetrics().height()
    for button in (window.composer.send_button, window.composer.model_button):
        corner = button.mapTo(window, button.rect().bottomRight())
        assert window.rect().contains(corner)
    window.theme.choose("light", 0)


class Longer(gettext.NullTranslations):
    """Every text half as long again, as in German."""

    def gettext(self, message: str) -> str:
        return f"{message} {'ä' * (len(message) // 2)}" if message else message


def test_sentence_of_a_banner_is_whole_in_a_small_window(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(700, 600)
    window.bridge.happened.emit(Notice("x", "A sentence that needs a second line. " * 4))
    qtbot.wait(100)
    for text in window.banners.findChildren(QLabel, "banner_text"):
        assert text.height() >= text.heightForWidth(text.width())


def test_long_translations_fit_into_small_windows(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, open_window: Callable[..., MainWindow]
) -> None:
    monkeypatch.setattr(i18n, "_translation", Longer())
    window = open_window()
    type_and_send(window, "What can you do?")
    qtbot.waitUntil(lambda: finished(window), timeout=LONG_MS)
    window.resize(900, 600)
    assert window.width() == 900
    window.actions_["sidebar"].trigger()
    window.resize(700, 500)
    qtbot.wait(50)
    assert (window.width(), window.height()) == (700, 500)
    for page_id in ("models", "settings", "trash", "time-machine", "doctor", "help", "about", "shortcuts"):
        page = window.pages.open(page_id)
        qtbot.waitUntil(lambda: not window.bridge.busy, timeout=LONG_MS)
        assert page.minimumSizeHint().width() <= 900, page_id
        page.close()
