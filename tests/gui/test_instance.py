"""What later starts may say to the window that is open, and who may say it."""

import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from assistant_app.core.app_links import MAX_LINK_CHARACTERS
from assistant_app.instance_line import (
    DONE,
    MAX_LINE_BYTES,
    RAISE,
    UNKNOWN,
    NobodyAnswers,
    address,
    link_line,
    talk_line,
    tell,
)
from assistant_app.paths import Paths
from assistant_app.ui.instance import Instance

WAIT_S = 30.0


class Caller(threading.Thread):
    """A later start, beside the window's event loop."""

    def __init__(self, runtime: Path, line: str) -> None:
        super().__init__(daemon=True)
        self._runtime, self._line = runtime, line
        self.answer = ""
        self.start()

    def run(self) -> None:
        try:
            self.answer = tell(self._runtime, self._line, WAIT_S)
        except NobodyAnswers:
            self.answer = "nobody"


@pytest.fixture
def instance(qtbot: QtBot, paths: Paths) -> Iterator[Instance]:
    made = Instance(paths.runtime)
    assert made.claim()
    made.listen()
    yield made
    made.release()


def said(qtbot: QtBot, paths: Paths, line: str) -> str:
    caller = Caller(paths.runtime, line)
    qtbot.waitUntil(lambda: caller.answer != "", timeout=int(1000 * WAIT_S))
    return caller.answer


def test_each_line_is_obeyed_and_answered(qtbot: QtBot, paths: Paths, instance: Instance) -> None:
    wanted: list[str] = []
    instance.talk_wanted.connect(wanted.append)
    instance.raise_wanted.connect(lambda: wanted.append("raise"))
    for line in (RAISE, talk_line("toggle"), talk_line("start"), talk_line("stop")):
        assert said(qtbot, paths, line) == DONE
    assert wanted == ["raise", "toggle", "start", "stop"]


def test_unknown_and_endless_lines_change_nothing(qtbot: QtBot, paths: Paths, instance: Instance) -> None:
    wanted: list[str] = []
    instance.talk_wanted.connect(wanted.append)
    instance.raise_wanted.connect(lambda: wanted.append("raise"))
    for line in ("talk", "talk sing", "quit", "", "talk toggle; raise"):
        assert said(qtbot, paths, line) == UNKNOWN
    assert said(qtbot, paths, "x" * 2 * MAX_LINE_BYTES) == "nobody"
    assert said(qtbot, paths, RAISE) == DONE
    assert wanted == ["raise"]


def test_link_arrives_as_one_line_whatever_stands_in_it(
    qtbot: QtBot, paths: Paths, instance: Instance
) -> None:
    wanted: list[str] = []
    instance.link_wanted.connect(wanted.append)
    instance.talk_wanted.connect(wanted.append)
    instance.raise_wanted.connect(lambda: wanted.append("raise"))
    longest = "assistant-app:ask?text=" + "😀" * MAX_LINK_CHARACTERS
    split = "assistant-app:ask?text=a\nraise\r\ntalk start\u2028b\udcff"
    for link in ("assistant-app:open", split, longest[:MAX_LINK_CHARACTERS]):
        assert said(qtbot, paths, link_line(link)) == DONE
    assert wanted == [
        "assistant-app:open",
        "assistant-app:ask?text=a raise talk start b?",
        longest[:MAX_LINK_CHARACTERS],
    ]


def test_only_the_owner_may_connect(paths: Paths, instance: Instance) -> None:
    place = Path(address(paths.runtime))
    assert place.parent == paths.runtime, "in the profile's own folder"
    assert stat.S_IMODE(paths.runtime.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.stat().st_mode) & 0o077 == 0
    assert place.stat().st_uid == os.getuid()


def test_socket_of_a_killed_window_is_replaced(qtbot: QtBot, paths: Paths) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(address(paths.runtime))
    with pytest.raises(NobodyAnswers):
        tell(paths.runtime, RAISE, WAIT_S)
    instance = Instance(paths.runtime)
    assert instance.claim()
    instance.listen()
    assert said(qtbot, paths, RAISE) == DONE
    instance.release()


def test_deep_profile_has_an_address_that_the_system_takes(tmp_path: Path) -> None:
    assert len(os.fsencode(address(tmp_path / ("deep" * 40)))) < 104
