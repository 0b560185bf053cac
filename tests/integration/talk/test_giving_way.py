"""Reading ahead gives way: a turn that begins, a stop, a model that is not there."""

import asyncio
from collections.abc import Sequence

import pytest

from assistant_app.core.errors import ModelError
from assistant_app.core.generation import ChatMessage, ToolSpec

from .conftest import StartVoiceBench, VoiceBench


class SlowReading:
    """Reads until it is cancelled, as an engine does that is stopped."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.stopped = False
        self.messages: Sequence[ChatMessage] = ()
        self.conversation_id = ""

    async def __call__(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec] = (), conversation_id: str = ""
    ) -> None:
        self.messages, self.conversation_id = messages, conversation_id
        self.began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.stopped = True
            raise


async def slow(bench: VoiceBench, monkeypatch: pytest.MonkeyPatch) -> SlowReading:
    reading = SlowReading()
    monkeypatch.setattr(bench.backend, "prefill", reading)
    return reading


async def test_a_press_lets_the_model_read_what_was_said_before(
    start: StartVoiceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = await start("Good morning.", "Fine.", speak_answers="never", system_prompt="Be kind.")
    chat = await bench.conversation()
    await bench.talk(chat.id, "hello")
    await bench.answered()
    reading = await slow(bench, monkeypatch)
    await bench.press(chat.id)
    await reading.began.wait()
    assert reading.conversation_id == chat.id
    assert [(m.role, m.content) for m in reading.messages] == [
        ("system", "Be kind."),
        ("user", "hello"),
        ("assistant", "Good morning."),
        ("user", ""),
    ]
    since = len(bench.events.events)
    bench.parts.recogniser.finals.append("how are you")
    await bench.release()
    await bench.answered(since)
    assert reading.stopped
    prompt = bench.backend.requests[-1].messages
    assert list(prompt[:-1]) == list(reading.messages[:-1]), "what was read is what is sent"


async def test_dictation_reads_nothing_ahead(start: StartVoiceBench) -> None:
    from assistant_app.core.voice import TalkTarget

    bench = await start()
    chat = await bench.conversation()
    bench.parts.recogniser.finals.append("dear all")
    await bench.press(chat.id, TalkTarget.COMPOSER)
    await bench.release()
    await bench.settle(lambda: bench.parts.recogniser.jobs == ["final"])
    assert not bench.backend.prefilled


async def test_a_typed_question_meanwhile_is_answered_at_once(
    start: StartVoiceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = await start("Typed answer.", speak_answers="never")
    chat, other = await bench.conversation(), await bench.conversation()
    reading = await slow(bench, monkeypatch)
    await bench.press(chat.id)
    await reading.began.wait()
    await bench.api.submit(other.id, "typed")
    assert (await bench.answered()).text == "Typed answer."
    assert reading.stopped


async def test_escape_ends_the_reading(start: StartVoiceBench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = await start()
    chat = await bench.conversation()
    reading = await slow(bench, monkeypatch)
    await bench.press(chat.id)
    await reading.began.wait()
    await bench.voice.cancel()
    await bench.settle(lambda: reading.stopped)


async def test_what_cannot_be_read_ahead_keeps_nobody_from_talking(
    start: StartVoiceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = await start("Yes.", speak_answers="never")

    async def broken(*_: object) -> None:
        raise ModelError()

    monkeypatch.setattr(bench.backend, "prefill", broken)
    chat = await bench.conversation()
    await bench.talk(chat.id, "hello")
    assert (await bench.answered()).text == "Yes."


async def test_the_sure_part_of_a_guess_is_read_where_there_are_cores(start: StartVoiceBench) -> None:
    bench = await start("Fine.", speak_answers="never", cores=8)
    chat = await bench.conversation()
    bench.parts.recogniser.partials.extend(["what is the", "what is the weather"])
    await bench.press(chat.id)
    await bench.settle(lambda: len(bench.backend.prefilled) == 1)
    for jobs in (1, 2):
        bench.clock.now += 1.3
        await bench.settle(lambda jobs=jobs: len(bench.parts.recogniser.jobs) == jobs)
    await bench.settle(lambda: len(bench.backend.prefilled) == 2)
    assert [messages[-1].content for messages in bench.backend.prefilled] == ["", "what is"]
