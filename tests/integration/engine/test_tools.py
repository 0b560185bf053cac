"""Tool calls: free text stays free, an opened call is bound to the tools' schemas."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant_app.core.generation import ChatMessage, FinishReason, ToolSpec
from assistant_app.core.sampling import Sampling
from assistant_app.engines.llama.schema import CLOSE_TAG, OPEN_TAG
from tests.integration.engine.driver import EngineDriver

TOOL = ToolSpec(
    "look_up",
    "Looks something up.",
    {
        "type": "object",
        "properties": {"word": {"type": "string", "maxLength": 8}, "times": {"type": "integer"}},
        "required": ["word"],
        "additionalProperties": False,
    },
)


def test_answer_without_a_call_is_free(loaded: EngineDriver) -> None:
    free = loaded.generate("Hello", sampling=Sampling(seed=1, max_tokens=40))
    with_tools = loaded.generate("Hello", tools=(TOOL,), sampling=Sampling(seed=1, max_tokens=40))
    assert free.text and with_tools.text
    assert "look_up" in with_tools.done.prompt
    assert "look_up" not in free.done.prompt


@pytest.mark.parametrize("seed", range(6))
def test_opened_call_is_valid_json_for_a_tool(engine: EngineDriver, calling_model: Path, seed: int) -> None:
    engine.load(calling_model)
    answer = engine.generate(
        [ChatMessage("user", "Hello")], tools=(TOOL,), sampling=Sampling(seed=seed, max_tokens=400)
    )
    before, tag, call = answer.text.partition(OPEN_TAG)
    assert tag, before
    assert answer.done.reason in (FinishReason.END, FinishReason.LENGTH)
    body, closed, _ = call.partition(CLOSE_TAG)
    assert closed
    value = json.loads(body)
    assert value["name"] == "look_up"
    assert set(value["arguments"]) <= {"word", "times"}
    assert len(value["arguments"]["word"]) <= 8


def test_call_that_finds_no_end_leaves_most_of_the_window(engine: EngineDriver, calling_model: Path) -> None:
    endless = replace(TOOL, parameters={"type": "object", "properties": {"word": {"type": "string"}}})
    window = engine.load(calling_model, n_ctx_tokens=1024).info.n_ctx_tokens
    cut = 0
    for seed in range(4):
        answer = engine.generate(
            [ChatMessage("user", "Hello")], tools=(endless,), sampling=Sampling(seed=seed, top_k=0, min_p=0.0)
        )
        usage = answer.done.usage
        before, tag, _call = answer.text.partition(OPEN_TAG)
        if tag and answer.done.reason is FinishReason.LENGTH:
            cut += 1
            assert usage.prompt_tokens + usage.generated_tokens < window, before
    assert cut
