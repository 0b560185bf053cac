"""News of a newer version in the window: the notice, "Check now", and a build that has no key."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from assistant_app import __version__, i18n
from assistant_app import app as composition
from assistant_app.core.updates import NO_KEY
from assistant_app.paths import Paths
from assistant_app.settings import SettingsFile
from assistant_app.ui.main_window import MainWindow
from assistant_app.updates import pinned
from assistant_app.updates.memory import recall
from tests.fixtures.updates import PAGE, Publisher, UpdateServer, update_server

OpenWindow = Callable[..., MainWindow]
WAIT_MS = 20_000


class Browser(QObject):
    """Takes the pages that are opened: no browser can be here."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.pages.append(url.toString())


@pytest.fixture
def browser(qtbot: QtBot) -> Iterator[Browser]:
    taken = Browser()
    QDesktopServices.setUrlHandler("https", taken, "open")
    yield taken
    QDesktopServices.unsetUrlHandler("https")


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def server(tmp_path: Path, publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> Iterator[UpdateServer]:
    """A server with news, which this build trusts; its windows look for updates by themselves."""
    monkeypatch.setenv("NO_PROXY", "localhost")
    with update_server(tmp_path) as running:
        monkeypatch.setenv("SSL_CERT_FILE", str(running.certificate))
        monkeypatch.setattr(pinned, "PINNED", publisher.source(running.base))
        monkeypatch.setattr(composition, "build_worker", partial(composition.build_worker, has_window=True))
        running.data = publisher.manifest("99.0", issued=datetime.now(UTC))
        yield running


def row(qtbot: QtBot, window: MainWindow) -> QWidget:
    """Open the settings and return the page, once the worker has answered."""
    page = window.pages.open("settings")
    qtbot.waitUntil(
        lambda: page.findChild(QCheckBox, "setting_look_for_updates") is not None
        and not window.bridge.busy,
        timeout=WAIT_MS,
    )
    return page


def says(page: QWidget) -> str:
    """Return the sentence below the switch."""
    label = page.findChild(QLabel, "update_state")
    return label.text() if label.isVisibleTo(page) else ""


def click(page: QWidget, name: str) -> None:
    """Press a button that can be pressed."""
    button = page.findChild(QPushButton, name)
    assert button.isEnabled()
    button.click()


def notice(window: MainWindow) -> QWidget | None:
    """Return the banner about an update."""
    found = [label for label in window.banners.findChildren(QLabel, "banner_text") if "99.0" in label.text()]
    return found[-1].parentWidget() if "update" in window.banners.codes() else None


def test_check_now_tells_of_a_newer_version_and_opens_its_page(
    qtbot: QtBot, open_window: OpenWindow, server: UpdateServer, browser: Browser
) -> None:
    window = open_window()
    page = row(qtbot, window)
    assert says(page) == "" and server.connections == 0
    assert not page.findChild(QPushButton, "open_update_page").isVisibleTo(page)
    click(page, "check_updates")
    qtbot.waitUntil(lambda: "99.0" in says(page), timeout=WAIT_MS)
    sentence = f"Assistant 99.0 is out; you have {__version__}. Quicker answers."
    assert says(page) == sentence
    click(page, "open_update_page")
    qtbot.waitUntil(lambda: notice(window) is not None, timeout=WAIT_MS)
    banner = notice(window)
    assert banner.findChild(QLabel, "banner_text").text() == sentence
    banner.findChild(QPushButton, "banner_button").click()
    assert browser.pages == [PAGE, PAGE]
    assert server.connections == 1, "pages are for the browser"


def test_a_refusal_is_said_where_it_was_asked(
    qtbot: QtBot, open_window: OpenWindow, server: UpdateServer
) -> None:
    server.data = Publisher().manifest("99.0", issued=datetime.now(UTC))
    window = open_window()
    page = row(qtbot, window)
    page.resize(420, 320)
    click(page, "check_updates")
    qtbot.waitUntil(lambda: "not signed by the makers" in says(page), timeout=WAIT_MS)
    label = page.findChild(QLabel, "update_state")
    qtbot.waitUntil(
        lambda: label.visibleRegion().boundingRect().height() == label.height() > 30, timeout=WAIT_MS
    )
    assert page.findChild(QPushButton, "check_updates").isEnabled(), "it can be tried again"
    assert "update" not in window.banners.codes()


def test_no_news_is_said_and_kept_for_the_next_look(
    qtbot: QtBot, open_window: OpenWindow, server: UpdateServer, publisher: Publisher
) -> None:
    server.data = publisher.manifest(__version__, issued=datetime.now(UTC))
    page = row(qtbot, open_window())
    click(page, "check_updates")
    qtbot.waitUntil(lambda: says(page) == "There is no newer version.", timeout=WAIT_MS)
    page = row(qtbot, open_window())
    assert says(page).startswith("Last asked: ") and server.connections == 1


def test_switching_it_on_asks_at_once_and_switching_it_off_ends_it(
    qtbot: QtBot, open_window: OpenWindow, server: UpdateServer, paths: Paths
) -> None:
    window = open_window()
    page = row(qtbot, window)
    page.findChild(QCheckBox, "setting_look_for_updates").click()
    qtbot.waitUntil(lambda: notice(window) is not None, timeout=WAIT_MS)
    assert SettingsFile(paths.settings_file).load().look_for_updates
    page.findChild(QCheckBox, "setting_look_for_updates").click()
    page.close()
    qtbot.waitUntil(
        lambda: not SettingsFile(paths.settings_file).load().look_for_updates, timeout=WAIT_MS
    )
    again = open_window()
    assert "update" not in again.banners.codes() and server.connections == 1


def test_the_notice_comes_at_each_start_until_it_is_closed(
    qtbot: QtBot, open_window: OpenWindow, server: UpdateServer, paths: Paths
) -> None:
    window = open_window(look_for_updates=True)
    page = row(qtbot, window)
    click(page, "check_updates")
    qtbot.waitUntil(lambda: notice(window) is not None, timeout=WAIT_MS)
    window = open_window()
    qtbot.waitUntil(lambda: notice(window) is not None, timeout=WAIT_MS)
    notice(window).findChild(QToolButton, "banner_close").click()
    qtbot.waitUntil(lambda: recall(paths.updates_file).dismissed == "99.0", timeout=WAIT_MS)
    told = []
    window = open_window(wait=False)
    window.bridge.happened.connect(told.append)
    # The settings page asks the same file later than the start tells of it.
    page = row(qtbot, window)
    qtbot.waitUntil(lambda: "99.0" in says(page), timeout=WAIT_MS)
    assert notice(window) is None and not [event for event in told if "UpdateFound" in repr(event)]
    assert server.connections == 1


def test_a_build_without_a_key_says_so_and_cannot_be_switched_on(
    qtbot: QtBot, window: MainWindow
) -> None:
    page = row(qtbot, window)
    qtbot.waitUntil(lambda: says(page) == NO_KEY, timeout=WAIT_MS)
    assert not page.findChild(QCheckBox, "setting_look_for_updates").isEnabled()
    assert not page.findChild(QPushButton, "check_updates").isEnabled()


def test_the_notes_are_in_the_language_of_the_window(
    qtbot: QtBot, open_window: OpenWindow, server: UpdateServer
) -> None:
    i18n.set_language("zh_CN")
    QLocale.setDefault(QLocale("zh_CN"))
    try:
        page = row(qtbot, open_window(language="zh_CN"))
        click(page, "check_updates")
        qtbot.waitUntil(lambda: "回答更快。" in says(page), timeout=WAIT_MS)
    finally:
        QLocale.setDefault(QLocale("en"))
