"""What a key of the desktop waits for: the command `assistant-app --talk`, from its start to the answer."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QTimer

from assistant_app.paths import Paths
from assistant_app.ui.instance import Instance
from tests.benchmarks.table import Row, at_most, percentile

RUNS = 15
GOAL_MS = 150.0


def talk_command() -> Iterator[Row]:
    """Run the command against a listening instance; CPU time and wall time of the whole process."""
    application = QCoreApplication.instance() or QCoreApplication([])
    wall: list[float] = []
    cpu: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        paths = Paths.under(Path(home))
        paths.ensure()
        instance = Instance(paths.runtime)
        instance.claim()
        instance.listen()
        environment = {**os.environ, "ASSISTANT_HOME": home}
        for run in range(2 * RUNS):
            command = ["-c", "pass"] if run % 2 else ["-m", "assistant_app", "--talk", "toggle"]
            before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            process = subprocess.Popen([sys.executable, *command], env=environment)
            timer = QTimer(interval=1)
            timer.timeout.connect(lambda p=process: application.quit() if p.poll() is not None else None)
            timer.start()
            application.exec()
            timer.stop()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used_ms = 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            if run % 2:
                bare.append(used_ms)
                continue
            assert process.returncode == 0
            wall.append(1000 * (time.monotonic() - began))
            cpu.append(used_ms)
        instance.release()
    note = f"CPU time, median of {RUNS}; of it Python itself {percentile(bare, 0.5):.0f} ms"
    yield at_most("--talk toggle, start to answer, CPU", percentile(cpu, 0.5), GOAL_MS, "ms", note)
    yield at_most("--talk toggle, start to answer, wall", percentile(wall, 0.5), 2 * GOAL_MS, "ms", "median")
