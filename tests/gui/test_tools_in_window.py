"""Reminders, pages and switches of the tools, in a real window on a real worker."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jeepney import HeaderFields, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection
from PySide6.QtWidgets import QCheckBox, QLabel, QTabWidget, QToolButton
from pytestqt.qtbot import QtBot

from assistant_app import i18n
from assistant_app.core.events import PageWanted, ReminderDue
from assistant_app.core.reminders import Reminder, ReminderKind
from assistant_app.paths import Paths
from assistant_app.settings import SettingsFile
from assistant_app.store.store import Store
from assistant_app.ui.desktop_notifier import DesktopNotifier
from assistant_app.ui.main_window import MainWindow
from assistant_app.ui.pages.shortcuts_page import ShortcutsPage
from tests.fixtures.session_bus import session_bus

OpenWindow = Callable[..., MainWindow]


def banner_text(window: MainWindow) -> str:
    """Return what stands in the banners."""
    return "\n".join(label.text() for label in window.banners.findChildren(QLabel, "banner_text"))


def test_a_reminder_that_was_missed_is_told_when_the_window_opens(
    open_window: OpenWindow, qtbot: QtBot, paths: Paths
) -> None:
    store = Store.open(paths)
    store.add_reminder(ReminderKind.REMINDER, "call mum", 1000.0)
    store.close()
    window = open_window()
    qtbot.waitUntil(lambda: "call mum" in banner_text(window), timeout=10_000)
    assert "Reminder of 1970-01-01" in banner_text(window)
    window = open_window()
    assert "call mum" not in banner_text(window), "told twice"


def test_a_timer_rings_in_the_open_window(window: MainWindow, qtbot: QtBot, paths: Paths) -> None:
    store = Store.open(paths)  # another process, for example a question asked in a terminal
    store.add_reminder(ReminderKind.TIMER, "a moment", time.time() + 0.1)
    store.close()
    qtbot.waitUntil(lambda: "Timer (a moment): time is up." in banner_text(window), timeout=10_000)


def test_unread_reminders_stand_together_and_stay(window: MainWindow) -> None:
    for number in range(3):
        reminder = Reminder(str(number), ReminderKind.REMINDER, f"thing {number}", time.time())
        window.bridge.happened.emit(ReminderDue(reminder, late=False))
    for code in "abcd":
        window.banners.show_banner(code, f"error {code}", level="error")
    text = banner_text(window)
    assert all(f"Reminder: thing {number}" in text for number in range(3))
    assert window.banners.codes() == ["reminders", "c", "d"]
    shown = [
        label for label in window.banners.findChildren(QLabel, "banner_text") if "thing 0" in label.text()
    ]
    closing = shown[-1].parentWidget().findChild(QToolButton, "banner_close")
    closing.click()
    assert "reminders" not in window.banners.codes()
    reminder = Reminder("9", ReminderKind.REMINDER, "thing 9", time.time())
    window.bridge.happened.emit(ReminderDue(reminder, late=False))
    assert [text for text in banner_text(window).splitlines() if "thing" in text][-1:] == [
        "Reminder: thing 9"
    ]


def test_a_page_that_is_wanted_opens(window: MainWindow, qtbot: QtBot) -> None:
    window.bridge.happened.emit(PageWanted("shortcuts"))
    qtbot.waitUntil(lambda: window.findChild(ShortcutsPage) is not None, timeout=5000)
    window.bridge.happened.emit(PageWanted("nonsense"))


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_each_tool_has_a_switch(open_window: OpenWindow, qtbot: QtBot, paths: Paths, language: str) -> None:
    i18n.set_language(language)
    window = open_window(language=language, tools_off=("calculator", "tool-of-a-later-version"))
    page = window.pages.open("settings")
    qtbot.waitUntil(lambda: page.findChild(QCheckBox, "tool_calculator") is not None, timeout=5000)
    tabs = page.findChild(QTabWidget, "setting_tabs")
    assert tabs is not None
    tabs.setCurrentIndex(tabs.count() - 1)
    boxes = {
        box.objectName(): box for box in page.findChildren(QCheckBox) if box.objectName().startswith("tool_")
    }
    assert len(boxes) == 12 and all(box.accessibleName() and box.toolTip() for box in boxes.values())
    assert not boxes["tool_calculator"].isChecked() and boxes["tool_set_timer"].isChecked()
    boxes["tool_set_timer"].click()

    def stored() -> tuple[str, ...]:
        file = SettingsFile(paths.settings_file)
        return file.load().tools_off

    qtbot.waitUntil(lambda: stored() == ("tool-of-a-later-version", "calculator", "set_timer"), timeout=5000)
    page.close()


class FakeDesktop(threading.Thread):
    """A notification service on a bus of its own, strict about the types of the call."""

    def __init__(self, address: str, *, refuses: bool) -> None:
        super().__init__(daemon=True)
        self.calls: list[tuple[Any, ...]] = []
        self._refuses = refuses
        self._connection = open_dbus_connection(address)
        self._connection.send_and_get_reply(message_bus.RequestName("org.freedesktop.Notifications"))
        self.start()

    def run(self) -> None:
        while True:
            try:
                message = self._connection.receive()
            except (OSError, EOFError):
                return
            if message.header.message_type is not MessageType.method_call:
                continue
            if self._refuses or message.header.fields[HeaderFields.signature] != "susssasa{sv}i":
                self._connection.send(new_error(message, "org.example.Refused"))
            else:
                self.calls.append(message.body)
                self._connection.send(new_method_return(message, "u", (1,)))


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A session bus of the test's own."""
    with session_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


def test_the_desktop_is_told(qtbot: QtBot, window: MainWindow, bus: str) -> None:
    desktop = FakeDesktop(bus, refuses=False)
    DesktopNotifier(window).notify("Reminder", "Reminder: <b> & call mum")
    qtbot.waitUntil(lambda: bool(desktop.calls), timeout=5000)
    name, _replaces, _icon, title, text, *_rest = desktop.calls[0]
    assert (name, title, text) == ("Assistant", "Reminder", "Reminder: &lt;b&gt; &amp; call mum")


def test_a_desktop_that_refuses_leaves_the_banner(qtbot: QtBot, window: MainWindow, bus: str) -> None:
    FakeDesktop(bus, refuses=True)
    notifier = DesktopNotifier(window)
    with qtbot.waitSignal(notifier._refused, timeout=5000):
        notifier.notify("Reminder", "call mum")
