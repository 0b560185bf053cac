"""Reading ahead: what stands before a question is in memory before the question is known."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant_app.core.generation import ChatMessage
from assistant_app.engines import protocol
from tests.integration.engine.driver import EngineDriver, turns

HISTORY = ["the of and to in is you that it he was for on are as with his they at be this " * 4] * 12
WRAPPING_TOKENS = 16
"""What a template puts around a question and before its answer."""


def _question_tokens(engine: EngineDriver, text: str) -> int:
    """Return what a question costs by itself, without the wrapping of its turn."""
    empty: protocol.Rendered = engine.ask(protocol.Render, (ChatMessage("user", ""),))
    whole: protocol.Rendered = engine.ask(protocol.Render, (ChatMessage("user", text),))
    return whole.tokens - empty.tokens


def _prefill(engine: EngineDriver, known: str, conversation_id: str = "talk") -> None:
    assert isinstance(
        engine.ask(protocol.Prefill, tuple(turns(*HISTORY, known)), conversation_id), protocol.Ok
    )


def test_after_a_prefill_only_the_question_is_read(loaded: EngineDriver) -> None:
    _prefill(loaded, "")
    answer = loaded.generate(turns(*HISTORY, "what is that"), conversation_id="talk")
    assert answer.done.usage.prompt_tokens > 1000
    assert answer.evaluated <= _question_tokens(loaded, "what is that") + WRAPPING_TOKENS


def test_what_is_known_of_the_question_is_read_too(loaded: EngineDriver) -> None:
    known = "the of and to in is you that it he was for on are as with his"
    _prefill(loaded, known)
    answer = loaded.generate(turns(*HISTORY, f"{known} they"), conversation_id="talk")
    assert answer.evaluated <= _question_tokens(loaded, " they") + WRAPPING_TOKENS


def test_a_prefill_changes_no_answer(loaded: EngineDriver, tiny_model: Path) -> None:
    _prefill(loaded, "what w")
    with EngineDriver() as fresh:
        fresh.load(tiny_model)
        alone = fresh.generate(turns(*HISTORY, "what is that"))
    answer = loaded.generate(turns(*HISTORY, "what is that"), conversation_id="talk")
    assert answer.done.prompt == alone.done.prompt
    assert answer.text == alone.text


def test_a_conversation_that_does_not_exist_yet_is_read_ahead(loaded: EngineDriver) -> None:
    _prefill(loaded, "", conversation_id="")
    answer = loaded.generate(turns(*HISTORY, "what is that"), conversation_id="new")
    assert answer.evaluated <= _question_tokens(loaded, "what is that") + WRAPPING_TOKENS


def test_a_second_prefill_has_nothing_to_read(loaded: EngineDriver) -> None:
    _prefill(loaded, "")
    request_id = loaded.send(protocol.Prefill, tuple(turns(*HISTORY, "")), "talk")
    reply = loaded.wait(lambda m: getattr(m, "id", 0) == request_id)
    assert isinstance(reply, protocol.Ok), "it began to read"


def test_a_stopped_prefill_keeps_what_it_has_read(engine: EngineDriver, slow_model: Path) -> None:
    engine.load(slow_model, n_ctx_tokens=8192)
    request_id = engine.send(protocol.Prefill, tuple(turns(*HISTORY, "")), "talk")
    read = 0
    while not read:
        reading = engine.wait(lambda m: isinstance(m, protocol.Reading))
        read = reading.done_tokens
    engine.cancel()
    end = engine.wait(_last(request_id))
    engine.stop[0] = 0
    assert isinstance(end, protocol.Failed) and end.code == "cancelled"
    answer = engine.generate(turns(*HISTORY, "what is that"), conversation_id="talk")
    assert answer.done.usage.reused_tokens >= read


@pytest.mark.parametrize("messages", [(), ("far too long " * 4000,)])
def test_what_cannot_be_read_ahead_is_no_failure_of_the_engine(
    loaded: EngineDriver, messages: tuple[str, ...]
) -> None:
    loaded.ask(protocol.Prefill, tuple(turns(*messages)), "talk")
    assert loaded.generate("what is that").text


def _last(request_id: int) -> Callable[[Any], bool]:
    return lambda m: m.id == request_id and isinstance(m, protocol.Ok | protocol.Failed)
