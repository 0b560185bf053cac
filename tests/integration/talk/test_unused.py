"""Voice that nobody uses costs nothing: no library, no process, no stream."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import asyncio, json, sys
import psutil
from assistant_app.app import build_service, prepare
from assistant_app.paths import Paths

async def main():
    paths = Paths.default()
    service = build_service(paths, prepare(paths))
    await service.start()
    await service.conversations()
    assert service.voice.talk.state == "idle"
    await service.voice.hush()
    heavy = ["torch", "whisper", "silero_vad", "sounddevice", "soxr", "soundfile", "PySide6"]
    print(json.dumps([
        [name for name in heavy if name in sys.modules],
        [child.cmdline() for child in psutil.Process().children()],
    ]))
    await service.close()

asyncio.run(main())
"""


def test_a_started_service_has_nothing_of_voice(app_environment: dict[str, str], tmp_path: Path) -> None:
    environment = {**app_environment, "ASSISTANT_HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == [[], []]


def test_voice_pane_does_not_wait_for_the_libraries_of_the_worker(app_environment: dict[str, str]) -> None:
    """It can be opened right after the window, while the worker imports pydantic: two threads may not."""
    script = "import sys, assistant_app.ui.voice.pane; print('pydantic' in sys.modules)"
    environment = {**app_environment, "QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=120
    )
    assert (run.stdout.strip(), run.stderr) == ("False", "")
