"""The loop of model turns and tool calls, on tools that really run."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from assistant_app.core import agent as agent_module
from assistant_app.core.agent import Agent, ModelTurn
from assistant_app.core.conversation import ToolCallPart, ToolResultPart
from assistant_app.core.generation import ToolSpec
from assistant_app.core.toolcalls import UNREADABLE
from assistant_app.core.tools import Risk, Tool, ToolError


def tool(name: str, run: Any, timeout_s: float = 5.0) -> Tool:
    parameters = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": []}
    return Tool(ToolSpec(name, f"Does {name}.", parameters), Risk.READ, name.title(), run, timeout_s)


class Counter:
    """A tool that returns how often it was called."""

    def __init__(self) -> None:
        self.calls: list[Mapping[str, Any]] = []

    async def __call__(self, arguments: Mapping[str, Any]) -> str:
        self.calls.append(arguments)
        return f"call {len(self.calls)}"


class ScriptedDesk:
    """A model that writes what it was told to, and a notebook of what happened."""

    def __init__(self, *turns: ModelTurn) -> None:
        self._turns = list(turns)
        self.offered: list[bool] = []
        self.started: list[str] = []
        self.results: list[ToolResultPart] = []
        self.said: list[str] = []

    async def write(self, *, with_tools: bool) -> ModelTurn:
        self.offered.append(with_tools)
        return self._turns.pop(0) if len(self._turns) > 1 else self._turns[0]

    def tool_started(self, call: ToolCallPart) -> None:
        self.started.append(call.name)

    def tool_ended(self, result: ToolResultPart) -> None:
        self.results.append(result)

    def say(self, text: str) -> None:
        self.said.append(text)


TEXT = ModelTurn((), has_text=True)
NOTHING = ModelTurn()


def asks(*calls: tuple[str, dict[str, Any]]) -> ModelTurn:
    return ModelTurn(tuple(ToolCallPart(f"c{i}", name, args) for i, (name, args) in enumerate(calls)))


async def run(desk: ScriptedDesk, tools: Sequence[Tool], **options: Any) -> None:
    await Agent(desk, tools, asyncio.Event(), lambda sentence: sentence, **options).run()


async def test_an_answer_without_calls_is_one_turn() -> None:
    desk = ScriptedDesk(TEXT)
    await run(desk, [tool("count", Counter())])
    assert desk.offered == [True] and not desk.results and not desk.said


async def test_calls_are_carried_out_in_order_and_the_model_goes_on() -> None:
    desk = ScriptedDesk(asks(("count", {"n": 1}), ("count", {"n": 2})), TEXT)
    await run(desk, [tool("count", Counter())])
    assert [(r.call_id, r.content, r.is_error) for r in desk.results] == [
        ("c0", "call 1", False),
        ("c1", "call 2", False),
    ]
    assert desk.offered == [True, True] and desk.started == ["count", "count"]


async def test_arguments_reach_the_tool_as_they_were_written() -> None:
    counter = Counter()
    await run(ScriptedDesk(asks(("count", {"n": "7"})), TEXT), [tool("count", counter)])
    assert counter.calls == [{"n": "7"}]


async def test_an_unknown_tool_is_refused_with_the_names_of_those_there_are() -> None:
    desk = ScriptedDesk(asks(("fly", {})), TEXT)
    await run(desk, [tool("count", Counter()), tool("walk", Counter())])
    assert desk.results[0].content == 'error: There is no tool "fly"; there are: count, walk.'
    assert desk.results[0].is_error and not desk.started


async def test_a_call_that_cannot_be_read_is_refused_with_the_reason() -> None:
    desk = ScriptedDesk(asks((UNREADABLE, {"text": "count(1)"})), TEXT)
    await run(desk, [tool("count", Counter())])
    assert desk.results[0].content.startswith("error: This call could not be read: the JSON has")


async def test_a_tools_own_error_and_a_fault_are_told_apart(caplog: pytest.LogCaptureFixture) -> None:
    async def refuse(_arguments: Mapping[str, Any]) -> str:
        raise ToolError("There is no {thing}.", thing="window")

    def broken(_arguments: Mapping[str, Any]) -> Any:
        raise ZeroDivisionError("secret path")

    desk = ScriptedDesk(asks(("refuse", {}), ("broken", {})), TEXT)
    await run(desk, [tool("refuse", refuse), tool("broken", broken)])
    assert [r.content for r in desk.results] == ["error: There is no window.", "error: The tool failed."]
    assert "ZeroDivisionError" in caplog.text


async def test_a_tool_that_takes_too_long_is_given_up() -> None:
    cancelled = asyncio.Event()

    async def hang(_arguments: Mapping[str, Any]) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return ""

    desk = ScriptedDesk(asks(("hang", {})), TEXT)
    await run(desk, [tool("hang", hang, timeout_s=0.01)])
    await asyncio.wait_for(cancelled.wait(), 5)
    assert desk.results[0].content == "error: The tool did not answer within 0.01 seconds."
    assert desk.results[0].duration_s >= 0.01


async def test_stop_does_not_wait_for_a_tool_that_will_not_end() -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def stubborn(_arguments: Mapping[str, Any]) -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await release.wait()
        return "late"

    stop = asyncio.Event()
    desk = ScriptedDesk(asks(("stubborn", {})), TEXT)
    running = asyncio.create_task(
        Agent(desk, [tool("stubborn", stubborn)], stop, lambda sentence: sentence).run()
    )
    await begun.wait()
    stopped = time.monotonic()
    stop.set()
    await running
    assert time.monotonic() - stopped < 0.1
    assert desk.results == [] and desk.offered == [True]
    release.set()


async def test_the_same_call_again_gets_the_earlier_result_and_the_third_ends_the_loop() -> None:
    counter = Counter()
    same = asks(("count", {"n": 1}))
    desk = ScriptedDesk(same, same, same, TEXT)
    await run(desk, [tool("count", counter)])
    assert len(counter.calls) == 1
    remark = "\n(This is the earlier result of the same call; use it to answer.)"
    assert [r.content for r in desk.results] == ["call 1", f"call 1{remark}", f"call 1{remark}"]
    assert desk.offered == [True, True, True, False]


async def test_when_the_budget_is_spent_the_model_answers_without_tools() -> None:
    turns = [asks(("count", {"n": n})) for n in range(20)]
    desk = ScriptedDesk(*turns[: agent_module.MAX_TURNS], TEXT)
    await run(desk, [tool("count", Counter())])
    assert desk.offered == [True] * agent_module.MAX_TURNS + [False]
    assert len(desk.results) == agent_module.MAX_TURNS and not desk.said


async def test_there_is_always_an_answer() -> None:
    desk = ScriptedDesk(asks(("count", {})), NOTHING)
    await run(desk, [tool("count", Counter())])
    assert desk.said == ["The tool Count gave: call 1"]

    desk = ScriptedDesk(asks(("fly", {})), NOTHING)
    await run(desk, [tool("count", Counter())])
    assert desk.said == ['The tool fly could not help: There is no tool "fly"; there are: count.']

    desk = ScriptedDesk(asks(("count", {"n": 1})))
    await run(desk, [tool("count", Counter())])
    assert desk.said == ["The tool Count gave: call 1"]


async def test_a_long_result_is_cut() -> None:
    async def talk(_arguments: Mapping[str, Any]) -> str:
        return "word " * 1000

    desk = ScriptedDesk(asks(("talk", {})), TEXT)
    await run(desk, [tool("talk", talk)], max_result_chars=500)
    assert len(desk.results[0].content) <= 500 and desk.results[0].content.endswith("…")


async def test_without_tools_none_are_offered() -> None:
    desk = ScriptedDesk(TEXT)
    await run(desk, [])
    assert desk.offered == [False]


async def test_nothing_follows_a_turn_that_was_cut_off() -> None:
    counter = Counter()
    desk = ScriptedDesk(ModelTurn(asks(("count", {})).calls, cancelled=True))
    await run(desk, [tool("count", counter)])
    assert desk.offered == [True] and not counter.calls and not desk.said
