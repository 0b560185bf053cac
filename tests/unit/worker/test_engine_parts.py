"""The small parts of the supervisor: states, crash counting, refusals, environment, command."""

import sys
from itertools import product

import pytest

from assistant_app.core.errors import AssistantError, Busy, ModelError
from assistant_app.core.events import EngineState, EngineStateChanged
from assistant_app.engines.protocol import Failed
from assistant_app.worker.engine_crashes import WINDOW_S, CrashLog, CrashReport
from assistant_app.worker.engine_errors import error_of
from assistant_app.worker.engine_process import (
    OutputTail,
    engine_command,
    engine_environment,
    reason_of,
)
from assistant_app.worker.engine_states import TRANSITIONS, EngineStates


def test_every_state_can_be_left_and_reached() -> None:
    assert set(TRANSITIONS) == set(EngineState)
    assert all(TRANSITIONS.values())
    assert set().union(*TRANSITIONS.values()) == set(EngineState)


@pytest.mark.parametrize(("start", "end"), list(product(EngineState, EngineState)))
def test_only_listed_transitions_are_possible(start: EngineState, end: EngineState) -> None:
    said: list[EngineStateChanged] = []
    states = EngineStates(said.append)
    states._state = start
    if start is end:
        states.move(end)
        assert not said
    elif end in TRANSITIONS[start]:
        states.move(end, "model", "sentence")
        assert said == [EngineStateChanged(end, "model", "sentence")]
    else:
        with pytest.raises(ValueError):
            states.move(end)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def report() -> CrashReport:
    return CrashReport("it crashed", "model", -11, "", 0.0)


def test_a_model_is_given_up_after_three_crashes_in_five_minutes_and_forgiven_later() -> None:
    clock = Clock()
    crashes = CrashLog(clock)
    for _ in range(3):
        assert not crashes.given_up("model")
        crashes.add(report(), "model")
        clock.now += 10
    assert crashes.given_up("model")
    assert not crashes.given_up("another")
    clock.now += WINDOW_S
    assert not crashes.given_up("model")


def test_the_first_restart_is_immediate_and_the_next_one_waits() -> None:
    clock = Clock()
    crashes = CrashLog(clock)
    assert crashes.pause_s() == 0
    crashes.add(report(), "model")
    assert crashes.pause_s() == 0
    crashes.add(report(), "model")
    assert crashes.pause_s() > 0
    clock.now += 60
    assert crashes.pause_s() == 0


def test_a_refusal_comes_back_as_the_error_it_was() -> None:
    error = error_of(Failed(1, "model", "{name} is damaged.", {"name": "x.gguf"}, "why"))
    assert isinstance(error, ModelError)
    assert (str(error), error.detail) == ("x.gguf is damaged.", "why")
    assert isinstance(error_of(Failed(1, "busy", "")), Busy)


@pytest.mark.parametrize(
    "failed",
    [
        Failed(1, "model", "{missing} is damaged."),
        Failed(1, "model", "{name.secret}", {"name": "x"}),
        Failed(1, "model", "{", {}),
        Failed(1, "unheard-of", ""),
        Failed(1, "model", "fine", {"detail": "d", "sentence": "s"}),
    ],
)
def test_a_refusal_that_makes_no_sense_is_still_a_sentence(failed: Failed) -> None:
    error = error_of(failed)
    assert isinstance(error, AssistantError)
    assert str(error)


def test_the_environment_has_no_secrets_and_no_way_out() -> None:
    environment = engine_environment(
        {
            "PATH": "/bin",
            "OPENAI_API_KEY": "s",
            "GITHUB_TOKEN": "s",
            "aws_secret_access": "s",
            "DB_PASSWORD": "s",
            "HTTPS_PROXY": "s",
            "http_proxy": "s",
            "GOOGLE_APPLICATION_CREDENTIALS": "s",
            "SSH_AUTH_SOCK": "s",
            "ASSISTANT_HOME": "/home",
            "PYTHONPATH": "/extra",
        }
    )
    assert "s" not in environment.values()
    assert environment["PATH"] == "/bin"
    assert environment["ASSISTANT_HOME"] == "/home"
    assert environment["PYTHONPATH"].endswith("/extra")
    assert environment["GOMP_SPINCOUNT"] == "300"
    assert environment["HF_HUB_OFFLINE"] == "1"


def test_the_command_is_this_program_itself_frozen_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine_command()[1:4] == ["-P", "-m", "assistant_app"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert engine_command() == [sys.executable, "--engine", "language"]


def test_only_the_end_of_the_output_is_kept() -> None:
    tail = OutputTail(limit=10)
    tail.add(b"0123456789")
    tail.add(b"abc\xff")
    assert tail.text() == "456789abc\ufffd"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "by itself"),
        (3, "error 3"),
        (-9, "memory ran out"),
        (-7, "changed or became shorter"),
        (-4, "processor instruction"),
        (-11, "crashed (SIGSEGV)"),
        (-15, "from outside (SIGTERM)"),
        (-63, "63"),
        (255, "error 255"),
        (0xC0000005, "crashed (access violation)"),
        (0xC0000006, "changed or became shorter"),
        (0xC000001D, "processor instruction"),
        (0xC0000017, "memory ran out"),
        (0xC0000420, "crashed (0xC0000420)"),
    ],
)
def test_an_exit_code_becomes_words(code: int, words: str) -> None:
    template, params = reason_of(code)
    assert words in template.format(**params)
