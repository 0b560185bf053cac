"""Reading ahead: what is left to read, and to wait for, once the words of a spoken question are there."""

import statistics
import time
from collections.abc import Iterator

from assistant_app.core.generation import ChatMessage
from assistant_app.core.sampling import Sampling
from assistant_app.engines import protocol as p
from tests.benchmarks import llama_bench
from tests.benchmarks.engine import Engine, Trace, running, words
from tests.benchmarks.table import Row, at_most

TOKENS = 2000
TURNS = 10
QUESTION = "what of all this was said first and by whom"
WRAPPING_TOKENS = 16
"""What may be read besides the words of the question."""
STOP_GOAL_MS = 100.0
ROUNDS = 3
GREEDY = Sampling(temperature=0.0, seed=1)


def talk() -> Iterator[Row]:
    """Release → first token in a 2,000-token conversation, the text being known; and giving way."""
    with running() as engine:
        engine.load(llama_bench.model(), n_ctx=4096)
        engine.generate([ChatMessage("user", "hello")], 1)  # what is only slow once is slow here
        cold = [_first_token(engine, round_number, ahead=False) for round_number in range(ROUNDS)]
        warm = [_first_token(engine, 100 + round_number, ahead=True) for round_number in range(ROUNDS)]
        spoken = engine.count(ChatMessage("user", QUESTION)) - engine.count(ChatMessage("user", ""))
        read = max(trace.usage.evaluated_tokens for trace in warm)
        yield at_most(
            "tokens read after the words of a spoken question",
            read,
            spoken + WRAPPING_TOKENS,
            "tokens",
            f"prompt {warm[0].usage.prompt_tokens}, words {spoken}",
            f"{cold[0].usage.evaluated_tokens} tokens",
        )
        ours, theirs = (statistics.median(_seconds(trace) for trace in each) for each in (warm, cold))
        yield at_most(
            "text → first token, read ahead",
            ours * 1000,
            theirs * 1000 / 4,
            "ms",
            "a quarter of what it takes without",
            f"{theirs * 1000:.0f} ms",
        )
        stops = [_stop(engine, 200 + round_number) for round_number in range(ROUNDS)]
        yield at_most("reading ahead gives way", statistics.median(stops) * 1000, STOP_GOAL_MS, "ms")


def _history(seed: int) -> list[ChatMessage]:
    roles = ("user", "assistant")
    return [
        ChatMessage(roles[turn % 2], words(TOKENS // TURNS, seed=1000 * seed + turn)) for turn in range(TURNS)
    ]


def _first_token(engine: Engine, seed: int, *, ahead: bool) -> Trace:
    history = _history(seed)
    if ahead:
        engine.request(p.Prefill(engine.next_id(), (*history, ChatMessage("user", ""))))
    return engine.generate([*history, ChatMessage("user", QUESTION)], 1, sampling=GREEDY)


def _seconds(trace: Trace) -> float:
    return (trace.deltas[0][0] if trace.deltas else trace.ended_at) - trace.sent_at


def _stop(engine: Engine, seed: int) -> float:
    """Stop a reading in the middle, and return how long it took to come to rest."""
    request = p.Prefill(engine.next_id(), (*_history(seed), ChatMessage("user", "")))
    trace, stopped_at = Trace(time.monotonic()), 0.0
    engine.connection.send(request)
    for reply in engine.follow(request, trace):
        if isinstance(reply, p.Reading) and reply.done_tokens and not stopped_at:
            stopped_at = time.monotonic()
            engine.stop_byte.set()
    engine.stop_byte.clear()
    return trace.ended_at - stopped_at
