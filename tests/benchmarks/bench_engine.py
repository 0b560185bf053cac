"""Speed of the engine against llama-bench, beside busy processes, at depth; how soon a stop stops."""

import asyncio
import contextlib
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from assistant_app.core.errors import Cancelled
from assistant_app.core.generation import LoadPlan
from assistant_app.engines import protocol as p
from assistant_app.worker.engine_process import engine_environment
from assistant_app.worker.supervisor import EngineSupervisor
from tests.benchmarks import llama_bench
from tests.benchmarks.engine import Engine, question, running, words
from tests.benchmarks.table import Row, at_least, at_most, percentile

ROUNDS = 3
"""Ours and theirs take turns; of each the best counts, for other work on the machine only ever slows down."""

PROMPT_TOKENS = 1500
ANSWER_TOKENS = 128
STOPS = 20


def speed() -> Iterator[Row]:
    """(a) Reading and writing, same model file, same threads."""
    model = llama_bench.model()
    reading: list[tuple[float, float]] = []
    writing: list[tuple[float, float]] = []
    with running() as engine:
        threads = engine.load(model, n_ctx=4096).info.n_threads
        for n in range(ROUNDS):
            read = engine.generate(question(words(PROMPT_TOKENS, seed=n)), 1)
            size = read.usage.evaluated_tokens
            reading.append((read.prompt_speed, llama_bench.prompt_speed(model, threads=threads, tokens=size)))
            written = engine.generate(question(words(8, seed=100 + n)), ANSWER_TOKENS)
            theirs = llama_bench.generation_speed(model, threads=threads, tokens=ANSWER_TOKENS)
            writing.append((written.generation_speed, theirs))
    note = f"{threads} threads, best of {ROUNDS}"
    yield at_least("prompt evaluation vs llama-bench", *_best(reading), 0.95, "tok/s", note)
    yield at_least("generation vs llama-bench", *_best(writing), 0.95, "tok/s", note)


def _best(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    return max(ours for ours, _theirs in pairs), max(theirs for _ours, theirs in pairs)


def long_answer() -> Iterator[Row]:
    """(g) The last 1,000 tokens of an answer of 8,000 against llama-bench at that depth."""
    model = llama_bench.model()
    with running() as engine:
        threads = engine.load(model, n_ctx=9216).info.n_threads
        trace = engine.generate(question("Write."), 8000)
    tokens = trace.usage.generated_tokens
    characters = len(trace.text)
    # Pieces carry characters, not tokens; over thousands of tokens one is a fixed share of the other.
    boundary = characters * (tokens - 1000) / tokens
    seen = 0
    began_at = trace.read_at
    for at, length in trace.deltas:
        seen += length
        if seen >= boundary:
            began_at = at
            break
    ours = 1000 / (trace.ended_at - began_at)
    theirs = llama_bench.generation_speed(model, threads=threads, tokens=1000, depth=7000)
    yield at_least(
        "tokens 7,000 to 8,000 of an answer", ours, theirs, 0.95, "tok/s", f"{tokens} tokens written"
    )


def busy() -> Iterator[Row]:
    """(e) Beside two busy processes, and what sharing costs when there are none."""
    model = llama_bench.model()
    quiet, shared, greedy = [], [], []
    spinning = {name: value for name, value in engine_environment().items() if name != "GOMP_SPINCOUNT"}
    with running() as ours, running(spinning) as default:
        for engine in (ours, default):
            engine.load(model, n_ctx=2048)
        for n in range(ROUNDS):
            quiet.append(_writing_speed(ours, n))
            greedy.append(_writing_speed(default, n))
            with _two_busy_processes():
                shared.append(_writing_speed(ours, n))
    yield at_least(
        "generation beside two busy processes", max(shared), max(quiet), 0.45, "tok/s", "theirs: quiet"
    )
    yield at_least(
        "generation, quiet", max(quiet), max(greedy), 0.95, "tok/s", "theirs: without GOMP_SPINCOUNT"
    )


def _writing_speed(engine: Engine, seed: int) -> float:
    return engine.generate(question(words(8, seed=seed)), ANSWER_TOKENS).generation_speed


@contextmanager
def _two_busy_processes() -> Iterator[None]:
    loop = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(loop) for _ in range(2)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def stop() -> Iterator[Row]:
    """(f) From the stop button until nothing more appears, and until the engine is idle."""
    yield from _stop_rows("loading", asyncio.run(_stops_while_loading()))
    for name, measure in {"reading a long prompt": _stop_reading, "writing": _stop_writing}.items():
        moments = random.Random(0)
        with running() as engine:
            engine.load(llama_bench.model(), n_ctx=8192)
            yield from _stop_rows(name, [measure(engine, n, moments) for n in range(STOPS)])


def _stop_rows(name: str, stops: list[tuple[float, float]]) -> Iterator[Row]:
    silent, idle = ([second * 1000 for second in column] for column in zip(*stops, strict=True))
    note = f"p95 of {STOPS}, median {percentile(idle, 0.5):.0f} ms"
    yield at_most(f"stop while {name}: silence", percentile(silent, 0.95), 100, "ms", note)
    yield at_most(f"stop while {name}: idle", percentile(idle, 0.95), 150, "ms", note)


async def _stops_while_loading() -> list[tuple[float, float]]:
    """Stop loads through the supervisor: it ends a process that cannot be interrupted."""
    moments = random.Random(0)
    supervisor = EngineSupervisor(lambda _event: None)
    plan = LoadPlan("bench", "bench", str(llama_bench.model()), n_ctx_tokens=8192)
    stops = []
    try:
        # The first time includes what is done once per file; the second tells how long one takes.
        for _ in range(2):
            began = time.monotonic()
            await supervisor.load(plan, lambda _fraction: None)
            load_s = time.monotonic() - began
        for _ in range(STOPS):
            stops.append(await _stopped_load(supervisor, plan, moments.uniform(0.0, load_s * 0.9)))
    finally:
        await supervisor.stop()
    return stops


async def _stopped_load(supervisor: EngineSupervisor, plan: LoadPlan, after_s: float) -> tuple[float, float]:
    await supervisor.start()
    heard_at = 0.0

    def hear(_fraction: float) -> None:
        nonlocal heard_at
        heard_at = time.monotonic()

    loading = asyncio.create_task(supervisor.load(plan, hear))
    await asyncio.sleep(after_s)
    stopped_at = time.monotonic()
    await supervisor.cancel()
    with contextlib.suppress(Cancelled):
        await loading
    return max(0.0, heard_at - stopped_at), time.monotonic() - stopped_at


def _stop_reading(engine: Engine, n: int, moments: random.Random) -> tuple[float, float]:
    request = engine.generation(question(words(4000, seed=n)), 16)
    return _stopped(engine, request, after_s=moments.uniform(0.2, 2.0))


def _stop_writing(engine: Engine, n: int, moments: random.Random) -> tuple[float, float]:
    request = engine.generation(question(words(8, seed=n)), 4000)
    return _stopped(engine, request, after_s=moments.uniform(0.3, 1.5))


def _stopped(engine: Engine, request: p.Request, after_s: float) -> tuple[float, float]:
    """Send a request, stop it after a while, return seconds until the last sign of work and until the end."""
    stopped_at = 0.0

    def stop_it() -> None:
        nonlocal stopped_at
        stopped_at = time.monotonic()
        engine.stop_byte.set()
        engine.connection.send(p.Cancel(request.id))

    timer = threading.Timer(after_s, stop_it)
    timer.start()
    trace = engine.request(request)
    timer.join()
    engine.stop_byte.clear()
    if trace.ended_at <= stopped_at:
        # It had ended by itself just before; that says nothing, and is as good as at once.
        return 0.0, 0.0
    return max(0.0, trace.heard_at - stopped_at), trace.ended_at - stopped_at
