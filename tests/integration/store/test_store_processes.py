"""Killed writers lose nothing that was acknowledged; processes side by side respect each other."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assistant_app.core.conversation import MessageState
from assistant_app.paths import Paths
from assistant_app.store import schema
from assistant_app.store.store import Store

ROOT = Path(__file__).resolve().parents[3]
KILLS = 50


def start(program: str, home: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.fixtures.store_process", program, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
def test_killed_fifty_times_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    home = tmp_path / "home"
    chance = random.Random(7)
    final: set[str] = set()
    partial: dict[str, int] = {}
    for _ in range(KILLS):
        with start("write", home) as process:
            assert process.stdout is not None
            if chance.random() < 0.3:
                # At any moment, the opening and its recovery among them: whichever it hits must do.
                time.sleep(chance.uniform(0.1, 0.5))
            else:
                for _ in range(chance.randint(1, 40)):
                    _acknowledge(process.stdout.readline(), final, partial)
            process.send_signal(signal.SIGKILL)
            for line in process.stdout:  # what was acknowledged between the last reading and the kill
                if line.endswith("\n"):
                    _acknowledge(line, final, partial)
    store = Store.open(Paths.under(home))
    try:
        assert {notice.code for notice in store.notices} <= {"store-interrupted"}
        with store._db.read() as connection:
            assert schema.damage(connection) == ""
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        found = {
            m.id: m for row in store.list_conversations(1000) for m in store.tree(row.id).messages.values()
        }
        assert len(final) > KILLS
        assert final <= {message_id for message_id, m in found.items() if m.state is MessageState.DONE}
        assert all(len(found[message_id].text) >= length for message_id, length in partial.items())
        assert not any(m.state is MessageState.STREAMING for m in found.values())
        assert any(m.state is MessageState.INTERRUPTED for m in found.values())
        assert len(store.search("问题", limit=1000)) == len({m.conversation_id for m in found.values()})
        assert store.maintain() == []
    finally:
        store.close()


def _acknowledge(line: str, final: set[str], partial: dict[str, int]) -> None:
    kind, identifier, *rest = line.split()
    if kind == "M":
        final.add(identifier)
    elif kind == "S":
        partial[identifier] = int(rest[0])


def test_an_answer_that_another_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with start("hold", home) as process:
        assert process.stdout is not None
        answer_id = process.stdout.readline().strip()
        store = Store.open(Paths.under(home))
        try:
            assert store.notices == []
            assert store.message(answer_id).state is MessageState.STREAMING
            assert store.maintain() == []
            assert store.message(answer_id).state is MessageState.STREAMING
            process.kill()
            process.wait()
            assert [notice.code for notice in store.maintain()] == ["store-interrupted"]
            assert store.message(answer_id).state is MessageState.INTERRUPTED
        finally:
            store.close()


def test_processes_that_start_together_create_one_database_and_all_write(tmp_path: Path) -> None:
    home = tmp_path / "home"
    processes = [start("add", home) for _ in range(3)]
    assert [p.wait(timeout=100) for p in processes] == [0, 0, 0]
    for process in processes:
        process.communicate()
    store = Store.open(Paths.under(home))
    try:
        assert len(store.list_conversations(1000)) == 150
        assert len(store.search("hello", limit=1000)) == 150
    finally:
        store.close()
    assert [path.name for path in (home / "data" / "run").glob("*.session")] == []
