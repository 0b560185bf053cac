"""The installed application as its user sees it: commands, window, database; and the screen that it is on."""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from clean_system import HOME, UID, CleanSystem
from findings import Broken
from pictures import pictured_when_broken

from tests.e2e.driver import START_TIMEOUT_S, Application, Screen, x_server

TITLE = "Assistant"
PROGRAM = "/usr/bin/assistant-app"
SOCKETS = Path("/tmp/.X11-unix")


class InstalledApplication(Application):
    """The user's profile in a clean system, and the processes of the application started in it."""

    def __init__(self, system: CleanSystem, program: str = PROGRAM) -> None:
        super().__init__(system.environment, system.path(HOME))
        self.system, self.program = system, program

    @property
    def database(self) -> Path:
        return self.home / ".local/share/assistant-app/assistant.db"

    def command(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command to its end. Raises Broken when it fails, unless `check` is False."""
        return self.system.user_runs(self.program, *arguments, **options)

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start a command, or the window when there are no arguments."""
        process = subprocess.Popen(
            self.system.command(self.program, *arguments),
            env=self.system.environment,
            text=True,
            start_new_session=True,
            **{"stdin": subprocess.DEVNULL, "stdout": self.system.log, "stderr": self.system.log, **options},
        )
        self.processes.append(process)
        return process

    def configure(self, **settings: Any) -> None:
        """Change the user's settings file, while the application does not run."""
        file = self.home / ".config/assistant-app/settings.json"
        known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({**known, **settings}), encoding="utf-8")
        for path in (file, file.parent, file.parent.parent):
            os.chown(path, UID, UID)

    def ask(self, question: str, *options: str) -> dict[str, Any]:
        """Ask one question in a terminal; return the answer's values."""
        done = self.command("ask", "--json", *options, question)
        try:
            return dict(json.loads(done.stdout))
        except ValueError:
            raise Broken(f"The answer to “{question}” is not JSON: {done.stdout[:200]!r}") from None

    def quit(self, screen: Screen) -> None:
        """End the window that is open, with the keyboard."""
        process = self.processes[-1]
        screen.press("ctrl+q")
        try:
            code = process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise Broken("The window did not close within 30 s of Ctrl+Q.") from None
        if code:
            raise Broken(f"The window ended with {code} after Ctrl+Q.")


def calculated(answer: dict[str, Any], result: str) -> None:
    """Check that an answer was calculated with the calculator. Raises Broken."""
    names = [call["name"] for call in answer["tool_calls"]]
    if "calculator" not in names:
        raise Broken(f"The calculator was not called; the answer was “{answer['text']}”.")
    if result not in answer["text"]:
        raise Broken(f"The answer should say {result}, and is “{answer['text']}”.")


@contextmanager
def desktop(system: CleanSystem) -> Iterator[Screen]:
    """Give the user a screen with a window manager; both run outside the system."""
    SOCKETS.mkdir(mode=0o1777, exist_ok=True)
    system.share(SOCKETS)
    with x_server() as display:
        system.environment["DISPLAY"] = display
        yield Screen(display)


def wait_for_window(screen: Screen, application: InstalledApplication) -> str:
    """Return the identifier of the application's first window. Raises Broken when its title is another."""
    process = application.processes[-1]
    try:
        window = screen.wait_for_window(process)
    except pytest.fail.Exception:
        if (code := process.poll()) is None:
            raise Broken(f"The window did not appear within {START_TIMEOUT_S:.0f} s.") from None
        raise Broken(f"The window did not appear: the application ended with {code}.") from None
    title = screen.xdotool("getwindowname", window)
    if TITLE not in title:
        raise Broken(f"The window should be called {TITLE}, and is called “{title}”.")
    return window


@contextmanager
def window_of(application: InstalledApplication, screen: Screen, broken: Path) -> Iterator[str]:
    """Open the window, yield its identifier, close it; `broken` becomes a picture of what went wrong."""
    try:
        application.start()
        with pictured_when_broken(screen, broken):
            yield wait_for_window(screen, application)
            application.quit(screen)
    finally:
        application.close()


# --- how soon the window is there
def drop_caches() -> bool:
    """Let this machine forget the files that it has read; return whether it could."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3\n", encoding="ascii")
    except OSError:
        return False
    return True


def seconds_to_window(screen: Screen, application: Application) -> float:
    """Start the window, return the seconds until it is mapped, and end it.

    The window manager's list of windows tells it, which takes no program that would have to be read again.
    """
    command = ["xprop", "-root", "-spy", "_NET_CLIENT_LIST"]
    environment = {**os.environ, "DISPLAY": screen.display}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as spy:
        assert spy.stdout is not None
        try:
            _next_line(spy.stdout.fileno(), spy)
            began = time.monotonic()
            process = application.start()
            while b"0x" not in _next_line(spy.stdout.fileno(), process):
                pass
            took = time.monotonic() - began
        finally:
            spy.kill()
    screen.xdotool("windowactivate", "--sync", screen.wait_for_window(process))
    screen.press("ctrl+q")
    process.wait(START_TIMEOUT_S)
    return took


def _next_line(pipe: int, process: subprocess.Popen[Any]) -> bytes:
    """Return what is written into a pipe next, while a process lives. Raises Broken."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not select.select([pipe], [], [], 0.2)[0]:
        if process.poll() is not None:
            raise Broken(f"The window did not appear: the application ended with {process.returncode}.")
        if time.monotonic() > deadline:
            raise Broken(f"The window did not appear within {START_TIMEOUT_S:.0f} s.")
    return os.read(pipe, 65536)
