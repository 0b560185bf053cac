"""Parts of the window by themselves: theme, list, strip, settings, models, links, second start."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QLockFile, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QPlainTextEdit, QSpinBox, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from assistant_app.core.conversation import Conversation
from assistant_app.core.events import ContextItem, ContextReport, Notice, Visibility
from assistant_app.paths import Paths, resources
from assistant_app.settings import SettingsFile
from assistant_app.store.store import Store
from assistant_app.ui.actions import ACTIONS
from assistant_app.ui.early_settings import EarlySettings, read_early_settings
from assistant_app.ui.instance import Instance
from assistant_app.ui.links import safe_url
from assistant_app.ui.main_window import MainWindow
from assistant_app.ui.theme import colors
from assistant_app.ui.wording import group_of


def luminance(color: str) -> float:
    """Return the relative luminance of WCAG 2 for "#rrggbb"."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_text_and_outlines_reach_wcag_aa(dark: bool) -> None:
    c = colors(dark)
    for text, ground in (
        *((c.text, ground) for ground in (c.window, c.base, c.sidebar, c.raised, c.hover)),
        *((c.muted, ground) for ground in (c.window, c.base, c.sidebar, c.raised)),
        (c.selected_text, c.selected),
        (c.accent_text, c.accent),
        (c.link, c.base),
        (c.danger, c.window),
        (c.good, c.raised),
        (c.text, c.danger_back),
        (c.text, c.warn_back),
        (c.text, c.info_back),
        (c.toast_text, c.toast),
        (c.toast_link, c.toast),
    ):
        assert contrast(text, ground) >= 4.5, (text, ground)
    for outline in (c.control, c.accent, c.summarised, c.dropped):
        assert contrast(outline, c.base) >= 3.0, outline


def test_every_icon_that_is_named_exists() -> None:
    names = {spec.icon for spec in ACTIONS if spec.icon} | {"send", "close", "check", "warning", "app"}
    missing = [name for name in names if not (resources() / "icons" / f"{name}.svg").is_file()]
    assert missing == []


def test_help_has_the_same_pages_in_both_languages() -> None:
    english, chinese = (
        {path.name for path in (resources() / "help" / language).glob("*.md")} for language in ("en", "zh_CN")
    )
    assert english == chinese
    assert len(english) >= 6


def test_help_names_every_key(window: MainWindow) -> None:
    text = (resources() / "help" / "en" / "05-shortcuts.md").read_text("utf-8")
    pages = "".join(path.read_text("utf-8") for path in (resources() / "help" / "en").glob("*.md"))
    wanted = {spec.keys[0] for spec in ACTIONS if spec.keys}
    assert {key for key in wanted if key not in text and key not in pages} <= {"Ctrl+Shift+U"}


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "javascript:alert(1)", "smb://host/x", "/etc/passwd", "data:text/html,x", ""],
)
def test_links_to_files_and_programs_are_not_opened(url: str) -> None:
    assert safe_url(url) is None


def test_links_to_the_web_may_be_opened() -> None:
    assert safe_url("https://example.org/a?b=c") is not None


def test_two_thousand_conversations_are_listed_at_once(
    qtbot: QtBot, paths: Paths, open_window: Callable[..., MainWindow]
) -> None:
    store = Store.open(paths)
    now = time.time()
    for i in range(2000):
        moment = now - i * 3600
        store.create_conversation(
            Conversation(f"c{i:05d}", f"Conversation {i}", moment, moment, pinned=i in (7, 1500))
        )
    store.close()
    window = open_window()
    model = window.sidebar.model
    qtbot.waitUntil(lambda: model.rowCount() > 0, timeout=5000)
    assert model.data(model.index(0)) == "Pinned"
    assert [model.data(model.index(i)) for i in (1, 2)] == ["Conversation 7", "Conversation 1500"]
    for wanted in range(400, 2001, 200):
        qtbot.waitUntil(lambda: model.canFetchMore(model.index(-1)), timeout=5000)
        model.fetchMore(model.index(-1))
        qtbot.waitUntil(lambda wanted=wanted: model.rowCount() > wanted, timeout=5000)
    titles = {model.data(model.index(i)) for i in range(model.rowCount())}
    assert {f"Conversation {i}" for i in range(2000)} <= titles


def test_conversations_are_grouped_by_age() -> None:
    now = time.mktime((2026, 6, 15, 12, 0, 0, 0, 0, -1))
    day = 86_400.0
    assert group_of(now - 3600, now) == "Today"
    assert group_of(now - day, now) == "Yesterday"
    assert group_of(now - 5 * day, now) == "Last 7 days"
    assert group_of(now - 20 * day, now) == "Last 30 days"
    assert group_of(now - 60 * day, now) == "April"
    assert group_of(now - 400 * day, now) == "2025"


def test_strip_shows_each_message_and_leads_to_it(qtbot: QtBot, window: MainWindow) -> None:
    kinds = (Visibility.DROPPED, Visibility.SUMMARISED, Visibility.WHOLE)
    items = tuple(
        ContextItem(f"m{i}", "user" if i % 2 else "assistant", f"text {i}", 10, kinds[i % 3])
        for i in range(30)
    )
    strip = window.status.strip
    strip.show_report(ContextReport("c", items, 300, 512))
    assert "10 messages whole, 10 summarised, 10 left out" in strip.accessibleDescription()
    strip.resize(500, strip.height())
    with qtbot.waitSignal(strip.message_chosen) as chosen:
        QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(1 + 14 * 4 + 5, 9))
    assert chosen.args == ["m4"]
    with qtbot.waitSignal(strip.message_chosen) as chosen:
        QTest.keyClick(strip, Qt.Key.Key_Right)
        QTest.keyClick(strip, Qt.Key.Key_Return)
    assert chosen.args == ["m5"]


def test_strip_of_thousands_of_messages_still_shows_what_is_left_out(window: MainWindow) -> None:
    items = tuple(
        ContextItem(f"m{i}", "user", "x", 10, Visibility.DROPPED if i == 2500 else Visibility.WHOLE)
        for i in range(5000)
    )
    strip = window.status.strip
    strip.show_report(ContextReport("c", items, 300, 512))
    strip.resize(400, strip.height())
    image = strip.grab().toImage()
    ratio = image.width() / 400
    x = round((1 + 398 * 2500 / 5000) * ratio)
    top = [image.pixelColor(x + dx, round(6 * ratio)) for dx in (-1, 0, 1)]
    whole = image.pixelColor(round(50 * ratio), round(6 * ratio))
    assert any(color != whole for color in top)


def test_setting_is_written_and_holds_at_once(qtbot: QtBot, window: MainWindow, paths: Paths) -> None:
    page = window.pages.open("settings")
    qtbot.waitUntil(lambda: page.findChild(QComboBox, "setting_theme") is not None, timeout=5000)
    box = page.findChild(QComboBox, "setting_theme")
    box.setCurrentIndex(box.findData("dark"))
    box.activated.emit(box.currentIndex())
    page.findChild(QSpinBox, "setting_top_k").setValue(77)
    qtbot.waitUntil(lambda: window.theme.dark, timeout=5000)
    written = SettingsFile(paths.settings_file).load()
    assert (written.theme, written.top_k) == ("dark", 77)
    window.theme.choose("light", 0)


def test_changes_are_kept_when_the_settings_are_closed_at_once(
    qtbot: QtBot, window: MainWindow, paths: Paths
) -> None:
    page = window.pages.open("settings")
    qtbot.waitUntil(lambda: page.findChild(QPlainTextEdit, "setting_system_prompt") is not None, timeout=5000)
    page.findChild(QPlainTextEdit, "setting_system_prompt").setPlainText("Be brief.")
    QTest.keyClick(page, Qt.Key.Key_Escape)
    qtbot.waitUntil(
        lambda: SettingsFile(paths.settings_file).load().system_prompt == "Be brief.", timeout=5000
    )


def test_early_settings_are_those_of_the_file_and_never_fail(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    assert read_early_settings(tmp_path / "settings.json") == EarlySettings()
    file.change({"theme": "dark", "text_size": 3, "send_key": "ctrl_enter", "first_run_done": True})
    early = read_early_settings(tmp_path / "settings.json")
    assert early == EarlySettings("auto", "dark", 3, "ctrl_enter", True)
    (tmp_path / "settings.json").write_text('{"theme": 5, "text_size": "x"')
    assert read_early_settings(tmp_path / "settings.json") == EarlySettings()
    defaults = SettingsFile(tmp_path / "none.json").load().model_dump()
    assert {name: defaults[name] for name in EarlySettings.__slots__} == {
        name: getattr(EarlySettings(), name) for name in EarlySettings.__slots__
    }


def test_adding_a_file_that_is_no_model_says_so_in_a_sentence(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"this is no model")
    window.logic.take_files([str(bad)])
    page = window.findChild(QWidget, "models_page")
    problem = page.findChild(QLabel, "page_problem")
    qtbot.waitUntil(lambda: problem.isVisible() and problem.text() != "", timeout=10_000)
    assert problem.text().endswith(".")


def test_model_that_is_added_can_be_chosen_and_removed(
    qtbot: QtBot, window: MainWindow, tiny_model: Path
) -> None:
    window.logic.take_files([str(tiny_model)])
    page = window.findChild(QWidget, "models_page")
    qtbot.waitUntil(lambda: page.findChild(QWidget, "choose_model") is not None, timeout=10_000)
    page.findChild(QWidget, "choose_model").click()
    qtbot.waitUntil(lambda: "pocket-model" not in window.banners.codes(), timeout=10_000)
    assert "pocket" not in window.composer.model_button.text().lower()
    page.findChild(QWidget, "remove_model").click()
    qtbot.waitUntil(lambda: "pocket-model" in window.banners.codes(), timeout=10_000)
    assert tiny_model.is_file()


def test_pocket_model_says_what_it_is_until_that_was_read(
    qtbot: QtBot, open_window: Callable[..., MainWindow]
) -> None:
    window = open_window()
    qtbot.waitUntil(lambda: "pocket-model" in window.banners.codes(), timeout=10_000)
    window.banners.findChild(QWidget, "banner_close").click()
    assert window.banners.codes() == []
    again = open_window()
    qtbot.waitUntil(lambda: again.composer.model_button.text() != "Model", timeout=10_000)
    assert again.banners.codes() == []


def test_notice_is_shown_once_and_can_be_closed(qtbot: QtBot, window: MainWindow) -> None:
    window.bridge.happened.emit(Notice("x", "Something was repaired."))
    window.bridge.happened.emit(Notice("x", "Something was repaired."))
    assert window.banners.codes().count("x") == 1


def test_trash_page_restores_a_conversation(
    qtbot: QtBot, paths: Paths, open_window: Callable[..., MainWindow]
) -> None:
    store = Store.open(paths)
    store.create_conversation(Conversation("c1", "Thrown away", time.time(), time.time()))
    store.trash_conversation("c1")
    store.close()
    window = open_window()
    page = window.pages.open("trash")
    rows = page.findChild(QTreeWidget, "trash_list")
    qtbot.waitUntil(lambda: rows.topLevelItemCount() == 1, timeout=5000)
    assert rows.topLevelItem(0).text(0) == "Thrown away"
    page.findChild(QWidget, "restore").click()
    qtbot.waitUntil(lambda: rows.topLevelItemCount() == 0, timeout=5000)
    qtbot.waitUntil(lambda: window.sidebar.model.index_of("c1").isValid(), timeout=5000)


def test_second_start_raises_the_first_window(qtbot: QtBot, paths: Paths) -> None:
    first, second = Instance(paths.runtime), Instance(paths.runtime)
    assert first.claim()
    first.listen()
    with qtbot.waitSignal(first.raise_wanted, timeout=5000):
        assert not second.claim()
    first.release()
    assert second.claim()
    second.release()


def test_lock_of_a_killed_window_is_taken_over_at_once(qtbot: QtBot, paths: Paths) -> None:
    code = f"""
import os
from PySide6.QtCore import QCoreApplication, QLockFile
app = QCoreApplication([])
lock = QLockFile({str(paths.runtime / "window.lock")!r})
lock.setStaleLockTime(0)
assert lock.tryLock(0)
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    assert (paths.runtime / "window.lock").exists()
    instance = Instance(paths.runtime)
    began = time.monotonic()
    assert instance.claim()
    assert time.monotonic() - began < 1.0
    instance.release()


def test_lock_whose_holder_does_not_answer_does_not_lock_the_user_out(qtbot: QtBot, paths: Paths) -> None:
    stranger = QLockFile(str(paths.runtime / "window.lock"))
    stranger.setStaleLockTime(0)
    assert stranger.tryLock(0)
    instance = Instance(paths.runtime)
    assert instance.claim()
    instance.release()


def test_window_process_imports_no_engine(paths: Paths) -> None:
    code = """
import sys
sys.argv = ["assistant-app"]
from PySide6.QtCore import QTimer
from assistant_app.ui.main_window import MainWindow
shown = MainWindow.showEvent
def watched(self, event):
    shown(self, event)
    QTimer.singleShot(2500, self.close)
MainWindow.showEvent = watched
from assistant_app.__main__ import main
code = main([])
heavy = {"torch", "transformers", "llama_cpp", "whisper"} & {name.split(".")[0] for name in sys.modules}
print(code, sorted(heavy))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "0 []", done.stderr
