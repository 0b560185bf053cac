"""How quick the installed application is, beside the same one from source on the same machine, in turn."""

import json
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clean_system import HOME
from findings import Broken
from installed import InstalledApplication, drop_caches, seconds_to_window

from tests.e2e.driver import Application, Screen
from tests.fixtures.tiny_gguf import make_tiny_gguf

if TYPE_CHECKING:
    from story import Story

STARTS, ANSWERS, TOKENS = 3, 3, 256
MODEL = f"{HOME}/random.gguf"
REPOSITORY = Path(__file__).parents[2]


def start_times(story: "Story", screen: Screen) -> None:
    """How soon the window is there when nothing of it is in memory."""
    if story.quick or not story.first:
        return
    with story.report.check("its start is measured") as check, _from_source(screen) as source:
        installed = InstalledApplication(story.system)
        cold = True
        ours: list[float] = []
        theirs: list[float] = []
        for _round in range(STARTS):
            for application, took in ((installed, ours), (source, theirs)):
                cold = drop_caches() and cold
                took.append(seconds_to_window(screen, application))
        state = "cold" if cold else "warm"
        one, other = statistics.median(ours), statistics.median(theirs)
        story.report.figure(f"window, {state}", one, "s")
        story.report.figure(f"window from source, {state}", other, "s")
        story.report.figure("window, installed against source", one / other, "×", most=1.2)
        story.report.figure("window, warm", min(seconds_to_window(screen, installed) for _ in "ab"), "s")
        check.detail = f"{STARTS} times" if cold else f"{STARTS} times, with what was read kept in memory"


def generation(story: "Story", screen: Screen) -> None:
    """How fast it writes with a model of 35 million random weights: the best of several long answers."""
    if story.quick or not story.first:
        return
    with story.report.check("its writing is measured") as check, _from_source(screen) as source:
        installed = InstalledApplication(story.system)
        model = make_tiny_gguf(
            source.home / "random.gguf",
            n_layer=8,
            n_embd=512,
            n_head=8,
            n_head_kv=8,
            n_ff=1536,
            n_vocab=8000,
            half=True,
        )
        shutil.copyfile(model, story.system.path(MODEL))
        ours: list[float] = []
        theirs: list[float] = []
        for application in (installed, source):
            application.configure(max_tokens=TOKENS)
        for _round in range(ANSWERS):
            for application, path, speeds in ((installed, MODEL, ours), (source, str(model), theirs)):
                done = application.command("ask", "--json", "--seed", "1", "--model", path, "Write for ever.")
                speeds.append(_speed(done.stdout))
        installed.configure(max_tokens=0)
        story.system.path(MODEL).unlink()
        one, other = max(ours), max(theirs)
        story.report.figure("generation", one, "tok/s")
        story.report.figure("generation from source", other, "tok/s")
        story.report.figure("generation, installed against source", one / other, "×", least=0.97)
        check.detail = f"{ANSWERS} answers of {TOKENS} tokens"


def _speed(printed: str) -> float:
    try:
        usage: dict[str, Any] = json.loads(printed)["usage"]
    except (ValueError, LookupError):
        raise Broken(f"The answer is not the JSON that it should be: {printed[:200]!r}") from None
    if usage["generated_tokens"] < TOKENS // 2:
        raise Broken(f"The answer has {usage['generated_tokens']} tokens; that is too short to be measured.")
    return float(usage["tokens_per_s"])


@contextmanager
def _from_source(screen: Screen) -> Iterator[Application]:
    """Yield the application of this very repository, with a fresh profile."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "assistant"
        home.mkdir()
        yield Application(
            {
                "PATH": os.environ["PATH"],
                "HOME": folder,
                "LANG": "C.UTF-8",
                "PYTHONPATH": str(REPOSITORY),
                "ASSISTANT_HOME": str(home),
                "DISPLAY": screen.display,
                "QT_QPA_PLATFORM": "xcb",
            },
            home,
        )
