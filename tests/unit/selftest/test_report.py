"""One check of the self-test: whatever its subject does, there is a line that says so."""

import json
import threading

import pytest

from assistant_app.core.errors import ModelError
from assistant_app.selftest.report import THREADS, CheckFailed, Outcome, carry_out, tell


def test_what_was_found_is_told() -> None:
    outcome = carry_out("search", lambda: "SQLite 3.40")
    assert (outcome.check, outcome.ok, outcome.detail) == ("search", True, "SQLite 3.40")
    assert outcome.seconds >= 0


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (CheckFailed("there is no catalogue"), "there is no catalogue"),
        (ModelError("{name} is damaged.", name="a.gguf", detail="bad magic"), "a.gguf is damaged. bad magic"),
        (ZeroDivisionError("by zero"), "ZeroDivisionError('by zero') in "),
    ],
)
def test_every_kind_of_failure_is_told_and_raises_nothing(failure: Exception, says: str) -> None:
    def check() -> str:
        raise failure

    outcome = carry_out("model", check)
    assert not outcome.ok and outcome.detail.startswith(says)


def test_check_that_hangs_is_left_behind() -> None:
    free = threading.Event()
    outcome = carry_out("audio", lambda: str(free.wait()), limit_s=0.05)
    left = [thread for thread in threading.enumerate() if thread.name == f"{THREADS}audio"]
    free.set()
    left[0].join()
    assert (outcome.ok, outcome.detail) == (False, "no end within 0.05 s")


def test_line_is_one_object_in_the_words_of_every_language(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Outcome("translations", True, "出了点问题\n", 0.5))
    (line,) = capsys.readouterr().out.splitlines()
    assert "出了点问题" in line
    assert json.loads(line) == {
        "check": "translations",
        "ok": True,
        "detail": "出了点问题\n",
        "seconds": 0.5,
    }
