import asyncio
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

import psutil
import pytest

from assistant_app.core.errors import AssistantError, Cancelled, EngineStopped, ModelError
from assistant_app.core.events import EngineState, EngineStateChanged
from assistant_app.core.generation import Delta, Finished, FinishReason
from assistant_app.worker.engine_life import Limits
from tests.integration.supervisor.conftest import HASTY, Bench, StartBench, answer, ask, plan

S = EngineState


async def test_an_answer_arrives_and_the_states_are_told_in_order(start_bench: StartBench) -> None:
    bench = start_bench()
    seen: list[float] = []
    info = await bench.supervisor.load(plan("model"), seen.append)
    text, finished = await answer(bench.supervisor, "hello")
    await bench.supervisor.stop()
    assert info.name == "Model"
    assert seen == [tenth / 10 for tenth in range(10)]
    assert text == "word0 word1 word2 "
    assert finished.reason is FinishReason.END
    assert finished.usage.generated_tokens == 3
    assert bench.states == [S.STARTING, S.IDLE, S.LOADING, S.READY, S.BUSY, S.READY, S.STOPPED]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("kill", "memory ran out"),
        ("abort", "SIGABRT"),
        ("segfault", "SIGSEGV"),
        ("bus", "file changed"),
        ("exit", "error 7"),
        ("close", "broke the connection"),
        ("nonsense", "makes no sense"),
        ("endless frame", "makes no sense"),
        ("hang", "stopped answering"),
    ],
)
async def test_a_death_is_one_plain_sentence_and_the_next_request_works(
    start_bench: StartBench, order: str, words: str
) -> None:
    bench = start_bench(HASTY)
    await bench.load()
    with pytest.raises(EngineStopped) as stopped:
        await answer(bench.supervisor, order)
    assert words in str(stopped.value)
    assert "your text is kept" in str(stopped.value)
    assert bench.states[-1] is S.CRASHED
    said = bench.events[-1]
    assert isinstance(said, EngineStateChanged) and said.sentence == str(stopped.value)
    assert bench.supervisor.loaded is None
    await bench.load()
    assert (await answer(bench.supervisor, "hello"))[1].reason is FinishReason.END


@pytest.mark.parametrize("order", ["kill", "abort", "exit", "close"])
async def test_a_death_while_loading_is_told_to_whoever_waits(start_bench: StartBench, order: str) -> None:
    bench = start_bench(HASTY)
    with pytest.raises(EngineStopped):
        await bench.load(order)
    assert bench.states[-2:] == [S.LOADING, S.CRASHED]


async def test_what_was_streamed_before_the_death_arrives_first(start_bench: StartBench) -> None:
    bench = start_bench()
    await bench.load()
    text = ""
    with pytest.raises(EngineStopped):
        async for event in bench.supervisor.generate(ask("die later")):
            text += event.text if isinstance(event, Delta) else ""
    assert text == "word0 word1 word2 word3 word4 "


async def test_a_flood_of_output_neither_blocks_nor_grows(start_bench: StartBench) -> None:
    bench = start_bench()
    await bench.load()
    with pytest.raises(EngineStopped):
        await answer(bench.supervisor, "flood")
    report = bench.supervisor.last_crash
    assert report is not None
    assert "the end of the flood" in report.output
    assert len(report.output) <= 64 << 10
    assert report.exit_code == -signal.SIGABRT


async def test_an_engine_that_cannot_start_says_so(start_bench: StartBench) -> None:
    bench = start_bench(ROUGH_START="exit")
    with pytest.raises(EngineStopped) as stopped:
        await bench.load()
    assert "error 3" in str(stopped.value)
    assert bench.supervisor.last_crash is not None
    assert "libllama.so" in bench.supervisor.last_crash.output


async def test_a_refused_model_keeps_the_engine(start_bench: StartBench) -> None:
    bench = start_bench()
    with pytest.raises(ModelError, match=r"x\.gguf is damaged"):
        await bench.load("refused")
    pid = bench.supervisor.pid
    await bench.load()
    assert bench.supervisor.pid == pid
    assert S.CRASHED not in bench.states


async def test_three_crashes_with_one_model_give_it_up_but_not_another(start_bench: StartBench) -> None:
    bench = start_bench()
    for _ in range(3):
        with pytest.raises(EngineStopped):
            await bench.load("abort")
    assert bench.states[-1] is S.GIVEN_UP
    said = bench.events[-1]
    assert isinstance(said, EngineStateChanged) and "smaller model" in said.sentence
    with pytest.raises(EngineStopped, match="smaller"):
        await bench.load("abort")
    assert bench.supervisor.pid is None
    await bench.load("model")
    assert bench.supervisor.state is S.READY


async def test_stop_while_writing_ends_the_answer_as_stopped(start_bench: StartBench) -> None:
    bench = start_bench()
    await bench.load()
    async with aclosing(bench.supervisor.generate(ask("write"))) as events:
        async for event in events:
            if isinstance(event, Delta):
                await bench.supervisor.cancel()
            last = event
    assert isinstance(last, Finished) and last.reason is FinishReason.CANCELLED
    assert last.usage.generated_tokens > 0
    # Nothing of the stop is left for the next answer.
    assert (await answer(bench.supervisor, "hello"))[1].reason is FinishReason.END


async def test_closing_the_stream_stops_the_engine(start_bench: StartBench) -> None:
    bench = start_bench()
    await bench.load()
    stream = bench.supervisor.generate(ask("write"))
    async for event in stream:
        if isinstance(event, Delta):
            break
    await stream.aclose()
    assert bench.supervisor.state is S.READY
    assert (await answer(bench.supervisor, "hello"))[0] == "word0 word1 word2 "


async def test_a_cancelled_task_stops_the_engine(start_bench: StartBench) -> None:
    bench = start_bench()
    await bench.load()
    writing = asyncio.Event()

    async def consume() -> None:
        async for event in bench.supervisor.generate(ask("write")):
            if isinstance(event, Delta):
                writing.set()

    task = asyncio.create_task(consume())
    await writing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await answer(bench.supervisor, "hello"))[1].reason is FinishReason.END


async def test_stop_while_loading(start_bench: StartBench) -> None:
    bench = start_bench()
    halfway = asyncio.Event()

    def progress(fraction: float) -> None:
        if fraction >= 0.5:
            halfway.set()

    loading = asyncio.create_task(bench.supervisor.load(plan("slow"), progress))
    await halfway.wait()
    await bench.supervisor.cancel()
    with pytest.raises(Cancelled):
        await loading
    # On a slow machine it is killed before it answers.
    assert bench.supervisor.state in (S.IDLE, S.STOPPED)


async def test_a_load_that_cannot_be_interrupted_ends_with_its_process(start_bench: StartBench) -> None:
    bench = start_bench()
    loading = asyncio.create_task(bench.supervisor.load(plan("hang"), lambda _fraction: None))
    while bench.supervisor.state is not S.LOADING:
        await asyncio.sleep(0.01)
    await bench.supervisor.cancel()
    with pytest.raises(Cancelled):
        await loading
    assert bench.supervisor.last_crash is None
    await bench.load()
    assert bench.supervisor.state is S.READY


async def test_stop_while_starting_does_not_wait_for_the_start(start_bench: StartBench) -> None:
    bench = start_bench()
    loading = asyncio.create_task(bench.load())
    while bench.supervisor.state is not S.STARTING:
        await asyncio.sleep(0)
    await bench.supervisor.cancel()
    with pytest.raises(Cancelled):
        await loading
    await bench.load()
    assert bench.states.count(S.STARTING) == 1


async def test_an_engine_that_does_not_stop_is_killed_and_the_stop_counts_as_a_stop(
    start_bench: StartBench,
) -> None:
    bench = start_bench(HASTY)
    await bench.load()
    pid = bench.supervisor.pid
    async with aclosing(bench.supervisor.generate(ask("deaf"))) as events:
        async for event in events:
            if isinstance(event, Delta):
                await bench.supervisor.cancel()
            last = event
    assert isinstance(last, Finished) and last.reason is FinishReason.CANCELLED
    assert bench.states[-1] is S.STOPPED
    await bench.load()
    assert bench.supervisor.pid != pid


async def test_requests_wait_for_each_other(start_bench: StartBench) -> None:
    bench = start_bench()
    await bench.load()
    answers = await asyncio.gather(*(answer(bench.supervisor, "hello") for _ in range(5)))
    assert [text for text, _ in answers] == ["word0 word1 word2 "] * 5


async def test_late_words_of_an_older_request_are_ignored(start_bench: StartBench) -> None:
    bench = start_bench()
    await bench.load()
    assert (await answer(bench.supervisor, "late"))[0] == "word0 word1 word2 "


async def test_a_request_too_long_for_the_wire_is_refused_and_the_engine_goes_on(
    start_bench: StartBench,
) -> None:
    bench = start_bench()
    await bench.load()
    with pytest.raises(AssistantError, match="too long"):
        await answer(bench.supervisor, "x" * (65 << 20))
    assert (await answer(bench.supervisor, "hello"))[1].reason is FinishReason.END


async def test_stopping_a_stubborn_engine_takes_force(start_bench: StartBench) -> None:
    bench = start_bench(Limits(shutdown_s=0.2, terminate_s=0.2), ROUGH_STOP="stubborn")
    await bench.load()
    pid = bench.supervisor.pid
    assert pid is not None
    await bench.supervisor.stop()
    assert not psutil.pid_exists(pid)
    assert bench.states[-1] is S.STOPPED


@pytest.mark.parametrize("order", ["write", "deaf"])
async def test_quitting_in_mid_answer_ends_it_as_stopped(start_bench: StartBench, order: str) -> None:
    bench = start_bench()
    await bench.load()
    writing = asyncio.Event()

    async def consume() -> object:
        async for event in bench.supervisor.generate(ask(order)):
            if isinstance(event, Delta):
                writing.set()
        return event

    task = asyncio.create_task(consume())
    await writing.wait()
    await bench.supervisor.stop()
    last = await task
    assert isinstance(last, Finished) and last.reason is FinishReason.CANCELLED
    assert bench.states[-1] is S.STOPPED


async def test_an_engine_killed_while_idle_is_noticed_and_started_again(start_bench: StartBench) -> None:
    bench = start_bench()
    await bench.load()
    assert bench.supervisor.pid is not None
    os.kill(bench.supervisor.pid, signal.SIGKILL)
    while bench.supervisor.state is not S.CRASHED:
        await asyncio.sleep(0.01)
    assert bench.supervisor.loaded is None
    await bench.load()
    assert (await answer(bench.supervisor, "hello"))[1].reason is FinishReason.END


async def test_a_worker_that_stood_still_does_not_blame_the_engine(start_bench: StartBench) -> None:
    bench = start_bench(HASTY)
    await bench.load()
    pid = bench.supervisor.pid
    time.sleep(2.5)  # as when the lid was closed: far beyond the engine's allowance of one second
    assert (await answer(bench.supervisor, "hello"))[1].reason is FinishReason.END
    await asyncio.sleep(0.3)
    assert bench.supervisor.pid == pid


async def test_quitting_while_it_starts(start_bench: StartBench) -> None:
    bench = start_bench()
    starting = asyncio.create_task(bench.supervisor.start())
    while bench.supervisor.state is not S.STARTING:
        await asyncio.sleep(0)
    await bench.supervisor.stop()
    with pytest.raises(EngineStopped):
        await starting
    assert bench.supervisor.pid is None
    assert bench.supervisor.state is S.STOPPED


def test_it_lives_on_a_loop_outside_the_main_thread() -> None:
    bench = Bench(Limits(), {})

    async def turn() -> str:
        await bench.load()
        text, _ = await answer(bench.supervisor, "hello")
        with pytest.raises(EngineStopped):
            await answer(bench.supervisor, "kill")
        await bench.supervisor.stop()
        return text

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, turn()).result() == "word0 word1 word2 "


async def test_no_descriptors_are_left_behind(start_bench: StartBench) -> None:
    bench = start_bench()
    await bench.load()
    await bench.supervisor.stop()
    before = psutil.Process().num_fds()
    for _ in range(5):
        await bench.load()
        await bench.supervisor.stop()
    assert psutil.Process().num_fds() <= before
