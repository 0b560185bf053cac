"""Requests that would crash, wedge or mislead llama.cpp: refused with a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant_app.core.generation import FinishReason, ToolSpec
from assistant_app.core.sampling import Sampling
from assistant_app.engines import protocol
from tests.integration.engine.driver import EngineDriver, turns


def _refused(answer: object, code: str = "request-invalid") -> protocol.Failed:
    assert isinstance(answer, protocol.Failed), answer
    assert answer.code == code
    answer.sentence.format(**answer.params)
    return answer


def _nested(depth: int) -> dict[str, object]:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        _nested(60),
        {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(100)}},
        {"enum": [str(i) for i in range(500)]},
        {"$ref": "https://example.org/schema.json"},
        {"$ref": "#/nowhere"},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"type": "nonsense"},
        {"properties": []},
        {"const": "x" * 100_000},
    ],
)
def test_bad_schema_is_refused(loaded: EngineDriver, schema: dict[str, object]) -> None:
    _refused(loaded.generate("Hello", json_schema=schema).end)
    assert loaded.generate("Hello").text


@pytest.mark.parametrize("length", [1000, 2000, 15_000, 30_000, 10**9])
def test_long_strings_and_lists_are_bounded(loaded: EngineDriver, length: int) -> None:
    schema = {
        "type": "object",
        "properties": {
            "text": {"type": "string", "maxLength": length, "minLength": 2, "pattern": "^(?=a)b$"},
            "list": {"type": "array", "items": {"type": "integer"}, "maxItems": length},
        },
        "required": ["text", "list"],
    }
    answer = loaded.generate("Hello", json_schema=schema, sampling=Sampling(max_tokens=20, seed=1))
    assert answer.text.startswith("{")


def test_tool_with_hostile_schema_is_refused_and_the_engine_goes_on(loaded: EngineDriver) -> None:
    tool = ToolSpec("bad", "", {"type": "object", "properties": {"x": _nested(80)}})
    _refused(loaded.generate("Hello", tools=(tool,)).end)


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=-1.0),
        Sampling(temperature=1e9),
        Sampling(top_p=1.5),
        Sampling(top_k=-5),
        Sampling(repeat_penalty=0.0),
        Sampling(seed=2**33),
        Sampling(max_tokens=-1),
        Sampling(stop=("",)),
    ],
)
def test_senseless_sampling_is_refused(loaded: EngineDriver, sampling: Sampling) -> None:
    _refused(loaded.generate("Hello", sampling=sampling).end)


def test_second_request_is_busy_and_the_first_is_unharmed(loaded: EngineDriver) -> None:
    refused: list[object] = []

    def ask_again(message: object) -> None:
        if isinstance(message, protocol.Delta) and not refused:
            second = loaded.send(protocol.Generate, tuple(turns("Second")), Sampling())
            refused.append(loaded.wait(lambda m: m.id == second))

    sampling = Sampling(temperature=0, max_tokens=1200)
    first = loaded.generate("Hello", sampling=sampling, on_message=ask_again)
    _refused(refused[0], "busy")
    assert first.done.reason is FinishReason.LENGTH
    assert first.done.usage.generated_tokens == 1200


def test_loading_while_answering_is_busy(loaded: EngineDriver, tiny_model: Path) -> None:
    first = loaded.send(protocol.Generate, tuple(turns("Hello")), Sampling(max_tokens=1500))
    second = loaded.send(protocol.Load, str(tiny_model), "b", "B")
    _refused(loaded.wait(lambda m: m.id == second and not isinstance(m, protocol.LoadProgress)), "busy")
    assert isinstance(loaded.wait(lambda m: isinstance(m, protocol.Generated)), protocol.Generated)
    assert first < second


def test_request_without_a_model(engine: EngineDriver) -> None:
    _refused(engine.generate("Hello").end, "model")


def test_ping_is_answered_while_busy_and_hearts_beat(loaded: EngineDriver) -> None:
    loaded.send(protocol.Generate, tuple(turns("Hello")), Sampling(max_tokens=1500))
    ping = loaded.send(protocol.Ping)
    assert loaded.wait(lambda m: isinstance(m, protocol.Pong) and m.id == ping).busy
    loaded.wait(lambda m: isinstance(m, protocol.Generated))
    assert not loaded.wait(lambda m: isinstance(m, protocol.Pong)).busy


def test_shutdown_while_answering_ends_in_order(loaded: EngineDriver) -> None:
    loaded.send(protocol.Generate, tuple(turns("Hello")), Sampling(max_tokens=1900))
    loaded.wait(lambda m: isinstance(m, protocol.Delta))
    loaded.send(protocol.Shutdown)
    end = loaded.wait(lambda m: isinstance(m, protocol.Generated))
    assert end.reason is FinishReason.CANCELLED
    loaded.wait(lambda m: isinstance(m, protocol.Ok))
    assert loaded.process.wait(30) == 0


def test_engine_ends_when_the_worker_hangs_up(slow_model: Path) -> None:
    with EngineDriver() as engine:
        engine.load(slow_model)
        engine.send(protocol.Generate, tuple(turns("the " * 900)), Sampling())
        engine.wait(lambda m: isinstance(m, protocol.Reading))
        assert engine.close() == 0


def test_garbage_on_the_socket_ends_the_engine(engine: EngineDriver) -> None:
    engine.connection._socket.sendall(b"\x00\x00\x00\x05hello")
    assert engine.process.wait(30) == 0


def test_closed_standard_streams_do_not_matter(tiny_model: Path) -> None:
    with EngineDriver(before="import os; [os.close(fd) for fd in (0, 1, 2)];") as engine:
        assert isinstance(engine.load(tiny_model), protocol.Loaded)
        assert engine.generate("Hello").text


def test_unread_error_stream_does_not_block(tiny_model: Path, tmp_path: Path) -> None:
    with EngineDriver(stderr=subprocess.PIPE) as engine:
        (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\xff" * 100)
        for _ in range(60):
            engine.load(tmp_path / "bad.gguf")
        assert isinstance(engine.load(tiny_model), protocol.Loaded)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_process_is_expendable_polite_and_leaves_no_core(engine: EngineDriver) -> None:
    proc = Path(f"/proc/{engine.process.pid}")
    assert (proc / "oom_score_adj").read_text().strip() == "1000"
    limits = (proc / "limits").read_text()
    assert "Max core file size        0" in limits
    assert os.getpriority(os.PRIO_PROCESS, engine.process.pid) >= 5


def test_no_network_where_the_kernel_allows(engine: EngineDriver) -> None:
    if not engine.hello.isolated:
        pytest.skip("this kernel does not let a process leave the network")
    code = (
        "import socket; from assistant_app.engines import sandbox; assert sandbox.enter().network_off\n"
        "try: s = socket.socket(); s.settimeout(2); s.connect(('127.0.0.1', 9))\n"
        "except ConnectionRefusedError: print('reachable')\n"
        "except OSError: print('unreachable')"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.check_output(command, timeout=30).strip() == b"unreachable"
