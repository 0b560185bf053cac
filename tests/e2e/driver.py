"""What a test can do with the application as processes of their own, and with a screen."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

START_TIMEOUT_S = 60.0
"""Generous: machines that test are often busy. No test waits this long when all is well."""


def wait_for(what: str, look: Callable[[], T | None], timeout_s: float = START_TIMEOUT_S) -> T:
    """Return the first true value of `look`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if value := look():
            return value
        time.sleep(0.02)
    pytest.fail(f"{what}: not within {timeout_s:.0f} s")


@dataclass
class Application:
    """One profile, and the processes of the application that a test started in it."""

    environment: dict[str, str]
    home: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.home / "data" / "assistant.db"

    def command(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "assistant_app", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT_S * 2,
            check=False,
            **{"stdin": subprocess.DEVNULL, **options},
        )

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start a command, or the window when there are no arguments."""
        process = subprocess.Popen(
            [sys.executable, "-m", "assistant_app", *arguments],
            env=self.environment,
            text=True,
            start_new_session=True,
            # A test run in the background inherits that Ctrl+C is ignored; a terminal's user does not.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )
        self.processes.append(process)
        return process

    def configure(self, **settings: Any) -> None:
        """Write the settings file before the first start."""
        folder = self.home / "config"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")

    def messages(self) -> list[sqlite3.Row]:
        """Return what stands in the database: role, state and parts of every message, oldest first."""
        return self.rows("SELECT role, state, parts FROM message ORDER BY n")

    def texts(self, role: str) -> list[str]:
        """Return the texts of all messages of a role."""
        return [text_of(row) for row in self.messages() if row["role"] == role]

    def rows(self, query: str) -> list[sqlite3.Row]:
        """Read from the database; nothing as long as it is being created."""
        if not self.database.exists():
            return []
        connection = sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True, timeout=10)
        connection.row_factory = sqlite3.Row
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            connection.close()

    def close(self) -> None:
        """End every process that is still there, with its engine."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def text_of(row: sqlite3.Row) -> str:
    """Return the visible text of a stored message."""
    return "".join(part.get("text", "") for part in json.loads(row["parts"]))


@contextmanager
def x_server() -> Iterator[str]:
    """Start an X server in memory with a window manager; yields its DISPLAY."""
    missing = [name for name in ("Xvfb", "openbox", "xdotool", "xprop") if shutil.which(name) is None]
    assert not missing, f"{', '.join(missing)} missing; scripts/setup.sh test installs what the tests need"
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        display = f":{pipe.readline().strip()}"
    environment = {**os.environ, "DISPLAY": display}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    manager = subprocess.Popen(["openbox"], env=environment, **quiet)
    probe = ["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"]
    try:
        wait_for(
            "the window manager",
            lambda: b"window id" in subprocess.run(probe, env=environment, capture_output=True).stdout,
        )
        yield display
    finally:
        for process in (manager, server):
            process.terminate()
            process.wait(10)


class Screen:
    """An X server in memory, and what a person would see and do there."""

    def __init__(self, display: str) -> None:
        self.display = display

    def xdotool(self, *arguments: str) -> str:
        """Run xdotool and return what it printed, empty if it failed (nothing found)."""
        done = subprocess.run(
            ["xdotool", *arguments],
            env={**os.environ, "DISPLAY": self.display},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    def windows(self, process: subprocess.Popen[str]) -> list[str]:
        """Return the identifiers of the windows of a process that can be seen."""
        return self.xdotool("search", "--onlyvisible", "--pid", str(process.pid)).split()

    def wait_for_window(self, process: subprocess.Popen[str]) -> str:
        """Return the identifier of the first window of a process."""

        def look() -> str | None:
            if process.poll() is not None:
                pytest.fail(f"the application ended with {process.returncode}: {process.communicate()[1]}")
            return next(iter(self.windows(process)), None)

        return wait_for("a window", look)

    def active_window(self) -> str:
        """Return the identifier of the window with the keyboard."""
        return self.xdotool("getactivewindow")

    def type(self, window: str, text: str) -> None:
        """Give a window the keyboard and type."""
        self.xdotool("windowactivate", "--sync", window)
        self.xdotool("type", "--delay", "15", text)

    def press(self, key: str) -> None:
        """Press a key, for instance Return or ctrl+n."""
        self.xdotool("key", key)
