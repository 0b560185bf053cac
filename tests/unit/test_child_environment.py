"""What programs that a frozen one starts get to see, and what a program without streams writes to."""

import os
import subprocess
import sys

import pytest

from assistant_app.child_environment import give_back
from assistant_app.own_program import own_environment

OURS = "/usr/lib/assistant-app/_internal"


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_MEIPASS", OURS, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")


@pytest.mark.usefixtures("frozen")
def test_everything_of_the_freezer_goes_and_what_the_user_had_comes_back() -> None:
    environment = {
        "PATH": "/usr/bin",
        "LD_LIBRARY_PATH": f"{OURS}:/opt/lib",
        "LD_LIBRARY_PATH_ORIG": "/opt/lib",
        "_PYI_ARCHIVE_FILE": "/usr/lib/assistant-app/assistant-app",
        "_PYI_PARENT_PROCESS_LEVEL": "1",
        "_MEIPASS2": OURS,
        "QT_PLUGIN_PATH": f"{OURS}/PySide6/Qt/plugins",
        "QML2_IMPORT_PATH": f"{OURS}/PySide6/Qt/qml",
    }
    give_back(environment)
    assert environment == {"PATH": "/usr/bin", "LD_LIBRARY_PATH": "/opt/lib"}


@pytest.mark.usefixtures("frozen")
def test_who_had_no_library_path_has_none_and_own_plugins_stay() -> None:
    environment = {
        "LD_LIBRARY_PATH": OURS,
        "QT_PLUGIN_PATH": f"{OURS}/plugins{os.pathsep}{OURS}-else/plugins",
    }
    give_back(environment)
    assert environment == {"QT_PLUGIN_PATH": f"{OURS}-else/plugins"}


@pytest.mark.usefixtures("frozen")
def test_a_program_that_is_started_afterwards_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", OURS)
    monkeypatch.setenv("_PYI_ARCHIVE_FILE", "/usr/lib/assistant-app/assistant-app")
    give_back()
    seen = subprocess.run(["env"], capture_output=True, text=True, check=True).stdout
    assert OURS not in seen and "_PYI_" not in seen


def test_from_source_nothing_is_touched() -> None:
    environment = {"LD_LIBRARY_PATH": "/opt/lib", "LD_LIBRARY_PATH_ORIG": "/else", "_PYI_X": "1"}
    before = dict(environment)
    give_back(environment)
    assert environment == before


def test_program_without_a_console_can_print() -> None:
    code = (
        "import os, sys; sys.stdin = sys.stdout = sys.stderr = None; os.close(1);"
        " from assistant_app.__main__ import main; main(['models']); print('printed'); sys.stdout.flush()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=own_environment(), stderr=subprocess.PIPE, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
