"""A window on a real worker, with a store, an engine and a model of its own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from assistant_app import app as composition
from assistant_app.paths import Paths
from assistant_app.ui.bridge import Bridge
from assistant_app.ui.main_window import MainWindow
from assistant_app.ui.theme import Theme
from assistant_app.worker.service import AssistantService
from tests.fixtures.scripted_voice import ScriptedVoice

OpenWindow = Callable[..., MainWindow]


@pytest.fixture(autouse=True)
def voice(monkeypatch: pytest.MonkeyPatch) -> ScriptedVoice:
    """A scripted voice in every window of the test: no microphone, no engine."""
    scripted = ScriptedVoice()
    monkeypatch.setattr(AssistantService, "voice", property(lambda _service: scripted), raising=False)
    return scripted


@pytest.fixture
def open_window(qtbot: QtBot, qapp: QApplication, paths: Paths, voice: ScriptedVoice) -> Iterator[OpenWindow]:
    """Open windows of the test's profile; each has its own worker and ends with the test."""
    opened: list[tuple[MainWindow, Bridge, Any]] = []

    def close(window: MainWindow, bridge: Bridge, worker: Any) -> None:
        window.close()
        bridge.close()
        assert worker.stop(), "the worker did not end in time"
        window.deleteLater()

    def open_one(*, wait: bool = True, **settings: Any) -> MainWindow:
        for parts in opened:
            close(*parts)
        opened.clear()
        file = composition.prepare(paths)
        if settings:
            file.change(settings)
        worker = composition.build_worker(paths, file)
        bridge = Bridge()
        voice.emit = bridge._post
        theme = Theme(qapp, file.current.theme, file.current.text_size)
        window = MainWindow(bridge, theme, paths)
        window.complete()
        window.logic.take_settings(file.current.model_dump())
        opened.append((window, bridge, worker))
        window.show()
        qtbot.waitExposed(window)
        bridge.attach(worker)
        window.logic.start()
        if wait:
            qtbot.waitUntil(lambda: window.chat.ready and not bridge.busy, timeout=20_000)
        return window

    yield open_one
    for parts in opened:
        close(*parts)


@pytest.fixture
def window(open_window: OpenWindow) -> MainWindow:
    """A window with the pocket model."""
    return open_window()


@pytest.fixture
def endless_window(open_window: OpenWindow, tiny_model: Path) -> MainWindow:
    """A window whose model goes on until it is stopped."""
    return open_window(model_paths=(str(tiny_model),), model=tiny_model.stem, temperature=1.0)
