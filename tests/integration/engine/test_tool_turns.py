"""After a tool call nothing is read twice: the prompt goes on with the very tokens that were sampled."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant_app.core.generation import ChatMessage, ToolSpec
from assistant_app.core.sampling import Sampling
from assistant_app.core.toolcalls import split_answer
from assistant_app.engines import protocol
from assistant_app.tools.registry import declarations
from tests.integration.engine.driver import Answer, EngineDriver

CALCULATOR = ToolSpec(
    "calculator",
    "Computes.",
    {
        "type": "object",
        "properties": {"expression": {"type": "string", "maxLength": 12}},
        "required": ["expression"],
        "additionalProperties": False,
    },
)
QUESTION = [ChatMessage("system", "You are Assistant."), ChatMessage("user", "What is 12 + 7?")]


def as_stored(text: str, results: Sequence[str]) -> list[ChatMessage]:
    """Return an answer with calls, and their results, as a stored message becomes turns."""
    content, calls = split_answer(text)
    assert calls, text
    called = tuple(
        {"id": f"c{i}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for i, (name, arguments) in enumerate(calls)
    )
    results = [*results, *["none"] * len(calls)][: len(calls)]
    tools = [ChatMessage("tool", result, tool_call_id=f"c{i}") for i, result in enumerate(results)]
    return [ChatMessage("assistant", content, tool_calls=called), *tools]


def in_memory(answer: Answer) -> int:
    """Return how many tokens the engine had read when an answer ended; the last one need not be."""
    usage = answer.done.usage
    return usage.prompt_tokens + usage.generated_tokens - 1


@pytest.mark.parametrize("seed", range(4))
def test_calls_in_any_spelling_are_not_read_again(
    engine: EngineDriver, calling_model: Path, seed: int
) -> None:
    engine.load(calling_model)
    sampling = Sampling(seed=seed, max_tokens=300)
    call = engine.generate(QUESTION, tools=(CALCULATOR,), sampling=sampling, conversation_id="c")
    turns = [*QUESTION, *as_stored(call.text, ["12 + 7 = 19"])]
    after = engine.generate(turns, tools=(CALCULATOR,), sampling=sampling, conversation_id="c")
    assert after.done.usage.reused_tokens >= in_memory(call)


def test_the_pocket_model_reads_only_the_result_and_then_only_the_next_question(
    engine: EngineDriver, pocket_model: Path
) -> None:
    engine.load(pocket_model)
    greedy = Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=60, seed=1)
    options = {"tools": tuple(one.spec for one in declarations()), "sampling": greedy, "conversation_id": "c"}
    call = engine.generate(QUESTION, **options)
    turns = [*QUESTION, *as_stored(call.text, ["12 + 7 = 19"])]
    result = engine.generate(turns, **options)
    assert result.done.usage.reused_tokens >= in_memory(call)
    turns += [ChatMessage("assistant", result.text), ChatMessage("user", "Thanks")]
    thanks = engine.generate(turns, **options)
    assert thanks.done.usage.reused_tokens >= in_memory(result)
    assert "<tool_response>\n12 + 7 = 19\n</tool_response>" in thanks.done.prompt


def test_calls_are_remembered_with_the_saved_conversation(
    engine: EngineDriver, calling_model: Path, tmp_path: Path
) -> None:
    engine.load(calling_model, state_dir=str(tmp_path))
    sampling = Sampling(seed=1, max_tokens=300)
    call = engine.generate(QUESTION, tools=(CALCULATOR,), sampling=sampling, conversation_id="c")
    engine.generate("Something else", conversation_id="other")
    turns = [*QUESTION, *as_stored(call.text, ["12 + 7 = 19"])]
    after = engine.generate(turns, tools=(CALCULATOR,), sampling=sampling, conversation_id="c")
    assert after.done.usage.reused_tokens >= in_memory(call)


def test_the_list_of_tools_is_counted(engine: EngineDriver, pocket_model: Path) -> None:
    assert engine.load(pocket_model).info.tools
    without = engine.ask(protocol.Count, tuple(QUESTION)).tokens
    with_tools = engine.ask(protocol.Count, tuple(QUESTION), (CALCULATOR,)).tokens
    rendered = engine.ask(protocol.Render, tuple(QUESTION), (CALCULATOR,)).tokens
    assert sum(with_tools) == rendered and sum(with_tools) > sum(without)
