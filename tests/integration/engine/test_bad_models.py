"""Model files that cannot be used: one sentence each, and the engine goes on."""

import random
import signal
import struct
from pathlib import Path

import pytest

from assistant_app.core.generation import ChatMessage, ToolSpec
from assistant_app.core.sampling import Sampling
from assistant_app.engines import protocol
from tests.fixtures.tiny_gguf import CHATML, make_tiny_gguf
from tests.integration.engine.driver import EngineDriver, turns

ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


def _refused(engine: EngineDriver, path: Path | str, **options: object) -> protocol.Failed:
    reply = engine.load(path, **options)
    assert isinstance(reply, protocol.Failed), reply
    assert reply.code == "model"
    reply.sentence.format(**reply.params)  # every hole of the sentence is filled
    assert engine.process.poll() is None
    return reply


def test_missing_file(engine: EngineDriver, tmp_path: Path) -> None:
    assert "no longer there" in _refused(engine, tmp_path / "none.gguf").sentence


def test_folder_and_text_and_empty_file_are_no_models(engine: EngineDriver, tmp_path: Path) -> None:
    text, empty = tmp_path / "text.gguf", tmp_path / "empty.gguf"
    text.write_text("Dear model, please load.")
    empty.touch()
    assert "not a file" in _refused(engine, tmp_path).sentence
    assert "not a GGUF" in _refused(engine, text).sentence
    assert "not a GGUF" in _refused(engine, empty).sentence


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.99])
def test_truncated_file(engine: EngineDriver, tiny_model: Path, tmp_path: Path, share: float) -> None:
    content = tiny_model.read_bytes()
    path = tmp_path / "cut.gguf"
    path.write_bytes(content[: int(len(content) * share)])
    reply = _refused(engine, path)
    assert "incomplete" in reply.sentence or "damaged" in reply.sentence
    assert isinstance(engine.load(tiny_model), protocol.Loaded)


def test_unknown_architecture(engine: EngineDriver, tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "alien.gguf"
    path.write_bytes(tiny_model.read_bytes().replace(b"llama", b"alien"))
    assert "kind of model" in _refused(engine, path).sentence


def test_random_damage_is_an_error_or_a_model_never_a_wedge(tiny_model: Path, tmp_path: Path) -> None:
    """Damage may kill the process, which is why there is one; it may not wedge it."""
    content = tiny_model.read_bytes()
    header = 24_000
    randomly = random.Random(7)
    path = tmp_path / "damaged.gguf"
    engine = EngineDriver()
    survived = 0
    for _ in range(40):
        damaged = bytearray(content)
        for _ in range(randomly.randint(1, 4)):
            damaged[randomly.randrange(4, header)] = randomly.randrange(256)
        path.write_bytes(damaged)
        try:
            reply = engine.load(path)
            assert isinstance(reply, protocol.Loaded | protocol.Failed)
            survived += 1
        except AssertionError:
            assert engine.process.poll() is not None
            engine = EngineDriver()
    engine.close()
    assert survived >= 30


def test_absurd_sizes_in_the_header(engine: EngineDriver, tmp_path: Path) -> None:
    path = tmp_path / "absurd.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 2**62, 2**62) + b"\0" * 64)
    assert "damaged" in _refused(engine, path).sentence


def test_too_big_for_memory_is_estimated_before_it_is_tried(engine: EngineDriver, tmp_path: Path) -> None:
    path = tmp_path / "huge.gguf"
    with path.open("wb") as file:
        file.write(b"GGUF")
        file.truncate(1 << 42)
    reply = _refused(engine, path)
    assert "GB" in reply.sentence
    assert reply.params["needed"] == "4398.0"


def test_context_too_big_for_memory_is_refused(slow_model: Path) -> None:
    limit = (
        "import psutil, resource, assistant_app.engines.llama.server;"
        "most = psutil.Process().memory_info().vms + (1 << 30);"
        "resource.setrlimit(resource.RLIMIT_AS, (most, most));"
    )
    with EngineDriver(before=limit) as engine:
        reply = _refused(engine, slow_model, n_ctx_tokens=1 << 20)
        assert "memory" in reply.sentence
        assert isinstance(engine.load(slow_model, n_ctx_tokens=512), protocol.Loaded)


def test_model_without_template_loads_but_does_not_guess(engine: EngineDriver, tmp_path: Path) -> None:
    engine.load(make_tiny_gguf(tmp_path / "plain.gguf", chat_template=None))
    failed = engine.generate("Hello").end
    assert isinstance(failed, protocol.Failed)
    assert failed.code == "model"
    assert "no chat template" in failed.sentence
    assert engine.ask(protocol.Count, tuple(turns("Hello"))).code == "model"
    assert engine.ask(protocol.Embed, ("Hello",)).vectors


def test_template_that_never_ends_is_ended(engine: EngineDriver, tmp_path: Path) -> None:
    engine.load(make_tiny_gguf(tmp_path / "endless.gguf", chat_template=ENDLESS))
    failed = engine.generate("Hello").end
    assert isinstance(failed, protocol.Failed)
    assert "never ends" in failed.sentence
    assert isinstance(engine.ask(protocol.Unload), protocol.Ok)


@pytest.mark.parametrize(
    "template",
    ["{% if %}", "{{ messages[", "{{ undefined() }}", "{{ ''.__class__.mro() }}", "{{ 'x' * 10**12 }}"],
)
def test_faulty_template_never_blocks_loading(engine: EngineDriver, tmp_path: Path, template: str) -> None:
    loaded = engine.load(make_tiny_gguf(tmp_path / "faulty.gguf", chat_template=template))
    assert isinstance(loaded, protocol.Loaded)
    failed = engine.generate("Hello").end
    assert isinstance(failed, protocol.Failed)
    assert failed.code == "model"
    assert "template" in failed.sentence


def test_second_template_is_used_for_tools_only(engine: EngineDriver, tmp_path: Path) -> None:
    path = make_tiny_gguf(
        tmp_path / "two.gguf", named_templates={"tool_use": "TOOLS " + CHATML, "broken": "{% if %}"}
    )
    engine.load(path)
    message = (ChatMessage("user", "Hello"),)
    tool = ToolSpec("look", "Looks.", {})
    assert engine.ask(protocol.Render, message).text.startswith("<|im_start|>")
    assert engine.ask(protocol.Render, message, (tool,)).text.startswith("TOOLS")


def test_failed_load_leaves_no_model(loaded: EngineDriver, tmp_path: Path) -> None:
    _refused(loaded, tmp_path / "none.gguf")
    failed = loaded.generate("Hello").end
    assert isinstance(failed, protocol.Failed)
    assert failed.code == "model"


def test_file_truncated_while_mapped_ends_the_child_only(slow_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "mapped.gguf"
    path.write_bytes(slow_model.read_bytes())
    with EngineDriver() as engine:
        engine.load(path)
        with path.open("r+b") as file:
            file.truncate(100_000)
        engine.send(protocol.Generate, tuple(turns("Hello")), Sampling(max_tokens=5))
        assert engine.process.wait(60) == -signal.SIGBUS
