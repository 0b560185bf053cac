"""How quick the installed application is, beside the same one from source on the same machine, in turn."""

import json
import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from findings import Broken
from installed import InstalledApplication, drop_caches, seconds_to_window

from tests.e2e.driver import Application, Screen

if TYPE_CHECKING:
    from story import Story

STARTS, ANSWERS = 3, 5
QUESTION = "What can you do?"
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
    """How fast it writes: the best of several answers."""
    if story.quick or not story.first:
        return
    with story.report.check("its writing is measured") as check, _from_source(screen) as source:
        installed = InstalledApplication(story.system)
        ours: list[float] = []
        theirs: list[float] = []
        for _round in range(ANSWERS):
            for application, speeds in ((installed, ours), (source, theirs)):
                done = application.command("ask", "--json", "--temperature", "0", QUESTION)
                speeds.append(_speed(done.stdout))
        one, other = max(ours), max(theirs)
        story.report.figure("generation", one, "tok/s")
        story.report.figure("generation from source", other, "tok/s")
        story.report.figure("generation, installed against source", one / other, "×", least=0.97)
        check.detail = f"{ANSWERS} answers"


def _speed(printed: str) -> float:
    try:
        answer: dict[str, Any] = json.loads(printed)
    except ValueError:
        raise Broken(f"The answer to “{QUESTION}” is not JSON: {printed[:200]!r}") from None
    return float(answer["usage"]["tokens_per_s"])


@contextmanager
def _from_source(screen: Screen) -> Iterator[Application]:
    """Yield the application of this very repository, with a fresh profile."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        yield Application(
            {
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "LANG": "C.UTF-8",
                "PYTHONPATH": str(REPOSITORY),
                "ASSISTANT_HOME": str(home / "assistant"),
                "DISPLAY": screen.display,
                "QT_QPA_PLATFORM": "xcb",
            },
            home,
        )
