"""The whole application is killed while an answer streams: a second of text is lost at most, nothing else."""

import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import psutil
import pytest

from assistant_app.core.conversation import MessageState, Role
from assistant_app.paths import Paths
from assistant_app.store.store import Store
from tests.e2e.driver import Application, Screen, text_of, wait_for

ROUNDS = int(os.environ.get("ASSISTANT_KILL_ROUNDS", "45"))
MOST_LOST_S = 1.0


class Reader(threading.Thread):
    """Notes what a process printed and when."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        super().__init__(daemon=True)
        assert process.stdout is not None
        self._fd = process.stdout.fileno()
        self.pieces: list[tuple[float, bytes]] = []
        self.first = threading.Event()

    def run(self) -> None:
        while piece := os.read(self._fd, 65536):
            self.pieces.append((time.monotonic(), piece))
            self.first.set()
        self.first.set()

    def printed_before(self, moment: float) -> str:
        """Return the text that had arrived by then."""
        text = b"".join(piece for at, piece in self.pieces if at <= moment)
        return text.decode(errors="ignore")


def assert_intact(application: Application) -> None:
    connection = sqlite3.connect(application.database)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()


def kill(process: subprocess.Popen[str]) -> float:
    """Kill a process without a chance to react; return when. Its engine ends by itself."""
    engines = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    moment = time.monotonic()
    process.wait(10)
    _gone, alive = psutil.wait_procs(engines, timeout=10)
    assert not alive, "an engine outlived the application"
    return moment


@pytest.mark.timeout(1200)
def test_at_most_one_second_of_text_is_lost(application: Application, endless_model: Path) -> None:
    moments = random.Random(0)
    for n in range(ROUNDS):
        question = f"Question {n}"
        process = application.start("ask", "--model", str(endless_model), question, stderr=subprocess.DEVNULL)
        reader = Reader(process)
        reader.start()
        assert reader.first.wait(60)
        assert reader.pieces, "the application ended before it answered"
        time.sleep(moments.uniform(0.0, 2.5))
        killed_at = kill(process)
        reader.join(10)

        rows = application.messages()[-2:]
        assert text_of(rows[0]) == question
        kept = text_of(rows[1])
        assert kept.startswith(reader.printed_before(killed_at - MOST_LOST_S)), f"round {n}"
        if n % 10 == 9:
            assert_intact(application)
    assert_intact(application)
    assert len(application.messages()) == 2 * ROUNDS

    # The next start makes every half answer one that can be continued.
    store = Store.open(Paths.under(application.home))
    try:
        for row in store.list_conversations(ROUNDS, 0):
            for message in store.tree(row.id).messages.values():
                if message.role is Role.ASSISTANT:
                    assert message.state is MessageState.INTERRUPTED
    finally:
        store.close()


@pytest.mark.timeout(600)
def test_the_killed_window_comes_back_with_its_text(
    desktop: Application, screen: Screen, endless_model: Path
) -> None:
    desktop.configure(model=str(endless_model), first_run_done=True)
    moments = random.Random(1)
    for n in range(5):
        process = desktop.start()
        window = screen.wait_for_window(process)
        screen.type(window, f"Question {n}")
        screen.press("Return")
        wait_for("the question to be stored", lambda n=n: f"Question {n}" in desktop.texts("user"))
        wait_for(
            "some text", lambda: bool(desktop.texts("assistant")[-1:]) and desktop.texts("assistant")[-1]
        )
        time.sleep(moments.uniform(0.0, 1.5))
        before = desktop.texts("assistant")[-1]
        kill(process)
        assert desktop.texts("assistant")[-1].startswith(before)
        assert_intact(desktop)
    assert desktop.texts("user") == [f"Question {n}" for n in range(5)]
