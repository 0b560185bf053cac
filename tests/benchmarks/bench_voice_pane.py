"""How long the window stands still because of voice: while its pane opens, and while events flow."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from tests.benchmarks.table import Row, at_most


def voice_pane() -> Iterator[Row]:
    """(T10) The longest gap of a 5 ms timer: while the pane opens, and in 10 s of talk."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "ASSISTANT_HOME": home}
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.voice_pane_probe"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    idle, opening, talking, cpu = (float(figure) for figure in done.stdout.split())
    yield at_most("GUI gap while the voice pane opens", opening, 50, "ms", f"idle window {idle:.0f} ms")
    yield at_most("GUI gap while talking", talking, 50, "ms", f"{cpu:.0f} % of one core")
