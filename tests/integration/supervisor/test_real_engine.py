"""The supervisor and the local backend over llama.cpp itself."""

import asyncio
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from assistant_app.backends.local import LocalBackend
from assistant_app.core.errors import EngineStopped, ModelError
from assistant_app.core.events import EngineState, EngineStateChanged, Event
from assistant_app.core.generation import (
    ChatMessage,
    Delta,
    Finished,
    FinishReason,
    GenerationRequest,
    LoadProgress,
    Reading,
)
from assistant_app.core.sampling import Sampling
from assistant_app.models.catalogue import ModelCatalogue
from assistant_app.paths import Paths
from assistant_app.settings import Settings
from assistant_app.worker.supervisor import EngineSupervisor
from tests.fixtures.tiny_gguf import make_tiny_gguf


class Bench:
    def __init__(self, paths: Paths, *models: Path) -> None:
        self.events: list[Event] = []
        self.progress: list[LoadProgress] = []
        settings = Settings(model_paths=tuple(map(str, models)), n_threads=1)
        self.catalogue = ModelCatalogue(paths, lambda: settings)
        self.engine = EngineSupervisor(self.events.append)
        self.backend = LocalBackend(self.engine, self.catalogue, self.progress.append)

    def sentences(self) -> list[str]:
        return [event.sentence for event in self.events if isinstance(event, EngineStateChanged)]


StartBench = Callable[..., Bench]


@pytest.fixture
async def start_bench(paths: Paths) -> AsyncIterator[StartBench]:
    benches: list[Bench] = []

    def start(*models: Path) -> Bench:
        benches.append(Bench(paths, *models))
        return benches[-1]

    yield start
    for bench in benches:
        await bench.engine.kill()


def long_answer() -> GenerationRequest:
    return GenerationRequest((ChatMessage("user", "go on for ever"),), Sampling(seed=1))


def short_answer() -> GenerationRequest:
    return GenerationRequest((ChatMessage("user", "hello"),), Sampling(seed=1, max_tokens=4))


async def finish(backend: LocalBackend, request: GenerationRequest) -> Finished:
    async with aclosing(backend.generate(request)) as events:
        async for event in events:
            last = event
    assert isinstance(last, Finished)
    return last


async def test_a_killed_engine_is_restarted_with_its_model_by_the_next_request(
    start_bench: StartBench, tiny_model: Path
) -> None:
    bench = start_bench(tiny_model)
    await bench.backend.load("tiny")
    text = ""
    with pytest.raises(EngineStopped, match="your text is kept"):
        async with aclosing(bench.backend.generate(long_answer())) as events:
            async for event in events:
                if isinstance(event, Delta):
                    text += event.text
                    assert bench.engine.pid is not None
                    os.kill(bench.engine.pid, signal.SIGKILL)
    assert text
    assert bench.engine.state is EngineState.CRASHED
    assert (await finish(bench.backend, short_answer())).usage.generated_tokens == 4
    assert bench.engine.state is EngineState.READY


async def test_a_model_file_that_shrinks_while_in_use_is_named_as_the_cause(
    start_bench: StartBench, tiny_model: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "shrinking.gguf"
    shutil.copyfile(tiny_model, copy)
    bench = start_bench(copy)
    await bench.backend.load("shrinking")
    with pytest.raises(EngineStopped, match="changed or became shorter"):
        async with aclosing(bench.backend.generate(long_answer())) as events:
            async for event in events:
                if isinstance(event, Delta):
                    os.truncate(copy, 1000)
    with pytest.raises(ModelError, match=r"damaged|not complete"):
        await bench.backend.load("shrinking")


async def test_choosing_another_model_in_mid_answer_stops_the_answer_and_loads_it(
    start_bench: StartBench, tiny_model: Path, tmp_path: Path
) -> None:
    other = make_tiny_gguf(tmp_path / "other.gguf", seed=7)
    bench = start_bench(tiny_model, other)
    await bench.backend.load("tiny")
    writing = asyncio.Event()

    async def consume() -> Finished:
        async for event in bench.backend.generate(long_answer()):
            if isinstance(event, Delta):
                writing.set()
        assert isinstance(event, Finished)
        return event

    answering = asyncio.create_task(consume())
    await writing.wait()
    info = await bench.backend.load("other")
    assert info.id == "other"
    assert (await answering).reason is FinishReason.CANCELLED
    assert (await finish(bench.backend, short_answer())).usage.generated_tokens == 4
    assert all(not sentence for sentence in bench.sentences())


async def test_stop_is_quick_in_writing_and_the_engine_is_idle_then(
    start_bench: StartBench, tiny_model: Path
) -> None:
    bench = start_bench(tiny_model)
    await bench.backend.load("tiny")
    latencies = []
    for _ in range(10):
        async with aclosing(bench.backend.generate(long_answer())) as events:
            async for event in events:
                if isinstance(event, Delta):
                    asked = time.perf_counter()
                    await bench.backend.cancel()
                elif isinstance(event, Finished):
                    assert event.reason is FinishReason.CANCELLED
                    latencies.append(time.perf_counter() - asked)
    # The bound of the product is in the benchmarks; this one holds on any loaded machine.
    assert statistics.median(latencies) < 0.5
    assert bench.engine.state is EngineState.READY


async def test_stop_while_a_long_prompt_is_read(start_bench: StartBench, tmp_path: Path) -> None:
    model = make_tiny_gguf(tmp_path / "wide.gguf", n_embd=256, n_ff=1024, n_layer=8, n_ctx=8192)
    bench = start_bench(model)
    await bench.backend.load("wide")
    prompt = GenerationRequest((ChatMessage("user", "the way of the word " * 600),), Sampling(seed=1))
    async with aclosing(bench.backend.generate(prompt)) as events:
        async for event in events:
            if isinstance(event, Reading):
                await bench.backend.cancel()
            assert not isinstance(event, Delta)
            last = event
    assert isinstance(last, Finished) and last.reason is FinishReason.CANCELLED
    assert bench.engine.state is EngineState.READY


async def test_the_same_model_is_not_loaded_twice(start_bench: StartBench, tiny_model: Path) -> None:
    bench = start_bench(tiny_model)
    first = await bench.backend.load("tiny")
    loads = len(bench.progress)
    assert await bench.backend.load(str(tiny_model)) == first
    assert len(bench.progress) == loads


async def test_counting_and_rendering_load_the_model_again_after_unload(
    start_bench: StartBench, tiny_model: Path
) -> None:
    bench = start_bench(tiny_model)
    await bench.backend.load("tiny")
    await bench.backend.unload()
    assert bench.engine.loaded is None
    message = ChatMessage("user", "hello")
    assert (await bench.backend.count_tokens([message]))[0] > 0
    assert "hello" in (await bench.backend.render([message])).text


async def test_the_engine_never_sees_secrets(
    start_bench: StartBench, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "HF_TOKEN", "MY_PASSWORD", "https_proxy"):
        monkeypatch.setenv(name, "very-private")
    bench = start_bench(tiny_model)
    await bench.engine.start()
    try:
        environment = Path(f"/proc/{bench.engine.pid}/environ").read_bytes()
    except PermissionError:
        pytest.skip("the engine hides its environment even from its own user")
    assert b"very-private" not in environment
    assert b"GOMP_SPINCOUNT=300" in environment


async def test_the_engine_dies_with_its_parent(tiny_model: Path, app_environment: dict[str, str]) -> None:
    script = (
        "import asyncio, os\n"
        "from assistant_app.worker.supervisor import EngineSupervisor\n"
        "async def main():\n"
        "    engine = EngineSupervisor(lambda event: None)\n"
        "    await engine.start()\n"
        "    print(engine.pid, flush=True)\n"
        "    await asyncio.sleep(1000)\n"
        "asyncio.run(main())\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], env=app_environment, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent.stdout:
        engine = os.pidfd_open(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    gone = asyncio.Event()
    asyncio.get_running_loop().add_reader(engine, gone.set)
    try:
        await asyncio.wait_for(gone.wait(), 10)
    finally:
        asyncio.get_running_loop().remove_reader(engine)
        os.close(engine)


@pytest.mark.parametrize("namespaces", ["allowed", "forbidden"])
def test_a_process_in_the_sandbox_reaches_nobody(app_environment: dict[str, str], namespaces: str) -> None:
    script = (
        "import sys, socket\n"
        "from assistant_app.engines import sandbox\n"
        "def forbidden(flags): raise PermissionError(13, 'as where user namespaces are restricted')\n"
        "if sys.argv[2] == 'forbidden': sandbox._unshare = forbidden\n"
        "report = sandbox.enter()\n"
        "try:\n"
        "    socket.create_connection(('127.0.0.1', int(sys.argv[1])), timeout=5)\n"
        "    print('connected', report)\n"
        "except OSError as error:\n"
        "    assert socket.socketpair()[0].family is socket.AF_UNIX\n"
        "    print('refused' if report.network_off else 'offline for another reason', error)\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        output = subprocess.run(
            [sys.executable, "-c", script, str(server.getsockname()[1]), namespaces],
            env=app_environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    if "network_off=False" in output:
        pytest.skip(f"this system does not let a process leave the network: {output}")
    assert output.startswith("refused"), output


async def test_the_engine_has_no_network(start_bench: StartBench, tiny_model: Path) -> None:
    bench = start_bench(tiny_model)
    await bench.engine.start()
    assert bench.engine.hello is not None
    if not bench.engine.hello.isolated:
        pytest.skip("this system does not let a process leave the network")
    try:
        theirs = os.readlink(f"/proc/{bench.engine.pid}/ns/net")
    except PermissionError:
        pytest.skip("the engine's namespaces cannot be looked at by this user")
    assert theirs != os.readlink("/proc/self/ns/net")
