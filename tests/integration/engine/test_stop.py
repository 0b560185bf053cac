"""Stop in every phase: soon, cleanly, and without a trace in the next answer."""

import threading
import time
from pathlib import Path

import pytest

from assistant_app.core.generation import FinishReason
from assistant_app.core.sampling import Sampling
from assistant_app.engines import protocol
from tests.integration.engine.driver import GREEDY, EngineDriver, percentile

LONG = "the of and to in is you that it he was for on are as with his they at be this have from " * 105
"""About 4,000 tokens."""

LIMIT_S = 0.15
ROUNDS = 6


class _Stopper:
    """Sets the stop byte some time after the n-th message of a kind, as a person would."""

    def __init__(self, engine: EngineDriver, kind: type[object], count: int, delay_s: float) -> None:
        self._engine = engine
        self._kind = kind
        self._left = count
        self._delay_s = delay_s
        self._pressed_at = 0.0

    def __call__(self, message: object) -> None:
        if isinstance(message, self._kind):
            self._left -= 1
            if self._left == 0:
                threading.Timer(self._delay_s, self._press).start()

    def _press(self) -> None:
        self._pressed_at = time.perf_counter()
        self._engine.cancel()

    def seconds(self) -> float:
        """Return the time since the byte was set."""
        assert self._pressed_at
        return time.perf_counter() - self._pressed_at


@pytest.fixture
def slow(engine: EngineDriver, slow_model: Path) -> EngineDriver:
    engine.load(slow_model, n_ctx_tokens=8192)
    return engine


def test_stop_while_reading_and_the_next_answer_equals_a_fresh_one(
    slow: EngineDriver, slow_model: Path
) -> None:
    waits = []
    for number in range(ROUNDS):
        slow.generate(f"Something else {number}")  # what was read is gone, so every round reads
        stopper = _Stopper(slow, protocol.Reading, 1 + number % 3, 0.01 * number)
        answer = slow.generate(LONG, conversation_id="long", on_message=stopper)
        waits.append(stopper.seconds())
        assert answer.done.reason is FinishReason.CANCELLED
        assert answer.text == ""
    after_stops = slow.generate(LONG, conversation_id="long")
    assert after_stops.done.usage.reused_tokens > 500  # what was read before the last stop counts
    assert percentile(waits, 0.5) <= LIMIT_S, waits
    with EngineDriver() as fresh:
        fresh.load(slow_model, n_ctx_tokens=8192)
        assert after_stops.text == fresh.generate(LONG).text


def test_stop_while_writing_keeps_what_was_streamed(slow: EngineDriver) -> None:
    waits = []
    for number in range(ROUNDS):
        stopper = _Stopper(slow, protocol.Delta, 1 + number, 0.003 * number)
        answer = slow.generate("Hello", sampling=Sampling(seed=number), on_message=stopper)
        waits.append(stopper.seconds())
        assert answer.done.reason is FinishReason.CANCELLED
        assert answer.text
        assert answer.done.usage.generated_tokens > 0
    assert percentile(waits, 0.5) <= LIMIT_S, waits


def test_stopped_answer_is_continued_without_reading_it_again(slow: EngineDriver) -> None:
    stopped = slow.generate(
        "Hello",
        conversation_id="a",
        sampling=Sampling(temperature=0),
        on_message=_Stopper(slow, protocol.Delta, 4, 0.0),
    )
    assert stopped.done.reason is FinishReason.CANCELLED
    more = slow.generate("Hello", conversation_id="a", continue_text=stopped.text)
    assert more.evaluated <= 2


def test_stop_while_loading_frees_everything_and_loading_works_again(
    engine: EngineDriver, slow_model: Path
) -> None:
    ends = []
    for round_number in range(6):
        request = engine.send(protocol.Load, str(slow_model), "slow", "Slow", n_threads=1)
        time.sleep(0.004 * round_number)  # spreads the stops over the phases of loading
        begin = time.perf_counter()
        engine.cancel()
        end = engine.wait(
            lambda m, request=request: m.id == request and isinstance(m, protocol.Failed | protocol.Loaded)
        )
        assert time.perf_counter() - begin < 1.0
        engine.stop[0] = 0
        ends.append(end)
    assert any(isinstance(end, protocol.Failed) and end.code == "cancelled" for end in ends)
    assert isinstance(engine.load(slow_model), protocol.Loaded)
    assert engine.generate("Hello", sampling=GREEDY).text


def test_stop_before_the_request_begins_ends_it_at_once(loaded: EngineDriver) -> None:
    loaded.cancel()
    answer = loaded.generate("Hello")
    assert answer.done.reason is FinishReason.CANCELLED
    assert loaded.stop[0] == 0
    assert loaded.generate("Hello").text


def test_late_cancel_of_an_ended_request_does_not_stop_the_next(loaded: EngineDriver) -> None:
    loaded.generate("Hello")
    loaded.connection.send(protocol.Cancel(loaded._last_id))
    assert loaded.generate("Hello").done.reason is FinishReason.LENGTH


def test_cancel_message_alone_stops_too(slow: EngineDriver) -> None:
    def cancel(message: object) -> None:
        if isinstance(message, protocol.Delta):
            slow.connection.send(protocol.Cancel(message.id))

    answer = slow.generate("Hello", sampling=Sampling(seed=1), on_message=cancel)
    assert answer.done.reason is FinishReason.CANCELLED
