"""The local backend over the rough engine: what it does around a request."""

import asyncio
import os
import signal
from contextlib import aclosing

import pytest

from assistant_app.backends.local import LocalBackend
from assistant_app.core.errors import Cancelled, ModelError, NotFound
from assistant_app.core.events import EngineState
from assistant_app.core.generation import ChatMessage, Delta, Finished, FinishReason, LoadPlan, LoadProgress
from tests.integration.supervisor.conftest import Bench, StartBench, ask, plan


class Models:
    """Every name is a model of that path."""

    def plan(self, wanted: str) -> LoadPlan:
        if wanted == "nothing":
            raise NotFound()
        return plan(wanted)


class BackendBench:
    def __init__(self, bench: Bench) -> None:
        self.progress: list[LoadProgress] = []
        self.loading = asyncio.Event()
        self.engine = bench.supervisor
        self.states = bench.states
        self.backend = LocalBackend(bench.supervisor, Models(), self.note)

    def note(self, progress: LoadProgress) -> None:
        self.progress.append(progress)
        if progress.fraction >= 0.5:
            self.loading.set()


async def last_of(backend: LocalBackend, order: str) -> Finished:
    async with aclosing(backend.generate(ask(order))) as events:
        async for event in events:
            last = event
    assert isinstance(last, Finished)
    return last


async def test_loading_tells_how_far_it_is(start_bench: StartBench) -> None:
    bench = BackendBench(start_bench())
    assert (await bench.backend.load("model")).id == "model"
    assert bench.progress[0] == LoadProgress("Model", 0.0)
    assert bench.progress[-1] == LoadProgress("Model", 0.9)


async def test_a_request_before_any_model_says_so(start_bench: StartBench) -> None:
    bench = BackendBench(start_bench())
    with pytest.raises(ModelError):
        await last_of(bench.backend, "hello")


async def test_an_unknown_model_leaves_the_one_in_use(start_bench: StartBench) -> None:
    bench = BackendBench(start_bench())
    await bench.backend.load("model")
    with pytest.raises(NotFound):
        await bench.backend.load("nothing")
    assert (await last_of(bench.backend, "hello")).reason is FinishReason.END


async def test_requests_at_once_queue_up(start_bench: StartBench) -> None:
    bench = BackendBench(start_bench())
    await bench.backend.load("model")
    message = ChatMessage("user", "four")
    finished, counted, rendered, vectors = await asyncio.gather(
        last_of(bench.backend, "hello"),
        bench.backend.count_tokens([message]),
        bench.backend.render([message]),
        bench.backend.embed(["a", "b"]),
    )
    assert finished.reason is FinishReason.END
    assert counted == [4]
    assert rendered.text == "four"
    assert vectors == [(1.0, 0.0), (1.0, 0.0)]


async def test_stop_while_a_dead_engine_is_loaded_again_ends_the_answer_as_stopped(
    start_bench: StartBench,
) -> None:
    bench = BackendBench(start_bench())
    loading = asyncio.create_task(bench.backend.load("slow"))
    await bench.loading.wait()
    assert bench.engine.pid is not None
    await bench.backend.cancel()
    with pytest.raises(Cancelled):
        await loading
    os.kill(bench.engine.pid, signal.SIGKILL)
    while bench.engine.state is not EngineState.CRASHED:
        await asyncio.sleep(0.01)
    bench.loading.clear()
    answering = asyncio.create_task(last_of(bench.backend, "hello"))
    await bench.loading.wait()
    await bench.backend.cancel()
    assert (await answering).reason is FinishReason.CANCELLED


async def test_closing_an_answer_stops_it_and_the_next_request_is_served(start_bench: StartBench) -> None:
    bench = BackendBench(start_bench())
    await bench.backend.load("model")
    async with aclosing(bench.backend.generate(ask("write"))) as events:
        async for event in events:
            if isinstance(event, Delta):
                break
    assert bench.engine.state is EngineState.READY
    assert await bench.backend.count_tokens([ChatMessage("user", "abc")]) == [3]


async def test_another_model_replaces_the_answer_and_a_load_of_the_same_waits(
    start_bench: StartBench,
) -> None:
    bench = BackendBench(start_bench())
    await bench.backend.load("model")
    writing = asyncio.Event()

    async def consume() -> FinishReason:
        async for event in bench.backend.generate(ask("write")):
            if isinstance(event, Delta):
                writing.set()
        assert isinstance(event, Finished)
        return event.reason

    answering = asyncio.create_task(consume())
    await writing.wait()
    same = asyncio.create_task(bench.backend.load("model"))
    done, _ = await asyncio.wait({same, answering}, timeout=0.2)
    assert not done
    assert (await bench.backend.load("other")).id == "other"
    assert await answering is FinishReason.CANCELLED
    await same
