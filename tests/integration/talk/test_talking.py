"""Talking: from the key to the stored question and its answer, with everything that can go wrong."""

import asyncio
import errno
import wave
from pathlib import Path

import pytest

from assistant_app.core.conversation import AudioTranscriptPart, MessageState, Role
from assistant_app.core.errors import EngineStopped, StoreError
from assistant_app.core.events import (
    AudioLevel,
    ConversationChanged,
    TalkChanged,
    TalkTimings,
    TranscriptFinal,
    TranscriptPartial,
    TurnEnded,
)
from assistant_app.core.text import N_
from assistant_app.core.voice import (
    SAMPLE_RATE,
    Heard,
    MicrophoneError,
    NoText,
    TalkState,
    TalkTarget,
)
from assistant_app.worker.voice.recordings import RecordingNotKept, save_recording
from assistant_app.worker.voice.service import VoiceService
from tests.fixtures.scripted_voice_parts import recordings_in, silence

from .conftest import StartVoiceBench, VoiceBench


def states(bench: VoiceBench) -> list[TalkState]:
    """Return the states that were shown, each once in a row."""
    shown = [event.talk.state for event in bench.events.of(TalkChanged)]
    return [state for i, state in enumerate(shown) if i == 0 or shown[i - 1] is not state]


# --- the usual way
async def test_a_spoken_question_is_stored_and_answered(start: StartVoiceBench) -> None:
    bench = await start("Twelve.", speak_answers="never")
    chat = await bench.conversation()
    await bench.talk(chat.id, "what is five plus seven")
    answer = await bench.answered()
    assert answer.text == "Twelve."
    question = (await bench.api.open_conversation(chat.id)).messages[0].message
    assert question.role is Role.USER
    (part,) = question.parts
    assert isinstance(part, AudioTranscriptPart)
    assert (part.text, part.language, part.recording) == ("what is five plus seven", "en", "")
    assert part.duration_s == pytest.approx(2.5)
    assert states(bench) == [
        TalkState.ARMING,
        TalkState.LISTENING,
        TalkState.FINISHING,
        TalkState.THINKING,
        TalkState.IDLE,
    ]


async def test_the_whole_sound_reaches_the_recogniser_once(start: StartVoiceBench) -> None:
    bench = await start("Yes.", speak_answers="never")
    chat = await bench.conversation()
    bench.parts.recogniser.finals.append("hello")
    await bench.press(chat.id)
    first = b"\x01\x02" * 4000
    bench.parts.microphone.recordings[0].flow(first)
    bench.parts.microphone.recordings[0].post_roll = b"\x05\x06" * 1920
    await bench.release(1.0)
    await bench.answered()
    (sound,) = bench.parts.recogniser.heard.values()
    assert bytes(sound) == silence(0.5) + first + silence(1.0) + b"\x05\x06" * 1920


async def test_getting_ready_is_shown_until_sound_flows(start: StartVoiceBench) -> None:
    bench = await start()
    chat = await bench.conversation()
    await bench.voice.press(bench.clock.now, chat.id)
    recording = await bench.parts.microphone.recording()
    assert bench.voice.talk.state is TalkState.ARMING
    recording.flow(silence(0.02))
    assert bench.voice.talk.state is TalkState.LISTENING


async def test_the_level_of_the_microphone_is_told(start: StartVoiceBench) -> None:
    bench = await start()
    await bench.press("")
    assert bench.parts.microphone.on_level is not None
    bench.parts.microphone.on_level(-20.0, -9.0)
    assert bench.events.of(AudioLevel) == [AudioLevel(-20.0, -9.0)]


async def test_words_spoken_into_no_conversation_create_one_and_say_which(start: StartVoiceBench) -> None:
    bench = await start("Hi.", speak_answers="never")
    await bench.talk("", "good morning")
    await bench.answered()
    final = bench.events.of(TranscriptFinal)[-1]
    assert final.conversation_id
    assert await bench.texts(final.conversation_id) == ["good morning", "Hi."]
    assert any(e.conversation_id == final.conversation_id for e in bench.events.of(ConversationChanged))


async def test_what_is_said_before_the_conversation_exists_shares_one(start: StartVoiceBench) -> None:
    bench = await start("One.", "Two.", speak_answers="never")
    recogniser = bench.parts.recogniser
    recogniser.finals.extend(["first", "second"])
    recogniser.gate = asyncio.Event()
    await bench.press("")
    await bench.release()
    await recogniser.began.wait()
    await bench.press("")
    await bench.release()
    recogniser.gate.set()
    await bench.events.wait(lambda e: isinstance(e, TurnEnded) and e.message.text == "Two.")
    (row,) = await bench.api.conversations()
    assert await bench.texts(row.id) == ["first", "One.", "second", "Two."]


async def test_dictation_goes_into_the_message_box_and_is_not_sent(start: StartVoiceBench) -> None:
    bench = await start()
    chat = await bench.conversation()
    bench.parts.recogniser.finals.append("dear all")
    await bench.press(chat.id, TalkTarget.COMPOSER)
    await bench.release()
    final = await bench.events.wait(lambda e: isinstance(e, TranscriptFinal))
    assert isinstance(final, TranscriptFinal)
    assert (final.text, final.target) == ("dear all", TalkTarget.COMPOSER)
    assert await bench.texts(chat.id) == []


async def test_checked_text_is_sent_as_corrected(start: StartVoiceBench) -> None:
    bench = await start("Good.", voice_review=True, speak_answers="never")
    chat = await bench.conversation()
    await bench.talk(chat.id, "what is the whether")
    assert bench.voice.talk.state is TalkState.REVIEW
    assert await bench.texts(chat.id) == []
    await bench.voice.send("what is the weather")
    await bench.answered()
    view = await bench.api.open_conversation(chat.id)
    part = view.messages[0].message.parts[0]
    assert isinstance(part, AudioTranscriptPart) and part.text == "what is the weather"
    assert bench.voice.talk.state is TalkState.IDLE


async def test_text_that_waits_when_the_window_is_closed_is_a_draft(start: StartVoiceBench) -> None:
    bench = await start(voice_review=True)
    chat = await bench.conversation()
    await bench.api.save_draft(chat.id, "typed before")
    await bench.talk(chat.id, "remind me at nine")
    assert isinstance(bench.voice, VoiceService)
    await bench.voice.close()
    assert bench.store.draft(chat.id) == "typed before\nremind me at nine"


async def test_checked_text_can_be_dropped_and_said_in_two_goes(start: StartVoiceBench) -> None:
    bench = await start(voice_review=True)
    chat = await bench.conversation()
    await bench.talk(chat.id, "remind me")
    await bench.talk(chat.id, "at nine")
    assert bench.events.of(TranscriptFinal)[-1].text == "remind me at nine"
    await bench.voice.send("")
    assert bench.voice.talk.state is TalkState.IDLE
    assert await bench.texts(chat.id) == []


async def test_recordings_are_kept_only_if_the_user_says_so(start: StartVoiceBench, tmp_path: Path) -> None:
    bench = await start("a", "b", speak_answers="never")
    folder = tmp_path / "home" / "data" / "recordings"
    chat = await bench.conversation()
    await bench.talk(chat.id, "one")
    await bench.answered()
    assert not recordings_in(folder)
    bench.settings.change({"keep_recordings": True})
    since = len(bench.events.events)
    await bench.talk(chat.id, "two")
    await bench.answered(since)
    (path,) = recordings_in(folder)
    part = (await bench.api.open_conversation(chat.id)).messages[-2].message.parts[0]
    assert isinstance(part, AudioTranscriptPart) and part.recording == str(path)
    assert path.stat().st_mode & 0o077 == 0
    with wave.open(str(path)) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (SAMPLE_RATE, 1)
        assert sound.getnframes() == pytest.approx(2.5 * SAMPLE_RATE)


# --- while the key is held
async def test_guesses_are_shown_while_one_speaks(start: StartVoiceBench) -> None:
    bench = await start("Fine.", speak_answers="never")
    chat = await bench.conversation()
    recogniser = bench.parts.recogniser
    recogniser.partials.extend(["how", "how are"])
    recogniser.finals.append("how are you")
    await bench.press(chat.id)
    for text in ("how", "how are"):
        bench.clock.now += 1.3
        bench.parts.microphone.recordings[0].flow(silence(1.3))
        await bench.events.wait(lambda e, text=text: e == TranscriptPartial(text))
    await bench.release(0.5)
    await bench.answered()
    assert recogniser.jobs == ["partial", "partial", "final"]
    (sound,) = recogniser.heard.values()
    assert len(sound) == len(silence(0.5 + 2.6 + 0.5))


async def test_a_release_does_not_wait_for_a_guess(start: StartVoiceBench) -> None:
    bench = await start("Fine.", speak_answers="never")
    recogniser = bench.parts.recogniser
    recogniser.gate = asyncio.Event()
    await bench.press("")
    bench.clock.now += 1.3
    await recogniser.began.wait()
    recogniser.began.clear()
    recogniser.finals.append("stop")
    await bench.release(0.5)
    await recogniser.began.wait()
    assert recogniser.jobs == ["partial", "final"]
    recogniser.gate.set()
    await bench.answered()
    assert recogniser.most_running == 1


async def test_guesses_that_fail_cost_nothing(start: StartVoiceBench) -> None:
    bench = await start("Fine.", speak_answers="never")
    recogniser = bench.parts.recogniser
    recogniser.partials.append(EngineStopped(reason="signal 9"))
    await bench.press("")
    bench.clock.now += 1.3
    await bench.settle(lambda: "partial" in recogniser.jobs)
    recogniser.finals.append("hello")
    await bench.release(1.0)
    await bench.answered()
    assert bench.events.of(TranscriptFinal)[-1].text == "hello"


async def test_hands_free_ends_when_the_speaker_is_silent(start: StartVoiceBench) -> None:
    bench = await start("Fine.", speak_answers="never", hands_free=True)
    recogniser = bench.parts.recogniser
    recogniser.finals.append("hello")
    await bench.press("")
    bench.clock.now += 0.1
    await bench.voice.release(bench.clock.now)
    assert bench.voice.talk.hands_free and bench.voice.talk.latched
    bench.clock.now += 0.9
    bench.parts.microphone.recordings[0].flow(silence(0.9))
    await bench.settle(lambda: "feed" in recogniser.jobs)
    assert bench.voice.talk.state is TalkState.LISTENING
    recogniser.trailing_silence_s = 1.25
    bench.parts.microphone.recordings[0].flow(silence(0.2))
    await bench.answered()


async def test_a_second_recording_while_the_first_is_recognised(start: StartVoiceBench) -> None:
    """One job at a time, and what was said first is sent first."""
    bench = await start("One.", "Two.", speak_answers="never")
    chat = await bench.conversation()
    recogniser = bench.parts.recogniser
    recogniser.gate = asyncio.Event()
    recogniser.finals.extend(["first", "second"])
    await bench.press(chat.id)
    await bench.release()
    await recogniser.began.wait()
    await bench.press(chat.id)
    await bench.release()
    await bench.settle(lambda: bench.parts.microphone.recordings[1].finished)
    assert recogniser.jobs == ["final"]
    recogniser.gate.set()
    await bench.events.wait(lambda e: isinstance(e, TurnEnded) and e.message.text == "Two.")
    assert await bench.texts(chat.id) == ["first", "One.", "second", "Two."]
    assert recogniser.most_running == 1


# --- nothing comes of it
async def test_too_short_is_said_and_nothing_is_recognised(start: StartVoiceBench) -> None:
    bench = await start(talk_mode="hold")
    await bench.press("")
    await bench.release(0.1)
    await bench.reached(TalkState.IDLE, since=1)
    talk = bench.voice.talk
    assert talk.code == "too-short" and talk.sentence.endswith(".")
    assert bench.parts.recogniser.jobs == []
    await bench.settle(lambda: bench.parts.microphone.recordings[0].dropped)


@pytest.mark.parametrize("reason", [NoText.SILENCE, NoText.UNCLEAR, NoText.TOO_SHORT])
async def test_no_text_is_said_in_a_sentence(start: StartVoiceBench, reason: NoText) -> None:
    bench = await start()
    chat = await bench.conversation()
    bench.parts.recogniser.finals.append(Heard(no_text=reason))
    await bench.press(chat.id)
    await bench.release()
    await bench.reached(TalkState.IDLE, since=1)
    assert bench.voice.talk.code == reason.value and bench.voice.talk.sentence
    assert await bench.texts(chat.id) == []


async def test_escape_throws_the_recording_away(start: StartVoiceBench) -> None:
    bench = await start()
    await bench.press("")
    await bench.voice.cancel()
    assert bench.voice.talk.state is TalkState.IDLE
    await bench.settle(lambda: bench.parts.microphone.recordings[0].dropped)
    await bench.voice.release(bench.clock.now + 1)
    assert bench.parts.recogniser.jobs == []


async def test_escape_while_it_is_recognised_stops_that(start: StartVoiceBench) -> None:
    bench = await start("Yes.", speak_answers="never")
    chat = await bench.conversation()
    recogniser = bench.parts.recogniser
    recogniser.gate = asyncio.Event()
    recogniser.finals.append("never sent")
    await bench.press(chat.id)
    await bench.release()
    await recogniser.began.wait()
    await bench.voice.cancel()
    await bench.settle(lambda: recogniser.running == 0)
    recogniser.gate = None
    recogniser.finals[:] = []
    await bench.talk(chat.id, "sent")
    await bench.answered()
    assert await bench.texts(chat.id) == ["sent", "Yes."]


async def test_without_a_speech_model_nothing_is_recorded(start: StartVoiceBench) -> None:
    bench = await start("Typing works.")
    bench.parts.model_path = ""
    chat = await bench.conversation()
    await bench.voice.press(bench.clock.now, chat.id)
    await bench.reached(TalkState.IDLE, since=1)
    talk = bench.voice.talk
    assert talk.code == "no-speech-engine" and "typing works" in talk.sentence
    assert not bench.parts.microphone.asked
    await bench.voice.release(bench.clock.now + 1)
    await bench.api.submit(chat.id, "typed")
    assert (await bench.answered()).text == "Typing works."


async def test_a_microphone_that_cannot_be_opened_is_said(start: StartVoiceBench) -> None:
    bench = await start("Yes.", speak_answers="never")
    bench.parts.microphone.error = MicrophoneError(N_("It is refused."), reason="microphone-refused")
    await bench.voice.press(bench.clock.now, "")
    await bench.reached(TalkState.IDLE, since=1)
    assert (bench.voice.talk.code, bench.voice.talk.sentence) == ("microphone-refused", "It is refused.")
    await bench.voice.release(bench.clock.now + 1)
    bench.parts.microphone.error = None
    bench.clock.now += 2
    await bench.talk("", "now it works")
    await bench.answered()


async def test_a_microphone_that_fails_after_the_release_is_said_too(start: StartVoiceBench) -> None:
    bench = await start()
    bench.parts.microphone.opening = asyncio.Event()
    await bench.voice.press(bench.clock.now, "")
    await bench.voice.release(bench.clock.now + 1)
    await bench.reached(TalkState.FINISHING)
    bench.parts.microphone.error = MicrophoneError()
    bench.parts.microphone.opening.set()
    await bench.reached(TalkState.IDLE, since=1)
    assert bench.voice.talk.code == "no-microphone"


async def test_a_slow_microphone_loses_nothing_when_released_meanwhile(start: StartVoiceBench) -> None:
    bench = await start("Yes.", speak_answers="never")
    bench.parts.microphone.opening = asyncio.Event()
    bench.parts.recogniser.finals.append("late but whole")
    await bench.voice.press(bench.clock.now, "")
    await bench.voice.release(bench.clock.now + 1)
    await bench.reached(TalkState.FINISHING)
    bench.parts.microphone.opening.set()
    await bench.answered()


async def test_a_device_that_is_lost_keeps_what_was_said(start: StartVoiceBench) -> None:
    bench = await start("Yes.", speak_answers="never")
    chat = await bench.conversation()
    bench.parts.recogniser.finals.append("half a sentence")
    await bench.press(chat.id)
    bench.clock.now += 2
    assert bench.parts.microphone.on_lost is not None
    bench.parts.microphone.on_lost(MicrophoneError(N_("It was unplugged."), reason="device-lost"))
    await bench.answered()
    assert (await bench.texts(chat.id))[0] == "half a sentence"
    assert (bench.voice.talk.code, bench.voice.talk.sentence) == ("device-lost", "It was unplugged.")


async def test_an_engine_that_dies_keeps_the_sound_for_another_try(start: StartVoiceBench) -> None:
    bench = await start("Yes.", speak_answers="never")
    chat = await bench.conversation()
    bench.parts.recogniser.finals.append(EngineStopped(reason="signal 9"))
    await bench.press(chat.id)
    await bench.release()
    await bench.reached(TalkState.IDLE, since=1)
    assert bench.voice.talk.code == "engine-stopped" and bench.voice.talk.sentence
    bench.parts.recogniser.finals.append("understood at last")
    await bench.voice.retry()
    assert bench.voice.talk.state is TalkState.FINISHING
    await bench.answered()
    assert (await bench.texts(chat.id))[0] == "understood at last"
    first, second = bench.parts.recogniser.heard.values()
    assert first == second
    await bench.voice.retry()
    assert bench.voice.talk.state is TalkState.IDLE, "there is nothing left to try again"


async def test_trying_again_without_a_recording_makes_ready(start: StartVoiceBench) -> None:
    """The engine could not be started when voice was opened: nothing was said yet."""
    bench = await start(speak_answers="never")
    bench.parts.recogniser.unloadable = EngineStopped(reason="signal 9")
    await bench.voice.ready()
    await bench.settle(lambda: bench.voice.talk.code == "engine-stopped")
    bench.parts.recogniser.unloadable = None
    await bench.voice.retry()
    assert (bench.voice.talk.code, bench.voice.talk.sentence) == ("", "")
    assert len(bench.parts.recogniser.loaded) == 1


async def test_words_that_cannot_be_sent_are_put_into_the_message_box(
    start: StartVoiceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = await start()
    chat = await bench.conversation()

    def full(*_: object) -> None:
        raise StoreError(reason="the disk is full")

    monkeypatch.setattr(bench.store, "add_message", full)
    bench.parts.recogniser.finals.append("do not lose this")
    await bench.press(chat.id)
    await bench.release()
    final = await bench.events.wait(
        lambda e: isinstance(e, TranscriptFinal) and e.target is TalkTarget.COMPOSER
    )
    assert isinstance(final, TranscriptFinal) and final.text == "do not lose this"
    await bench.settle(lambda: bench.voice.talk.code == "store")
    assert "disk is full" in bench.voice.talk.sentence


async def test_words_for_a_deleted_conversation_are_put_into_the_message_box(start: StartVoiceBench) -> None:
    bench = await start()
    chat = await bench.conversation()
    bench.parts.recogniser.finals.append("do not lose this")
    await bench.press(chat.id)
    await bench.api.trash_conversation(chat.id)
    await bench.release()
    final = await bench.events.wait(
        lambda e: isinstance(e, TranscriptFinal) and e.target is TalkTarget.COMPOSER
    )
    assert isinstance(final, TranscriptFinal) and final.text == "do not lose this"
    await bench.settle(lambda: bench.voice.talk.code == "not-found")
    assert "trash" in bench.voice.talk.sentence
    assert bench.voice.talk.state is TalkState.IDLE
    assert await bench.texts(chat.id) == []


async def test_escape_while_the_model_is_loaded_recognises_nothing_and_loads_on(
    start: StartVoiceBench,
) -> None:
    bench = await start("Yes.", speak_answers="never")
    recogniser = bench.parts.recogniser
    recogniser.loading = asyncio.Event()
    await bench.press("")
    await bench.release()
    await bench.reached(TalkState.FINISHING)
    await bench.voice.cancel()
    assert bench.voice.talk.state is TalkState.IDLE
    assert not recogniser.cancelled
    recogniser.loading.set()
    recogniser.finals.append("the next one")
    await bench.press("")
    await bench.release()
    await bench.answered()
    assert recogniser.jobs == ["final"], "what was given up was not recognised"
    assert bench.voice.talk.code == ""


async def test_half_a_recording_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(wave.Wave_write, "writeframes", full)
    with pytest.raises(RecordingNotKept, match="No space"):
        save_recording(tmp_path / "recordings", silence(1.0))
    assert not list((tmp_path / "recordings").iterdir())


# --- times
async def test_the_times_of_a_turn_are_told_as_they_are_known(start: StartVoiceBench) -> None:
    bench = await start("Twelve. And more.")
    chat = await bench.conversation()
    await bench.talk(chat.id, "what is five plus seven")
    await bench.answered()
    await bench.reached(TalkState.IDLE, since=1)
    timings = [event.timings for event in bench.events.of(TalkTimings)]
    known = [sum(value is not None for value in vars_of(t)) for t in timings]
    assert known == [1, 2, 3, 4, 5]
    assert all(value is not None and value >= 0 for value in vars_of(timings[-1]))


def vars_of(timings: object) -> list[float | None]:
    return [getattr(timings, name) for name in type(timings).__dataclass_fields__]


async def test_nothing_is_made_before_voice_is_used(start: StartVoiceBench) -> None:
    bench = await start("Yes.")
    chat = await bench.conversation()
    await bench.api.submit(chat.id, "typed")
    assert (await bench.answered()).state is MessageState.DONE
    assert bench.parts.microphone.on_level is None
    assert bench.parts.speaker.on_sound is None
    assert not bench.parts.recogniser.loaded


async def test_shown_voice_loads_what_it_needs(start: StartVoiceBench) -> None:
    bench = await start()
    await bench.voice.ready()
    await bench.settle(lambda: bool(bench.parts.recogniser.loaded))
    assert not bench.parts.microphone.asked


async def test_shown_voice_says_what_is_missing(start: StartVoiceBench) -> None:
    bench = await start()
    bench.parts.model_path = ""
    await bench.voice.ready()
    await bench.settle(lambda: bench.voice.talk.code == "no-speech-engine")


async def test_closing_lets_the_microphone_go(start: StartVoiceBench) -> None:
    bench = await start()
    await bench.press("")
    await bench.api.close()
    assert bench.parts.microphone.released and bench.parts.closed


async def test_a_driver_that_hangs_does_not_keep_the_service_open(
    start: StartVoiceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is unsaved is stored after voice was closed."""
    monkeypatch.setattr("assistant_app.worker.voice.controller.RELEASE_LIMIT_S", 0.05)
    bench = await start()
    bench.parts.microphone.hangs = True
    await bench.press("")
    await bench.api.close()
    assert bench.parts.closed
