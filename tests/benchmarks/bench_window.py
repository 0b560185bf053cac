"""How soon the window can be typed into: against a bare one, and with many conversations."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from assistant_app.paths import Paths
from assistant_app.store.store import Store
from tests.benchmarks.table import Row, at_most, percentile
from tests.e2e.driver import x_server
from tests.fixtures.big_store import make_big_store

ROUNDS = 7
QUERIES = ("model", "the answer", "数据库", "模型", "nothing-like-this", "quick brown", "e")


def window() -> Iterator[Row]:
    """(c) Start to composer ready, taking turns with a bare PySide6 window; best of both."""
    with x_server() as display, tempfile.TemporaryDirectory() as home:
        _start("app", home, display)
        ours, bare = [], []
        for _ in range(ROUNDS):
            ours.append(_start("app", home, display)[0])
            bare.append(_start("bare", home, display)[0])
    ratio = min(ours) / min(bare)
    row = at_most(
        "window start vs a bare one", ratio, 2.0, "×", f"best of {ROUNDS}", f"{min(bare) * 1000:.0f} ms"
    )
    yield Row(row.what, f"{min(ours) * 1000:.0f} ms", row.theirs, ratio, row.goal, row.met, row.note)


def many_conversations() -> Iterator[Row]:
    """(h) 100,000 messages in 2,000 conversations: window start against an empty profile; search."""
    with x_server() as display, tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as full:
        paths = Paths.under(Path(full))
        paths.ensure()
        make_big_store(paths)
        for home in (empty, full):
            _start("app", home, display)
        before, after, listed = [], [], []
        for _ in range(ROUNDS):
            before.append(_start("app", empty, display)[0])
            ready, list_ready = _start("app", full, display)
            after.append(ready)
            listed.append(list_ready)
        added = (min(after) - min(before)) * 1000
        note = f"list of conversations shown after {min(listed) * 1000:.0f} ms"
        yield at_most(
            "window start, 100,000 messages: added", added, 150, "ms", note, f"{min(before) * 1000:.0f} ms"
        )
        yield _search(paths)


def _search(paths: Paths) -> Row:
    store = Store.open(paths)
    times = []
    try:
        for _ in range(3):
            for query in QUERIES:
                began = time.perf_counter()
                store.search(query, 50)
                times.append((time.perf_counter() - began) * 1000)
    finally:
        store.close()
    return at_most(
        "search in 100,000 messages, p95",
        percentile(times, 0.95),
        50,
        "ms",
        f"median {percentile(times, 0.5):.1f} ms",
    )


def _start(kind: str, home: str, display: str) -> tuple[float, float]:
    """Return the seconds until the text field is ready, and until the list has rows."""
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "ASSISTANT_HOME": home}
    environment.pop("WAYLAND_DISPLAY", None)
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.window_probe", repr(time.time()), kind],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ready, listed = done.stdout.split()
    return float(ready), float(listed)
