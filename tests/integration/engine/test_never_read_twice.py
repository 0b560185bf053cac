"""What was read once is not read again: next turn, other conversation and back, restart, crash."""

import json
from pathlib import Path

import pytest

from assistant_app.core.generation import ChatMessage
from assistant_app.core.sampling import Sampling
from assistant_app.engines import protocol
from tests.integration.engine.driver import GREEDY, EngineDriver, turns

QUESTION = "the of and to in is you that it he was for on are as with his they at be this"
ALLOWANCE = 32


def _converse(engine: EngineDriver, count: int, conversation_id: str = "long") -> list[str]:
    """Hold a conversation of `count` questions; return its texts, ending with an answer."""
    texts: list[str] = []
    for number in range(count):
        texts.append(f"{QUESTION} {number}")
        sampling = Sampling(seed=number, max_tokens=40)
        texts.append(engine.generate(turns(*texts), conversation_id=conversation_id, sampling=sampling).text)
    return texts


def _without_a_break(model: Path, count: int) -> str:
    """Return the answer to "more" of an engine that was never restarted."""
    with EngineDriver() as engine:
        engine.load(model)
        texts = _converse(engine, count)
        return engine.generate(turns(*texts, "more"), conversation_id="long").text


def _message_tokens(engine: EngineDriver, text: str) -> int:
    rendered: protocol.Rendered = engine.ask(protocol.Render, (ChatMessage("user", text),))
    return rendered.tokens


def test_turn_twenty_reads_only_the_new_message(engine: EngineDriver, tiny_model: Path) -> None:
    engine.load(tiny_model, n_ctx_tokens=4096)
    texts = _converse(engine, 20)
    answer = engine.generate(turns(*texts, "more"), conversation_id="long")
    assert answer.done.usage.prompt_tokens > 1500
    assert answer.evaluated <= _message_tokens(engine, "more") + ALLOWANCE


def test_switching_away_and_back_reads_only_the_new_message(
    engine: EngineDriver, tiny_model: Path, tmp_path: Path
) -> None:
    engine.load(tiny_model, n_ctx_tokens=4096, state_dir=str(tmp_path))
    texts = _converse(engine, 12)
    engine.generate("Something else entirely", conversation_id="other")
    engine.generate("A title for it")  # a request without a conversation
    answer = engine.generate(turns(*texts, "more"), conversation_id="long")
    assert answer.done.usage.prompt_tokens > 800
    assert answer.evaluated <= _message_tokens(engine, "more") + ALLOWANCE


@pytest.mark.parametrize("end", ["shutdown", "hang up", "unload"])
def test_restart_reads_only_the_new_message(tiny_model: Path, tmp_path: Path, end: str) -> None:
    with EngineDriver() as engine:
        engine.load(tiny_model, state_dir=str(tmp_path))
        texts = _converse(engine, 6)
        if end == "shutdown":
            engine.ask(protocol.Shutdown)
        elif end == "unload":
            engine.ask(protocol.Unload)
        assert engine.close() == 0
    with EngineDriver() as engine:
        engine.load(tiny_model, state_dir=str(tmp_path))
        restored = engine.generate(turns(*texts, "more"), conversation_id="long")
        assert restored.evaluated <= _message_tokens(engine, "more") + ALLOWANCE
    assert restored.text == _without_a_break(tiny_model, 6)


def test_killed_engine_had_saved_the_conversation_when_idle(tiny_model: Path, tmp_path: Path) -> None:
    with EngineDriver() as engine:
        engine.load(tiny_model, state_dir=str(tmp_path))
        texts = _converse(engine, 6)
        beats = 0
        while beats < 20 and not any(p.with_suffix(".json").exists() for p in tmp_path.glob("*.state")):
            engine.wait(lambda m: isinstance(m, protocol.Pong))
            beats += 1
        engine.process.kill()
        engine.process.wait()
    with EngineDriver() as engine:
        engine.load(tiny_model, state_dir=str(tmp_path))
        answer = engine.generate(turns(*texts, "more"), conversation_id="long")
        assert answer.evaluated <= _message_tokens(engine, "more") + ALLOWANCE


def test_corrupted_state_is_ignored_and_deleted(tiny_model: Path, tmp_path: Path) -> None:
    with EngineDriver() as engine:
        engine.load(tiny_model, state_dir=str(tmp_path))
        texts = _converse(engine, 4)
        engine.ask(protocol.Shutdown)
    (state,) = tmp_path.glob("*.state")
    content = bytearray(state.read_bytes())
    for position in (len(content) // 3, len(content) // 2, len(content) - 5):
        content[position] ^= 0x40
    state.write_bytes(content)
    with EngineDriver() as engine:
        engine.load(tiny_model, state_dir=str(tmp_path))
        answer = engine.generate(turns(*texts, "more"), conversation_id="long")
        assert answer.evaluated == answer.done.usage.prompt_tokens
        assert not state.exists()
    assert answer.text == _without_a_break(tiny_model, 4)


@pytest.mark.parametrize("damage", ["truncated", "empty", "note", "note without sense"])
def test_damaged_files_are_ignored(tiny_model: Path, tmp_path: Path, damage: str) -> None:
    with EngineDriver() as engine:
        engine.load(tiny_model, state_dir=str(tmp_path))
        texts = _converse(engine, 2)
        engine.ask(protocol.Shutdown)
    (state,) = tmp_path.glob("*.state")
    note = state.with_suffix(".json")
    if damage == "truncated":
        state.write_bytes(state.read_bytes()[:1000])
    elif damage == "empty":
        state.write_bytes(b"")
    elif damage == "note":
        note.write_bytes(b"\xff\x00{")
    else:
        note.write_text(json.dumps({**json.loads(note.read_text()), "tokens": "many"}))
    with EngineDriver() as engine:
        engine.load(tiny_model, state_dir=str(tmp_path))
        assert engine.generate(turns(*texts, "more"), conversation_id="long").text


def test_state_of_another_context_size_is_not_used(tiny_model: Path, tmp_path: Path) -> None:
    with EngineDriver() as engine:
        engine.load(tiny_model, n_ctx_tokens=2048, state_dir=str(tmp_path))
        texts = _converse(engine, 3)
        engine.load(tiny_model, n_ctx_tokens=1024, state_dir=str(tmp_path))
        answer = engine.generate(turns(*texts, "more"), conversation_id="long")
        assert answer.done.usage.reused_tokens == 0


def test_states_are_private_and_within_the_budget(
    engine: EngineDriver, tiny_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "states"
    engine.load(tiny_model, state_dir=str(folder), state_budget_bytes=200_000)
    for number in range(8):
        _converse(engine, 2, conversation_id=f"conversation {number}")
    engine.ask(protocol.Unload)
    states = list(folder.glob("*.state"))
    assert 1 <= len(states) < 8
    assert sum(path.stat().st_size for path in states) <= 200_000
    assert all(path.stat().st_mode & 0o077 == 0 for path in [folder, *folder.iterdir()])
    assert not any("conversation" in path.name for path in folder.iterdir())


def test_forgotten_conversation_leaves_nothing(loaded: EngineDriver, tmp_path: Path) -> None:
    _converse(loaded, 2, "secret")
    loaded.generate("Hello there, all of you, what can you do for me?", conversation_id="kept")
    loaded.ask(protocol.ForgetState, "secret")
    loaded.ask(protocol.Unload)
    assert len(list((tmp_path / "states").glob("*.state"))) == 1
    loaded.ask(protocol.ForgetState, "")
    assert not list((tmp_path / "states").glob("*.state"))


def test_other_version_of_an_answer_reuses_what_comes_before_it(loaded: EngineDriver) -> None:
    texts = _converse(loaded, 4)
    again = loaded.generate(turns(*texts[:-1]), conversation_id="long", sampling=GREEDY)
    assert again.evaluated == 1  # the question stands; only its last token is needed again


def test_edited_answer_is_read_as_edited(loaded: EngineDriver, tiny_model: Path) -> None:
    texts = _converse(loaded, 2)
    texts[1] = texts[1][:20] + " people write water"
    edited = loaded.generate(turns(*texts, "more"), conversation_id="long")
    with EngineDriver() as fresh:
        fresh.load(tiny_model)
        prompt = fresh.generate(turns(*texts, "more"))
    assert edited.done.prompt == prompt.done.prompt


def test_readonly_cache_folder_only_costs_the_reuse(engine: EngineDriver, tiny_model: Path) -> None:
    loaded = engine.load(tiny_model, state_dir="/proc/no-such-place")
    assert isinstance(loaded, protocol.Loaded)
    assert engine.generate("Hello", conversation_id="a").text
    assert engine.generate("Other", conversation_id="b").text
