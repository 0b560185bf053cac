"""Turns, branches, queue, receipts: the product without a face, on real parts."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest

from assistant_app.core.conversation import MessageState, Role
from assistant_app.core.errors import Cancelled, NotFound
from assistant_app.core.events import (
    ContextReport,
    TextDelta,
    TurnEnded,
    TurnPhase,
    TurnProgress,
    TurnStarted,
    Visibility,
)
from assistant_app.core.sampling import Sampling
from assistant_app.paths import resources

from .conftest import Bench, StartBench

LONG = 600
"""Tokens of an answer that is still running when a test acts on it."""


async def writing(bench: Bench, since: int = 0) -> None:
    await bench.events.wait(lambda e: isinstance(e, TextDelta), since)


async def test_a_question_is_stored_and_answered(start_bench: StartBench) -> None:
    bench = await start_bench()
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "Hello there")
    assert answer.state in (MessageState.DONE, MessageState.LENGTH)
    assert answer.text
    assert answer.usage is not None and answer.usage.generated_tokens > 0
    view = await bench.api.open_conversation(conversation.id)
    assert [s.message.role for s in view.messages] == [Role.USER, Role.ASSISTANT]
    assert view.messages[1].message.text == answer.text
    assert view.conversation.title == "Hello there"
    assert "".join(e.text for e in bench.events.of(TextDelta)) == answer.text


async def test_the_events_of_a_turn_come_in_order(start_bench: StartBench) -> None:
    bench = await start_bench()
    conversation = await bench.api.create_conversation()
    await bench.ask(conversation.id, "Hello")
    kinds = [type(e) for e in bench.events.events]
    assert (
        kinds.index(TurnStarted)
        < kinds.index(ContextReport)
        < kinds.index(TextDelta)
        < kinds.index(TurnEnded)
    )
    phases = [e.phase for e in bench.events.of(TurnProgress)]
    assert phases[0] is TurnPhase.LOADING and phases[-1] is TurnPhase.WRITING


async def test_stop_keeps_what_was_streamed(start_bench: StartBench) -> None:
    bench = await start_bench(max_tokens=LONG)
    conversation = await bench.api.create_conversation()
    await bench.api.submit(conversation.id, "Write a lot")
    await writing(bench)
    await bench.api.stop(conversation.id)
    seen = "".join(e.text for e in bench.events.of(TextDelta))
    message = (await bench.api.open_conversation(conversation.id)).messages[-1].message
    assert message.state is MessageState.STOPPED
    assert message.text == seen


async def test_stop_while_the_model_loads_ends_the_turn(start_bench: StartBench) -> None:
    bench = await start_bench()
    conversation = await bench.api.create_conversation()
    await bench.api.submit(conversation.id, "Hello")
    await bench.api.stop(conversation.id)
    message = (await bench.api.open_conversation(conversation.id)).messages[-1].message
    assert message.state is MessageState.STOPPED
    assert (await bench.ask(conversation.id, "Again")).text


async def test_an_answer_goes_on_where_it_was_stopped(start_bench: StartBench) -> None:
    bench = await start_bench()
    conversation = await bench.api.create_conversation()
    first = await bench.ask(conversation.id, "Hello")
    since = len(bench.events.events)
    await bench.api.continue_answer(first.id)
    longer = await bench.ended(since)
    assert longer.id == first.id
    assert longer.text.startswith(first.text) and len(longer.text) > len(first.text)


async def test_what_is_typed_meanwhile_waits_and_is_sent_next(start_bench: StartBench) -> None:
    bench = await start_bench(max_tokens=60)
    conversation = await bench.api.create_conversation()
    await bench.api.submit(conversation.id, "first")
    await bench.api.submit(conversation.id, "second")
    view = await bench.api.open_conversation(conversation.id)
    assert [q.text for q in view.queued] == ["second"] and view.answering
    await bench.api.edit_queued(conversation.id, view.queued[0].id, "second, edited")
    await bench.events.wait(lambda e: isinstance(e, TurnEnded))
    count = len(bench.events.events)
    await bench.ended(count)
    texts = [s.message.text for s in (await bench.api.open_conversation(conversation.id)).messages]
    assert texts[0] == "first" and texts[2] == "second, edited"


async def test_stop_leaves_the_queue_for_the_user_to_decide(start_bench: StartBench) -> None:
    bench = await start_bench(max_tokens=LONG)
    conversation = await bench.api.create_conversation()
    await bench.api.submit(conversation.id, "first")
    await writing(bench)
    await bench.api.submit(conversation.id, "second")
    await bench.api.stop(conversation.id)
    view = await bench.api.open_conversation(conversation.id)
    assert [q.text for q in view.queued] == ["second"] and not view.answering
    await bench.api.submit(conversation.id, "")
    assert (await bench.api.open_conversation(conversation.id)).messages[-2].message.text == "second"


async def test_regenerate_and_edit_make_versions_and_keep_the_old_ones(start_bench: StartBench) -> None:
    bench = await start_bench()
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "one")
    since = len(bench.events.events)
    await bench.api.regenerate(answer.id)
    again = await bench.ended(since)
    view = await bench.api.open_conversation(conversation.id)
    assert view.messages[-1].versions == (answer.id, again.id)
    assert view.messages[-1].version == 2
    await bench.api.select_version(answer.id)
    assert (await bench.api.open_conversation(conversation.id)).messages[-1].message.id == answer.id

    since = len(bench.events.events)
    edited = await bench.api.edit(view.messages[0].message.id, "two")
    await bench.ended(since)
    view = await bench.api.open_conversation(conversation.id)
    assert view.messages[0].message.id == edited.id and len(view.messages[0].versions) == 2


async def test_a_fork_copies_the_branch_and_leaves_the_original(start_bench: StartBench) -> None:
    bench = await start_bench()
    conversation = await bench.api.create_conversation(system_prompt="Be kind.")
    await bench.ask(conversation.id, "one")
    await bench.ask(conversation.id, "two")
    view = await bench.api.open_conversation(conversation.id)
    since = len(bench.events.events)
    fork = await bench.api.fork(view.messages[2].message.id, "three")
    await bench.ended(since)
    forked = await bench.api.open_conversation(fork.id)
    assert [s.message.text for s in forked.messages][:3] == ["one", view.messages[1].message.text, "three"]
    assert forked.conversation.system_prompt == "Be kind."
    assert len((await bench.api.open_conversation(conversation.id)).messages) == 4


async def test_the_users_wording_stands_beside_the_answer(start_bench: StartBench) -> None:
    bench = await start_bench()
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "one")
    await bench.api.edit_answer(answer.id, "My own words")
    shown = (await bench.api.open_conversation(conversation.id)).messages[-1]
    assert shown.message.text == "My own words" and len(shown.versions) == 2


async def test_deleting_counts_first_and_can_be_undone(start_bench: StartBench) -> None:
    bench = await start_bench()
    conversation = await bench.api.create_conversation()
    await bench.ask(conversation.id, "one")
    await bench.ask(conversation.id, "two")
    view = await bench.api.open_conversation(conversation.id)
    third = view.messages[2].message.id
    assert await bench.api.count_below(third) == (1, 1)
    await bench.api.delete_message(third)
    assert len((await bench.api.open_conversation(conversation.id)).messages) == 2
    await bench.api.restore_trash((await bench.api.trash())[0].id)
    assert len((await bench.api.open_conversation(conversation.id)).messages) == 4


async def test_a_receipt_runs_again_to_the_same_answer(start_bench: StartBench) -> None:
    # A trained model: with random weights two tokens can be so near that the cache decides between them.
    model = str(resources() / "models" / "pocket.gguf")
    bench = await start_bench(model=model, temperature=0.9, max_tokens=30)
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "Tell me something")
    receipt = await bench.api.receipt(answer.id)
    assert "Tell me something" in receipt.prompt
    assert len(receipt.model_sha256) == 64
    assert receipt.seed == answer.usage.seed if answer.usage else False
    replay = await bench.api.replay(answer.id)
    assert replay.same, (replay.answer, receipt.answer)
    assert replay.changed == ()


async def test_a_receipt_from_the_middle_of_a_conversation_runs_again(start_bench: StartBench) -> None:
    bench = await start_bench(temperature=0.9, max_tokens=20)
    conversation = await bench.api.create_conversation()
    answers = [await bench.ask(conversation.id, f"Question {number}") for number in range(3)]
    assert (await bench.api.replay(answers[1].id)).same
    assert (await bench.api.replay(answers[2].id)).same


async def test_the_prompt_view_shows_exactly_what_is_sent(start_bench: StartBench) -> None:
    bench = await start_bench()
    conversation = await bench.api.create_conversation(system_prompt="Be brief.")
    shown = await bench.api.prompt_text(conversation.id, "How are you?")
    answer = await bench.ask(conversation.id, "How are you?")
    assert (await bench.api.receipt(answer.id)).prompt == shown
    assert "Be brief." in shown


async def test_what_no_longer_fits_is_shortened_and_told(start_bench: StartBench) -> None:
    bench = await start_bench(n_ctx=512, max_tokens=16)
    conversation = await bench.api.create_conversation(system_prompt="S")
    for number in range(8):
        answer = await bench.ask(conversation.id, f"Question number {number}. " + "word " * 20)
        assert answer.state in (MessageState.DONE, MessageState.LENGTH), answer.error
    report = bench.events.of(ContextReport)[-1]
    seen = [item.visibility for item in report.items]
    assert Visibility.WHOLE in seen
    assert Visibility.SUMMARISED in seen or Visibility.DROPPED in seen
    assert report.used_tokens <= report.available_tokens
    assert len(report.items) == 1 + 15  # nothing is left out of the view: the system prompt and every message


async def test_a_question_longer_than_the_context_is_refused_in_one_sentence(start_bench: StartBench) -> None:
    bench = await start_bench(n_ctx=512)
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "word " * 5000)
    assert answer.state is MessageState.ERROR
    assert "512" in answer.error or "tokens" in answer.error
    view = await bench.api.open_conversation(conversation.id)
    assert view.messages[0].message.text.startswith("word word")


async def test_a_missing_model_is_said_and_the_question_is_kept(
    start_bench: StartBench, tmp_path: Path
) -> None:
    bench = await start_bench(model=str(tmp_path / "gone.gguf"))
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "Hello")
    assert answer.state is MessageState.ERROR and answer.error
    assert (await bench.api.open_conversation(conversation.id)).messages[0].message.text == "Hello"


async def test_a_killed_engine_costs_nothing_that_was_streamed(start_bench: StartBench) -> None:
    bench = await start_bench(max_tokens=LONG)
    conversation = await bench.api.create_conversation()
    await bench.api.submit(conversation.id, "Write a lot")
    await writing(bench)
    pid = bench.api._parts.engine.pid  # type: ignore[union-attr]
    assert pid
    os.kill(pid, signal.SIGKILL)
    answer = await bench.ended()
    assert answer.state is MessageState.ERROR and answer.error
    assert answer.text == "".join(e.text for e in bench.events.of(TextDelta))
    bench.settings.change({"max_tokens": 10})
    since = len(bench.events.events)
    await bench.api.regenerate(answer.id)
    assert (await bench.ended(since)).state in (MessageState.DONE, MessageState.LENGTH)


async def test_two_conversations_take_turns_in_the_engine(start_bench: StartBench) -> None:
    bench = await start_bench(max_tokens=60)
    one = await bench.api.create_conversation()
    two = await bench.api.create_conversation()
    await bench.api.submit(one.id, "first")
    await bench.api.submit(two.id, "second")
    await bench.events.wait(lambda e: isinstance(e, TurnEnded) and e.conversation_id == two.id)
    phases = [e.phase for e in bench.events.of(TurnProgress) if e.conversation_id == two.id]
    assert phases[0] is TurnPhase.WAITING


async def test_a_conversation_has_its_own_sampling(start_bench: StartBench) -> None:
    bench = await start_bench()
    conversation = await bench.api.create_conversation()
    await bench.api.configure(conversation.id, system_prompt="X", sampling=Sampling(max_tokens=3))
    answer = await bench.ask(conversation.id, "Hello")
    assert answer.usage is not None and answer.usage.generated_tokens <= 3
    assert answer.state is MessageState.LENGTH


async def test_drafts_and_the_last_conversation_are_remembered(start_bench: StartBench) -> None:
    bench = await start_bench()
    await bench.api.save_draft("", "not sent yet")
    assert (await bench.api.open_conversation("")).draft == "not sent yet"
    one = await bench.api.create_conversation()
    await bench.api.create_conversation()
    await bench.api.save_draft(one.id, "half a ques")
    assert (await bench.api.open_conversation(one.id)).draft == "half a ques"
    assert await bench.api.latest_conversation() == one.id


async def test_search_finds_titles_and_answers(start_bench: StartBench) -> None:
    bench = await start_bench()
    conversation = await bench.api.create_conversation()
    await bench.ask(conversation.id, "Where is the zephyr? 你好世界")
    assert [row.id for row in await bench.api.conversations("zephyr")]
    assert [row.id for row in await bench.api.conversations("世界")]
    assert await bench.api.conversations("nowhere-to-be-found") == []


async def test_a_receipt_that_does_not_exist_is_said(start_bench: StartBench) -> None:
    bench = await start_bench()
    with pytest.raises(NotFound):
        await bench.api.receipt("gone")


async def test_a_model_that_is_too_big_can_be_loaded_anyway(
    start_bench: StartBench, tiny_model: Path
) -> None:
    bench = await start_bench(n_ctx=2048)
    row = await bench.api.add_model(tiny_model)
    await bench.api.choose_model(row.id, anyway=True)
    plan = bench.api._parts.catalogue.plan(row.id)  # type: ignore[union-attr]
    assert plan.ignore_memory
    conversation = await bench.api.create_conversation()
    assert (await bench.ask(conversation.id, "Hello")).text


async def test_a_question_sent_while_the_model_loads_for_the_token_count_is_loading(
    start_bench: StartBench,
) -> None:
    bench = await start_bench()
    conversation = await bench.api.create_conversation()
    looking = asyncio.create_task(bench.api.context(conversation.id, "typed"))
    while not bench.api._turns.engine_lock.locked():
        await asyncio.sleep(0)
    await bench.api.submit(conversation.id, "typed")
    answer = await bench.ended()
    assert answer.text
    phases = [e.phase for e in bench.events.of(TurnProgress)]
    assert phases[0] is TurnPhase.LOADING and TurnPhase.WAITING not in phases
    assert (await looking).items


async def test_stop_also_ends_the_load_that_the_token_count_began(start_bench: StartBench) -> None:
    bench = await start_bench()
    conversation = await bench.api.create_conversation()
    looking = asyncio.create_task(bench.api.context(conversation.id, "typed"))
    while not bench.api._turns.engine_lock.locked():
        await asyncio.sleep(0)
    await bench.api.submit(conversation.id, "typed")
    while not bench.events.of(TurnProgress):
        await asyncio.sleep(0)
    await bench.api.stop(conversation.id)
    assert (await bench.ended()).state is MessageState.STOPPED
    with contextlib.suppress(Cancelled):
        await looking
    assert (await bench.ask(conversation.id, "again")).text
