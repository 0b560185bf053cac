"""T12: talk keys on a real X server, with its auto-repeat and its focus."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.driver import Application, Screen, wait_for

HELD_S = "1.5"
"""Longer than the delay of auto-repeat (0.66 s) and some forty repeats."""


class Probe:
    """The window with a voice that tells what it is asked."""

    def __init__(self, desktop: Application, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.talk_probe", *arguments],
            env=desktop.environment,
            text=True,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        desktop.processes.append(self.process)
        self.said: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.said.extend(iter(lambda: self.process.stdout.readline().strip(), ""))  # type: ignore[union-attr]

    def wait(self, *names: str) -> None:
        """Wait until it was asked exactly this."""
        wait_for(" ".join(names), lambda: self.said == ["ready", *names])


@contextmanager
def probe(desktop: Application, screen: Screen, *arguments: str) -> Iterator[Probe]:
    """Start a probe and wait until it has the keyboard."""
    started = Probe(desktop, *arguments)
    window = screen.wait_for_window(started.process)
    screen.xdotool("windowactivate", "--sync", window)
    started.wait()
    yield started
    os.killpg(started.process.pid, signal.SIGKILL)


@pytest.mark.parametrize(("key", "arguments"), [("F8", ()), ("space", ("pane",))])
def test_key_held_with_auto_repeat_is_one_press_and_one_release(
    desktop: Application, screen: Screen, key: str, arguments: tuple[str, ...]
) -> None:
    with probe(desktop, screen, *arguments) as window:
        screen.xdotool("keydown", key, "sleep", HELD_S, "keyup", key)
        window.wait("press", "release")
        screen.xdotool("key", key)
        window.wait("press", "release", "press", "release")


@pytest.mark.parametrize(("key", "arguments"), [("F8", ()), ("space", ("pane",))])
def test_focus_that_moves_away_while_the_key_is_held_ends_it(
    desktop: Application, screen: Screen, key: str, arguments: tuple[str, ...]
) -> None:
    with probe(desktop, screen, *arguments) as window:
        screen.xdotool("keydown", key)
        window.wait("press")
        # The window with the keyboard is now another one, which gets the release.
        other = subprocess.Popen(
            [sys.executable, "-c", OTHER_WINDOW],
            env=desktop.environment,
            start_new_session=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        desktop.processes.append(other)
        screen.xdotool("windowactivate", "--sync", screen.wait_for_window(other))
        window.wait("press", "lost")
        screen.xdotool("keyup", key)
        assert window.said == ["ready", "press", "lost"]


OTHER_WINDOW = """
from PySide6.QtWidgets import QApplication, QLineEdit
app = QApplication([])
window = QLineEdit()
window.show()
window.activateWindow()
app.exec()
"""


def test_quick_presses_all_arrive_in_order(desktop: Application, screen: Screen) -> None:
    with probe(desktop, screen) as window:
        pause = ("sleep", "0.02")
        screen.xdotool("keydown", "F8", *pause, "keyup", "F8", *pause, "keydown", "F8", *pause, "keyup", "F8")
        window.wait("press", "release", "press", "release")


def test_escape_cancels_while_the_key_is_held(desktop: Application, screen: Screen) -> None:
    with probe(desktop, screen, "pane") as window:
        screen.xdotool("keydown", "space")
        window.wait("press")
        screen.press("Escape")
        window.wait("press", "cancel")
        screen.xdotool("keyup", "space")
        screen.press("F8")
        window.wait("press", "cancel", "press", "release")


def test_space_types_while_the_message_box_has_the_keyboard(desktop: Application, screen: Screen) -> None:
    with probe(desktop, screen) as window:
        screen.xdotool("type", "a b")
        screen.press("F8")
        window.wait("press", "release")
        wait_for(
            "the draft", lambda: "a b" in [row["text"] for row in desktop.rows("SELECT text FROM draft")]
        )
