"""Answers read aloud while they are written, and what is left of them when the user cuts in."""

import asyncio

import pytest

from assistant_app.core.conversation import MessageState, Role, TextPart, ToolCallPart, ToolResultPart
from assistant_app.core.errors import EngineStopped
from assistant_app.core.events import Notice, SpokenProgress, TextDelta, TurnEnded
from assistant_app.core.voice import SpeakOptions, TalkState, VoiceMissing
from assistant_app.worker.voice.reading import CHARS_PER_S, OUTPUT_LATENCY_S
from tests.fixtures.scripted_backend import ADD

from .conftest import StartVoiceBench, VoiceBench

LONG = "The first sentence is here. The second sentence follows it. The third one ends it all."
FIRST = "The first sentence is here."


async def speaking(bench: VoiceBench, pieces: int = 1) -> None:
    """Wait until so many pieces have been given to the voice."""
    await bench.settle(lambda: len(bench.parts.speaker.said) >= pieces)


# --- reading
async def test_the_answer_to_a_spoken_question_is_read_in_pieces(start: StartVoiceBench) -> None:
    bench = await start(LONG)
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await bench.answered()
    await bench.reached(TalkState.IDLE, since=1)
    said = bench.parts.speaker.said
    assert " ".join(text for text, _language in said) == LONG
    assert said[0] == (FIRST, "en")
    progress = bench.events.of(SpokenProgress)
    assert [event.speaking for event in progress] == [True, False]


async def test_the_first_sentence_is_spoken_before_the_answer_is_finished(start: StartVoiceBench) -> None:
    bench = await start(f"{FIRST} And then it goes on and on…")
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await speaking(bench)
    assert bench.api.voice.talk.state in (TalkState.SPEAKING, TalkState.THINKING)
    assert not bench.events.of(TurnEnded)
    await bench.api.stop(chat.id)


async def test_no_more_than_two_pieces_wait_in_the_voice(start: StartVoiceBench) -> None:
    bench = await start(" ".join(f"This is sentence number {n}." for n in range(8)))
    bench.parts.speaker.quick = False
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await bench.answered()
    for spoken in range(8):
        await speaking(bench, min(8, spoken + 2))
        assert len(bench.parts.speaker.said) == min(8, spoken + 2)
        bench.parts.speaker.end_piece()
    await bench.reached(TalkState.IDLE, since=1)
    assert bench.parts.speaker.most_waiting == 2


@pytest.mark.parametrize(("choice", "typed", "spoken"), [("spoken", 0, 1), ("always", 1, 1), ("never", 0, 0)])
async def test_which_answers_are_read(start: StartVoiceBench, choice: str, typed: int, spoken: int) -> None:
    bench = await start("To the typed one.", "To the spoken one.", speak_answers=choice)
    chat = await bench.conversation()
    await bench.api.submit(chat.id, "typed")
    await bench.answered()
    await bench.settle(lambda: len(bench.parts.speaker.said) == typed)
    since = len(bench.events.events)
    await bench.talk(chat.id, "spoken")
    await bench.answered(since)
    await bench.reached(TalkState.IDLE, since)
    assert len(bench.parts.speaker.said) == typed + spoken


async def test_what_is_written_after_a_tool_is_a_sentence_of_its_own(start: StartVoiceBench) -> None:
    bench = await start(f"Let me add that{ADD}", "It is nineteen")
    chat = await bench.conversation()
    await bench.talk(chat.id, "add twelve and seven")
    await bench.answered()
    await bench.reached(TalkState.IDLE, since=1)
    assert [text for text, _ in bench.parts.speaker.said] == ["Let me add that", "It is nineteen"]


async def test_any_message_can_be_read_again(start: StartVoiceBench) -> None:
    bench = await start(LONG)
    chat = await bench.conversation()
    await bench.api.submit(chat.id, "typed")
    answer = await bench.answered()
    await bench.voice.say(answer.id)
    await bench.settle(lambda: len(bench.events.of(SpokenProgress)) == 2)
    assert " ".join(text for text, _ in bench.parts.speaker.said) == LONG
    assert bench.events.of(SpokenProgress)[0].message_id == answer.id


async def test_the_voice_can_be_held_and_goes_on(start: StartVoiceBench) -> None:
    bench = await start(LONG)
    bench.parts.speaker.quick = False
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await speaking(bench)
    await bench.voice.pause(True)
    assert bench.parts.speaker.paused and bench.events.of(SpokenProgress)[-1].paused
    await bench.voice.pause(False)
    assert not bench.parts.speaker.paused and not bench.events.of(SpokenProgress)[-1].paused


async def test_silence_lets_the_answer_be_written(start: StartVoiceBench) -> None:
    bench = await start(f"{LONG} It goes on…")
    bench.parts.speaker.quick = False
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await speaking(bench)
    await bench.voice.hush()
    assert bench.parts.speaker.hushed == 1
    assert (await bench.api.open_conversation(chat.id)).answering
    await bench.api.stop(chat.id)
    assert (await bench.texts(chat.id))[-1] == f"{LONG} It goes on"


async def test_the_stop_button_silences_too(start: StartVoiceBench) -> None:
    bench = await start(f"{LONG} It goes on…")
    bench.parts.speaker.quick = False
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await speaking(bench)
    await bench.api.stop(chat.id)
    await bench.reached(TalkState.IDLE, since=1)
    assert bench.parts.speaker.hushed == 1


async def test_where_nothing_can_speak_it_is_said_once_and_text_goes_on(start: StartVoiceBench) -> None:
    bench = await start("One.", "Two.")
    bench.parts.speaker.error = VoiceMissing()
    chat = await bench.conversation()
    for words in ("first", "second"):
        since = len(bench.events.events)
        await bench.talk(chat.id, words)
        await bench.answered(since)
        await bench.reached(TalkState.IDLE, since)
    notices = [event for event in bench.events.of(Notice) if event.code == "no-voice"]
    assert len(notices) == 1 and "espeak-ng" in notices[0].sentence
    assert await bench.texts(chat.id) == ["first", "One.", "second", "Two."]


async def test_a_voice_that_dies_ends_the_reading_only(start: StartVoiceBench) -> None:
    bench = await start(LONG, "Two.")
    bench.parts.speaker.error = EngineStopped(reason="signal 9")
    chat = await bench.conversation()
    await bench.talk(chat.id, "first")
    await bench.answered()
    await bench.reached(TalkState.IDLE, since=1)
    bench.parts.speaker.error = None
    since = len(bench.events.events)
    await bench.talk(chat.id, "second")
    await bench.answered(since)
    await bench.settle(lambda: [text for text, _ in bench.parts.speaker.said] == ["Two."])


# --- barge-in
async def test_a_press_silences_stops_and_keeps_what_was_heard(start: StartVoiceBench) -> None:
    bench = await start(f"{LONG} It goes on…", "Yes.")
    bench.parts.speaker.quick = False
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await speaking(bench, 2)
    bench.clock.now += 2.0
    bench.parts.speaker.end_piece()  # the first sentence was heard; the second has just begun
    await bench.settle(lambda: bench.parts.speaker.most_waiting == 2 and len(bench.parts.speaker.said) == 3)
    bench.clock.now += len("The second") / CHARS_PER_S + 0.05
    await bench.press(chat.id)  # a second later, by this bench's way of pressing
    answer = await bench.answered()
    assert bench.parts.speaker.hushed == 1
    assert answer.state is MessageState.STOPPED
    heard = answer.text.removesuffix(" —")
    assert heard != answer.text and LONG.startswith(heard) and len(heard) > len(FIRST)
    assert (await bench.texts(chat.id))[-1] == answer.text
    # The whole of it is in the receipt.
    await bench.settle(lambda: _has_receipt(bench, answer.id))
    assert bench.store.receipt(answer.id).answer.startswith(LONG)
    assert (await bench.texts(chat.id))[-1] == answer.text

    bench.parts.recogniser.finals.append("enough")
    since = len(bench.events.events)
    await bench.release()
    await bench.answered(since)
    assert [m.role for m in bench.backend.requests[-1].messages][-3:] == ["user", "assistant", "user"]
    assert bench.backend.requests[-1].messages[-2].content == answer.text, "the model sees what was heard"


def _has_receipt(bench: VoiceBench, message_id: str) -> bool:
    try:
        return bool(bench.store.receipt(message_id).answer)
    except Exception:
        return False


async def test_the_assistants_own_voice_is_cut_from_the_pre_roll(start: StartVoiceBench) -> None:
    bench = await start(LONG)
    bench.parts.speaker.quick = False
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await speaking(bench)
    await bench.press(chat.id)
    assert bench.parts.microphone.asked[0][1] == 0.0
    assert bench.parts.microphone.asked[1][1] == pytest.approx(bench.clock.now + OUTPUT_LATENCY_S)


async def test_its_last_words_are_cut_from_the_pre_roll_of_the_next_press(
    start: StartVoiceBench,
) -> None:
    bench = await start(LONG)
    bench.parts.speaker.quick = False
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await speaking(bench)
    await bench.voice.hush()
    silent_at = bench.clock.now
    await bench.press(chat.id)
    assert bench.parts.microphone.asked[1][1] == pytest.approx(silent_at + OUTPUT_LATENCY_S)


async def test_nothing_follows_what_is_hushed(start: StartVoiceBench) -> None:
    """The pieces end a moment before the hush does; the next one must not slip in between."""
    bench = await start(LONG)
    bench.parts.speaker.quick = False
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await speaking(bench, 2)
    bench.parts.speaker.silent = asyncio.Event()
    hushing = asyncio.create_task(bench.voice.hush())
    await bench.settle(lambda: bench.parts.speaker.hushed == 1)
    for _ in range(20):
        await asyncio.sleep(0)
    bench.parts.speaker.silent.set()
    await hushing
    await bench.answered()
    assert len(bench.parts.speaker.said) == 2


async def test_a_voice_that_is_still_being_made_holds_nobody_up(
    start: StartVoiceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was heard of it: the press listens at once, and the moments before it are kept."""
    monkeypatch.setattr("assistant_app.worker.voice.reading.HUSH_LIMIT_S", 0.05)
    bench = await start(f"{LONG} It goes on…", "Yes.")
    speaker = bench.parts.speaker
    speaker.quick, speaker.mute, speaker.silent = False, True, asyncio.Event()
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await speaking(bench)
    await bench.press(chat.id)
    assert bench.parts.microphone.asked[1][1] == 0.0
    assert (await bench.answered()).state is MessageState.STOPPED
    bench.parts.recogniser.finals.append("enough")
    since = len(bench.events.events)
    await bench.release()
    assert (await bench.answered(since)).text == "Yes."


async def test_a_piece_that_fails_takes_the_one_behind_it_along(
    start: StartVoiceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is with the voice already would be read although nothing is shown as spoken."""
    bench = await start(LONG)
    speaker = bench.parts.speaker
    speaker.quick = False
    say, asked = speaker.say, []

    async def first_fails(text: str, language: str, options: SpeakOptions) -> None:
        asked.append(text)
        if len(asked) == 1:
            await asyncio.sleep(0.01)
            raise VoiceMissing()
        await say(text, language, options)

    monkeypatch.setattr(speaker, "say", first_fails)
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await bench.answered()
    await bench.reached(TalkState.IDLE, since=1)
    assert speaker.hushed == 1


async def test_of_two_wishes_at_once_the_newer_one_is_read(start: StartVoiceBench) -> None:
    bench = await start(LONG, "Two.", "Three.", speak_answers="never")
    bench.parts.speaker.quick = False
    chat = await bench.conversation()
    answers = []
    for text in ("a", "b", "c"):
        since = len(bench.events.events)
        await bench.api.submit(chat.id, text)
        answers.append(await bench.answered(since))
    await bench.voice.say(answers[0].id)
    await speaking(bench)
    bench.parts.speaker.silent = asyncio.Event()
    wishes = [asyncio.create_task(bench.voice.say(answer.id)) for answer in answers[1:]]
    await bench.settle(lambda: bench.parts.speaker.hushed == 1)
    bench.parts.speaker.silent.set()
    await asyncio.gather(*wishes)
    await bench.settle(lambda: bench.parts.speaker.said[-1][0] == "Three.")
    assert not any(text == "Two." for text, _ in bench.parts.speaker.said)


async def test_what_is_deleted_is_not_read_on(start: StartVoiceBench) -> None:
    bench = await start(LONG)
    bench.parts.speaker.quick = False
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await bench.answered()
    await speaking(bench, 2)
    await bench.api.trash_conversation(chat.id)
    await bench.reached(TalkState.IDLE, since=1)
    assert bench.parts.speaker.hushed == 1 and len(bench.parts.speaker.said) == 2


async def test_a_finished_answer_is_cut_to_what_was_heard_of_it(start: StartVoiceBench) -> None:
    """It was written faster than it was read: the model must not think that the user knows it all."""
    bench = await start(LONG)
    bench.parts.speaker.quick = False
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    whole = await bench.answered()
    assert whole.text == LONG
    await speaking(bench, 2)
    bench.clock.now += len(FIRST) / CHARS_PER_S
    bench.parts.speaker.end_piece()
    await speaking(bench, 3)
    await bench.voice.press(bench.clock.now, chat.id)
    await bench.settle(lambda: bench.store.message(whole.id).state is MessageState.STOPPED)
    assert bench.store.message(whole.id).text == f"{FIRST} —"
    assert bench.store.receipt(whole.id).answer == LONG


async def test_escape_silences_a_finished_answer_and_takes_no_word_of_it(start: StartVoiceBench) -> None:
    """The user wants quiet; the text is there to be read."""
    bench = await start(LONG)
    bench.parts.speaker.quick = False
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    whole = await bench.answered()
    await speaking(bench)
    await bench.voice.cancel()
    await bench.reached(TalkState.IDLE, since=1)
    assert bench.parts.speaker.hushed == 1
    kept = bench.store.message(whole.id)
    assert (kept.text, kept.state) == (LONG, MessageState.DONE)


async def test_an_answer_that_was_heard_to_its_end_stays_whole(start: StartVoiceBench) -> None:
    bench = await start(FIRST, "Two.")
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await bench.answered()
    await bench.reached(TalkState.IDLE, since=1)
    await bench.talk(chat.id, "again")
    await bench.settle(lambda: len(bench.events.of(TurnEnded)) == 2)
    assert (await bench.texts(chat.id))[1] == FIRST


async def test_a_press_while_it_thinks_stops_the_answer_and_keeps_its_text(start: StartVoiceBench) -> None:
    bench = await start("Nothing said yet…", "Two.", speak_answers="never")
    chat = await bench.conversation()
    await bench.talk(chat.id, "tell me")
    await bench.events.wait(lambda e: isinstance(e, TextDelta))
    assert bench.voice.talk.state is TalkState.THINKING
    await bench.press(chat.id)
    answer = await bench.answered()
    assert answer.state is MessageState.STOPPED and not answer.text.endswith("—")


async def test_a_press_while_an_old_message_is_read_changes_nothing_of_it(start: StartVoiceBench) -> None:
    bench = await start(LONG)
    chat = await bench.conversation()
    await bench.api.submit(chat.id, "typed")
    answer = await bench.answered()
    bench.parts.speaker.quick = False
    await bench.voice.say(answer.id)
    await speaking(bench)
    await bench.press(chat.id)
    await bench.reached(TalkState.LISTENING)
    assert bench.parts.speaker.hushed == 1
    assert bench.store.message(answer.id).text == LONG


async def test_a_cut_answer_with_tools_stays_well_formed(start: StartVoiceBench) -> None:
    bench = await start(f"Let me add that for you, it will not take long.{ADD}", f"It is nineteen. {LONG}")
    bench.parts.speaker.quick = False
    chat = await bench.conversation()
    await bench.talk(chat.id, "add twelve and seven")
    whole = await bench.answered()
    await speaking(bench, 2)
    bench.clock.now += 10
    bench.parts.speaker.end_piece()
    await speaking(bench, 3)
    await bench.press(chat.id)
    await bench.settle(lambda: bench.store.message(whole.id).state is MessageState.STOPPED)
    parts = bench.store.message(whole.id).parts
    assert [type(part) for part in parts[:3]] == [TextPart, ToolCallPart, ToolResultPart]
    assert bench.store.message(whole.id).text.endswith("—")


async def test_an_answer_waits_while_the_user_speaks_again(start: StartVoiceBench) -> None:
    """The microphone would hear it."""
    bench = await start("One.", "Two.")
    chat = await bench.conversation()
    recogniser = bench.parts.recogniser
    recogniser.gate = asyncio.Event()
    recogniser.finals.extend(["first", "second"])
    await bench.press(chat.id)
    await bench.release()
    await recogniser.began.wait()
    await bench.press(chat.id)
    recogniser.gate.set()
    await bench.answered()
    assert bench.parts.speaker.said == []
    await bench.release()
    await bench.settle(lambda: [text for text, _ in bench.parts.speaker.said] == ["One.", "Two."])
    view = await bench.api.open_conversation(chat.id)
    assert [shown.message.role for shown in view.messages] == [Role.USER, Role.ASSISTANT] * 2
