"""Answers with tool calls: the whole service with real tools; only the model's words are the test's."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from assistant_app.core.conversation import (
    AudioTranscriptPart,
    MessageState,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from assistant_app.core.events import (
    TextDelta,
    ToolCallEnded,
    ToolCallStarted,
    TurnEnded,
    TurnPhase,
    TurnProgress,
)
from assistant_app.paths import Paths
from assistant_app.settings import SettingsFile
from assistant_app.store.store import Store
from assistant_app.worker.service import AssistantService
from tests.fixtures.scripted_backend import ADD, SampleTools, ScriptedBackend, call, crash, scripted_service

from .conftest import Bench, Recorder

WAIT = call("wait", "{}")


class ToolBench(Bench):
    """A service with a scripted model."""

    backend: ScriptedBackend
    tools: SampleTools
    store: Store

    async def parts(self, conversation_id: str) -> tuple[Part, ...]:
        """Return the parts of the newest message as they are stored."""
        return (await self.api.open_conversation(conversation_id)).messages[-1].message.parts


StartToolBench = Callable[..., Awaitable[ToolBench]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[StartToolBench]:
    services: list[AssistantService] = []

    async def start_one(*texts: str | Exception, **options: Any) -> ToolBench:
        paths = Paths.under(tmp_path / "home")
        paths.ensure()
        settings = SettingsFile(paths.settings_file)
        settings.load()
        settings.change({"system_prompt": "Be kind."})
        backend, tools = ScriptedBackend(*texts, **options), SampleTools()
        service, store = scripted_service(paths, settings, backend, tools)
        recorder = Recorder()
        service.subscribe(recorder)
        await service.start()
        services.append(service)
        bench = ToolBench(service, recorder, settings)
        bench.backend, bench.tools, bench.store = backend, tools, store
        return bench

    yield start_one
    for service in services:
        await service.close()


def shape(parts: tuple[Part, ...]) -> list[tuple[str, str]]:
    """Return parts as (kind, what it says)."""
    kinds = {TextPart: "text", ToolCallPart: "call", ToolResultPart: "result"}
    said = {TextPart: "text", ToolCallPart: "name", ToolResultPart: "content"}
    return [(kinds[type(p)], getattr(p, said[type(p)])) for p in parts]  # type: ignore[index]


async def test_a_call_is_carried_out_and_the_answer_goes_on(start: StartToolBench) -> None:
    bench = await start(f"Let me see.\n{ADD}", "It is 19.")
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "12 plus 7?")
    assert shape(answer.parts) == [
        ("text", "Let me see."), ("call", "add"), ("result", "19"), ("text", "It is 19."),
    ]  # fmt: skip
    assert answer.state is MessageState.DONE and answer.text == "Let me see.\n\nIt is 19."
    assert await bench.parts(conversation.id) == answer.parts
    assert "".join(e.text for e in bench.events.of(TextDelta)) == "Let me see.It is 19."


async def test_the_events_of_a_call_come_in_order(start: StartToolBench) -> None:
    bench = await start(ADD, "It is 19.")
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "12 plus 7?")
    seen = [e for e in bench.events.events if getattr(e, "message_id", "") == answer.id]
    started, ended = bench.events.of(ToolCallStarted)[0], bench.events.of(ToolCallEnded)[0]
    working = next(e for e in bench.events.of(TurnProgress) if e.phase is TurnPhase.TOOL)
    assert seen.index(started) < seen.index(working) < seen.index(ended)
    assert started.call.call_id == ended.result.call_id and working.tool == "add"
    assert ended.result.content == "19" and not ended.result.is_error


async def test_the_model_reads_its_own_turns_again_in_the_answer_and_in_the_next(
    start: StartToolBench,
) -> None:
    bench = await start(f"Let me see.\n{ADD}", "It is 19.", "You are welcome.")
    conversation = await bench.api.create_conversation()
    await bench.ask(conversation.id, "12 plus 7?")
    await bench.ask(conversation.id, "Thanks")
    first, second, third = ([(m.role, m.content) for m in r.messages] for r in bench.backend.requests)
    assert first == [("system", "Be kind."), ("user", "12 plus 7?")]
    assert second == [*first, ("assistant", "Let me see."), ("tool", "19")]
    assert third == [*second, ("assistant", "It is 19."), ("user", "Thanks")]
    assert [len(r.tools) for r in bench.backend.requests] == [3, 3, 3]


async def test_a_call_without_its_end_is_carried_out(start: StartToolBench) -> None:
    bench = await start(ADD.removesuffix("}\n</tool_call>"), "It is 19.")
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "12 plus 7?")
    assert shape(answer.parts) == [("call", "add"), ("result", "19"), ("text", "It is 19.")]


async def test_a_call_that_cannot_be_read_is_told_to_the_model(start: StartToolBench) -> None:
    bench = await start("<tool_call>add(12, 7)</tool_call>", ADD, "It is 19.")
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "12 plus 7?")
    assert answer.text == "It is 19." and bench.tools.added == ["12 7"]
    refusal = bench.backend.requests[1].messages[-1]
    assert refusal.role == "tool" and refusal.content.startswith("error: This call could not be read: ")


async def test_a_model_that_only_repeats_itself_has_to_answer_without_tools(start: StartToolBench) -> None:
    bench = await start(ADD, ADD, ADD, f"It is 19.\n{ADD}")
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "12 plus 7?")
    assert bench.tools.added == ["12 7"] and answer.text == "It is 19."
    assert [len(request.tools) for request in bench.backend.requests] == [3, 3, 3, 0]
    assert len(answer.tool_calls) == 3 and all(result for _call, result in answer.tool_calls)


async def test_a_model_that_says_nothing_leaves_an_answer_all_the_same(start: StartToolBench) -> None:
    bench = await start(ADD, "")
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "12 plus 7?")
    assert answer.text == "The tool Adder gave: 19" and answer.state is MessageState.DONE


async def test_tools_are_kept_from_models_whose_template_knows_none(start: StartToolBench) -> None:
    bench = await start(f"Text: {ADD}", tools=False)
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "12 plus 7?")
    assert shape(answer.parts) == [("text", f"Text: {ADD}")]
    assert bench.backend.requests[0].tools == ()


async def test_tools_that_would_fill_a_small_window_are_not_offered(start: StartToolBench) -> None:
    bench = await start("Hello.", n_ctx_tokens=150)
    conversation = await bench.api.create_conversation()
    assert (await bench.ask(conversation.id, "Hi")).text == "Hello."
    assert bench.backend.requests[0].tools == ()
    assert "add" not in await bench.api.prompt_text(conversation.id, "Hi")


async def test_tools_and_results_are_counted(start: StartToolBench) -> None:
    bench = await start(ADD, "It is 19.")
    conversation = await bench.api.create_conversation()
    without = (await bench.api.context(conversation.id, "12 plus 7?")).used_tokens
    assert without >= 60
    assert "add" in await bench.api.prompt_text(conversation.id, "12 plus 7?")
    await bench.ask(conversation.id, "12 plus 7?")
    with_call = (await bench.api.context(conversation.id)).used_tokens
    assert with_call > without + 10


async def test_stop_while_a_tool_works_is_quick_and_leaves_a_whole_conversation(
    start: StartToolBench,
) -> None:
    bench = await start(WAIT, "Yes?")
    conversation = await bench.api.create_conversation()
    await bench.api.submit(conversation.id, "Wait")
    await bench.events.wait(lambda e: isinstance(e, TurnProgress) and e.phase is TurnPhase.TOOL)
    began = time.monotonic()
    await bench.api.stop(conversation.id)
    assert time.monotonic() - began < 0.1
    message = (await bench.api.open_conversation(conversation.id)).messages[-1].message
    assert message.state is MessageState.STOPPED
    assert shape(message.parts) == [("call", "wait"), ("result", "error: stopped")]
    assert (await bench.ask(conversation.id, "Again")).text == "Yes?"
    assert [m.content for m in bench.backend.requests[-1].messages][-2:] == ["error: stopped", "Again"]


async def test_a_call_is_in_the_database_while_its_tool_works(start: StartToolBench) -> None:
    bench = await start(WAIT)
    conversation = await bench.api.create_conversation()
    await bench.api.submit(conversation.id, "Wait")
    await bench.events.wait(lambda e: isinstance(e, TurnProgress) and e.phase is TurnPhase.TOOL)
    message_id = bench.events.of(ToolCallStarted)[0].message_id
    while not (stored := bench.store.message(message_id)).parts:
        await asyncio.sleep(0.01)
    assert shape(stored.parts) == [("call", "wait")] and stored.state is MessageState.STREAMING


async def test_stop_in_the_middle_of_a_call_drops_the_half_call(start: StartToolBench) -> None:
    bench = await start('Let me see.\n<tool_call>\n{"name": "add", "argu…')
    conversation = await bench.api.create_conversation()
    await bench.api.submit(conversation.id, "12 plus 7?")
    await bench.events.wait(lambda e: isinstance(e, TextDelta))
    await bench.api.stop(conversation.id)
    assert shape(await bench.parts(conversation.id)) == [("text", "Let me see.")]
    assert bench.tools.added == []


async def test_a_crash_after_a_call_keeps_the_call_and_its_result(start: StartToolBench) -> None:
    bench = await start(ADD, crash(), "It is 19.")
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "12 plus 7?")
    assert answer.state is MessageState.ERROR and "signal 9" in answer.error
    assert shape(answer.parts) == [("call", "add"), ("result", "19")]
    since = len(bench.events.events)
    await bench.api.continue_answer(answer.id)
    longer = await bench.ended(since)
    assert shape(longer.parts) == [("call", "add"), ("result", "19"), ("text", "It is 19.")]
    assert bench.tools.added == ["12 7"]


async def test_an_answer_that_was_interrupted_in_a_call_can_be_continued(start: StartToolBench) -> None:
    bench = await start("One", "It was stopped.")
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "Hello")
    # What is in the database after the process died while a tool worked.
    torn = (TextPart("Let me see."), ToolCallPart("c1", "wait", {}))
    bench.store.update_message(
        type(answer)(**{**_fields(answer), "parts": torn, "state": MessageState.INTERRUPTED})
    )
    since = len(bench.events.events)
    await bench.api.continue_answer(answer.id)
    longer = await bench.ended(since)
    assert shape(longer.parts) == [
        ("text", "Let me see."), ("call", "wait"), ("result", "error: stopped"), ("text", "It was stopped."),
    ]  # fmt: skip
    request = bench.backend.requests[-1]
    assert request.continue_text == "" and request.messages[-1].content == "error: stopped"


async def test_the_last_text_of_an_answer_with_calls_is_continued(start: StartToolBench) -> None:
    bench = await start(ADD, "It is…", " 19.")
    conversation = await bench.api.create_conversation()
    await bench.api.submit(conversation.id, "12 plus 7?")
    await bench.events.wait(lambda e: isinstance(e, TextDelta))
    await bench.api.stop(conversation.id)
    answer = (await bench.api.open_conversation(conversation.id)).messages[-1].message
    since = len(bench.events.events)
    await bench.api.continue_answer(answer.id)
    longer = await bench.ended(since)
    assert shape(longer.parts) == [("call", "add"), ("result", "19"), ("text", "It is 19.")]
    assert bench.backend.requests[-1].continue_text == "It is"
    assert bench.backend.requests[-1].messages[-1].content == "19"


async def test_a_receipt_is_of_the_last_turn_and_its_replay_runs_no_tool(start: StartToolBench) -> None:
    bench = await start(ADD, "It is 19.", "It is 19.", "It is 20.")
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "12 plus 7?")
    receipt = await bench.api.receipt(answer.id)
    assert receipt.answer == "It is 19." and "tool: 19" in receipt.prompt
    assert answer.usage is not None and answer.usage.generated_tokens > receipt.usage.generated_tokens
    assert (await bench.api.replay(answer.id)).same
    assert not (await bench.api.replay(answer.id)).same
    assert bench.tools.added == ["12 7"]
    assert [spec.name for spec in bench.backend.requests[-1].tools] == ["add", "wait", "talk"]


async def test_a_result_that_fills_the_window_is_cut(start: StartToolBench) -> None:
    bench = await start(call("talk", "{}"), "So much.", n_ctx_tokens=2048)
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "Talk")
    assert answer.text == "So much." and answer.state is MessageState.DONE
    result = answer.parts[1]
    assert isinstance(result, ToolResultPart) and len(result.content) <= 1024


async def test_results_that_fill_the_window_together_end_in_an_answer(start: StartToolBench) -> None:
    bench = await start(*(call("talk", f'{{"n": {n}}}') for n in range(8)), n_ctx_tokens=512)
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "Talk")
    assert answer.state is MessageState.LENGTH
    assert answer.text.startswith("The tool Talking gave: word word")
    assert len(bench.backend.requests) < 8


async def test_spoken_words_are_answered_like_typed_ones(start: StartToolBench) -> None:
    bench = await start(ADD, "It is 19.", "Two")
    conversation = await bench.api.create_conversation()
    spoken = AudioTranscriptPart("twelve plus seven", "en", 1.5)
    since = len(bench.events.events)
    question = await bench.api.submit(conversation.id, spoken)
    await bench.api.submit(conversation.id, AudioTranscriptPart("and two", "en", 0.5))
    first = await bench.ended(since)
    await bench.events.wait(lambda e: isinstance(e, TurnEnded) and e.message.id != first.id, since)
    view = await bench.api.open_conversation(conversation.id)
    assert question.parts == (spoken,) and view.messages[0].message.parts == (spoken,)
    assert view.conversation.title == "twelve plus seven"
    assert first.text == "It is 19."
    assert view.messages[2].message.parts == (AudioTranscriptPart("and two", "en", 0.5),)


def _fields(message: Any) -> dict[str, Any]:
    return {name: getattr(message, name) for name in message.__dataclass_fields__}
