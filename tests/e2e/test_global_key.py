"""T13: talking from another program, with real processes: by command, by the portal, by the keyboard."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from assistant_app.speech.hotkeys.pynput_keys import PynputHotkey
from tests.e2e.driver import Application, Screen, wait_for
from tests.e2e.test_talk_keys import HELD_S, OTHER_WINDOW, Probe, probe
from tests.fixtures.session_bus import WAIT_S, MockPortal, session_bus


def test_commands_reach_the_running_window(desktop: Application, screen: Screen) -> None:
    with probe(desktop, screen) as window:
        for verb in ("toggle", "start", "stop"):
            done = desktop.command("--talk", verb)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        window.wait("toggle", "start", "finish")


def test_window_is_opened_by_the_command_and_listens(desktop: Application, screen: Screen) -> None:
    opened = Probe(desktop, "talk")
    wait_for("the command's wish", lambda: sorted(opened.said) == ["ready", "start"])
    # A second command finds the first one's window and ends.
    assert desktop.command("--talk", "start").returncode == 0
    wait_for("the second wish", lambda: sorted(opened.said) == ["ready", "start", "start"])
    os.killpg(opened.process.pid, signal.SIGKILL)


def test_commands_given_while_the_window_opens_are_obeyed(desktop: Application, screen: Screen) -> None:
    opened = Probe(desktop)
    wait_for("the lock", (desktop.home / "data" / "run" / "window.lock").exists)
    assert desktop.command("--talk", "start").returncode == 0
    wait_for("the wish", lambda: "start" in opened.said)
    assert len([p for p in desktop.processes if p.poll() is None]) == 1
    os.killpg(opened.process.pid, signal.SIGKILL)


def test_stopping_what_is_not_open_says_so(application: Application) -> None:
    done = application.command("--talk", "stop")
    assert done.returncode == 1
    assert done.stderr == "Assistant is not open, so it is not listening; nothing was stopped.\n"


def test_unknown_verbs_are_wrong_usage(application: Application) -> None:
    done = application.command("--talk", "sing")
    assert done.returncode == 2 and "--talk" in done.stderr


def test_window_that_does_not_answer_is_said(application: Application) -> None:
    """The window hangs: it is there, so no second one is opened, and the key does not wait for ever."""
    runtime = application.home / "data" / "run"
    runtime.mkdir(parents=True)
    code = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen();"
        " print('up', flush=True); sys.stdin.read()"
    )
    hanging = subprocess.Popen(
        [sys.executable, "-c", code, str(runtime / "window.socket")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert hanging.stdout is not None and hanging.stdout.readline() == "up\n"
    done = application.command("--talk", "toggle")
    hanging.communicate()
    assert done.returncode == 1
    assert "does not answer" in done.stderr


def test_the_command_costs_no_window_and_no_settings(application: Application) -> None:
    code = (
        "import sys; from assistant_app.__main__ import main; main(['--talk', 'stop']);"
        "print(sorted({'PySide6', 'pydantic', 'numpy', 'argparse', 'asyncio'} & set(sys.modules)))"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], env=application.environment, capture_output=True, text=True, check=True
    )
    print(f"--talk stop: {1000 * (time.monotonic() - began):.0f} ms")
    assert done.stdout == "[]\n"


async def test_key_held_with_auto_repeat_is_seen_once(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", screen.display)
    told: asyncio.Queue[str] = asyncio.Queue()
    hotkey = PynputHotkey()
    await hotkey.start(
        "Ctrl+Alt+Space",
        lambda _at: told.put_nowait("press"),
        lambda _at: told.put_nowait("release"),
        lambda _error: told.put_nowait("lost"),
    )
    from pynput.keyboard import Key, Listener

    repeats: list[object] = []
    with Listener(on_press=lambda key: repeats.append(key) if key == Key.space else None) as all_keys:
        all_keys.wait()
        keys = ("ctrl", "alt", "space")
        down = [word for key in keys for word in ("keydown", key)]
        up = [word for key in reversed(keys) for word in ("keyup", key)]
        await asyncio.to_thread(screen.xdotool, *down, "sleep", HELD_S, *up)
        assert [await asyncio.wait_for(told.get(), WAIT_S) for _ in range(2)] == ["press", "release"]
        await asyncio.to_thread(screen.xdotool, "key", "space")
        await asyncio.to_thread(screen.xdotool, *down, *up)
        assert [await asyncio.wait_for(told.get(), WAIT_S) for _ in range(2)] == ["press", "release"]
    assert len(repeats) > 10, "the server did not repeat the key, so this proves nothing"
    assert told.empty()
    await hotkey.stop()


def test_portal_of_the_desktop_drives_the_real_window(desktop: Application, screen: Screen) -> None:
    with session_bus() as address:
        portal = MockPortal(address)
        desktop.environment["DBUS_SESSION_BUS_ADDRESS"] = address
        desktop.configure(global_hotkey="Ctrl+Alt+Space")
        screen.wait_for_window(desktop.start())
        session = portal.bound.get(timeout=60)
        assert portal.methods()[0] == "Register"
        portal.press(session)
        portal.release(session)
        _wait_for_recording(desktop)


def test_keyboard_is_watched_while_another_program_has_it(desktop: Application, screen: Screen) -> None:
    desktop.configure(global_hotkey="F9")
    screen.wait_for_window(desktop.start())
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER_WINDOW], env=desktop.environment, start_new_session=True, text=True
    )
    desktop.processes.append(other)
    window = screen.wait_for_window(other)
    screen.xdotool("windowactivate", "--sync", window)
    stop = threading.Event()

    def press() -> None:
        while not stop.wait(0.5):  # until the key is listened to
            screen.xdotool("key", "F9")

    pressing = threading.Thread(target=press)
    pressing.start()
    try:
        _wait_for_recording(desktop)
        assert screen.active_window() == window, "the window stays where it is"
    finally:
        stop.set()
        pressing.join()


def _wait_for_recording(desktop: Application) -> None:
    """Nothing can be recorded here, for there is no speech model; that it was tried stands in the log."""

    def tried() -> bool:
        logs: list[Path] = list((desktop.home / "data").rglob("*.log")) + list(desktop.home.rglob("*.log"))
        return any("nothing was recorded" in log.read_text("utf-8") for log in logs)

    wait_for("a recording", tried)
