"""Reading aloud with real voices: the sound arrives, stops when it should, and nothing lives on."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from assistant_app.core.events import EngineState
from assistant_app.core.voice import SpeakOptions, VoiceMissing
from assistant_app.worker.voice.speaker import VoiceSpeaker
from tests.fixtures.virtual_sound import Recorder, VirtualSound
from tests.integration.voice.conftest import (
    LONG,
    PLAIN,
    SENTENCE,
    MakeSpeaker,
    environment,
)

LONGER = "Please open the window, then the door, and then the other window, if there is one."
CHINESE = "请打开窗户。"


async def heard_between(recorder: Recorder, began: float, ended: float) -> tuple[float, float]:
    """Return when the first and last loud sample sounded, once the recorder has come that far."""
    await asyncio.to_thread(recorder.wait_for, ended + 0.3)
    heard = recorder.loud(began)
    assert heard is not None, "nothing sounded"
    return heard


async def sounds(recorder: Recorder, since: float) -> float:
    return await asyncio.to_thread(recorder.wait_for_sound, since)


async def silent_from(recorder: Recorder, at: float) -> None:
    """Check that nothing sounds in the second and a half after a moment."""
    await asyncio.to_thread(recorder.wait_for, at + 1.5)
    assert recorder.loud(at) is None


async def test_a_piece_is_heard_and_say_returns_after_its_last_sound(
    speaker: VoiceSpeaker, sound: VirtualSound
) -> None:
    times: list[float] = []
    speaker.on_sound = times.append
    with sound.recorder() as recorder:
        began = time.monotonic()
        await speaker.say(SENTENCE, "en", PLAIN)
        ended = time.monotonic()
        first, last = await heard_between(recorder, began, ended)
    assert last - first > 0.7
    assert last < ended + 0.3
    assert len(times) == 1
    assert began <= times[0] <= ended


async def test_pieces_are_read_in_order_each_in_its_language(
    speaker: VoiceSpeaker, sound: VirtualSound
) -> None:
    ended: list[str] = []

    async def say(text: str, language: str) -> None:
        await speaker.say(text, language, PLAIN)
        ended.append(text)

    times: list[float] = []
    speaker.on_sound = times.append
    await asyncio.gather(say("One.", "en"), say(CHINESE, "zh"), say("...", "en"), say("Three.", "de"))
    assert ended == ["One.", CHINESE, "...", "Three."]
    assert len(times) == 3  # three points have no sound


async def test_hush_silences_and_every_piece_ends(speaker: VoiceSpeaker, sound: VirtualSound) -> None:
    with sound.recorder() as recorder:
        began = time.monotonic()
        pieces = [asyncio.create_task(speaker.say(LONG, "en", PLAIN)) for _ in range(2)]
        await sounds(recorder, began)
        await speaker.hush()
        await asyncio.gather(*pieces)
        await silent_from(recorder, time.monotonic() + 1.0)
        # It can be followed by the next answer at once.
        again = time.monotonic()
        await speaker.say(SENTENCE, "en", PLAIN)
        await heard_between(recorder, again, time.monotonic())


async def test_hush_before_the_process_runs_is_heeded_too(make_speaker: MakeSpeaker) -> None:
    speaker = make_speaker("espeak")
    times: list[float] = []
    speaker.on_sound = times.append
    piece = asyncio.create_task(speaker.say(SENTENCE, "en", PLAIN))
    await asyncio.sleep(0)
    await speaker.hush()
    await piece
    await speaker.say("Yes.", "en", PLAIN)
    assert len(times) == 1


async def test_hush_comes_before_a_piece_that_was_asked_for_already(
    make_speaker: MakeSpeaker, sound: VirtualSound
) -> None:
    """Qt stands still for seconds while it is made; what is hushed meanwhile is never heard."""
    speaker = make_speaker("qt")
    with sound.recorder() as recorder:
        began = time.monotonic()
        piece = asyncio.create_task(speaker.say(SENTENCE, "en", PLAIN))
        while speaker.state is not EngineState.IDLE:
            await asyncio.sleep(0.01)
        await speaker.hush()
        await piece
        await silent_from(recorder, began)


async def test_pause_is_silent_and_resume_says_the_rest(speaker: VoiceSpeaker, sound: VirtualSound) -> None:
    times: list[float] = []
    speaker.on_sound = times.append
    with sound.recorder() as recorder:
        began = time.monotonic()
        pieces = [asyncio.create_task(speaker.say(text, "en", PLAIN)) for text in (LONGER, "And close it.")]
        await sounds(recorder, began)
        await speaker.pause()
        await silent_from(recorder, time.monotonic() + 1.0)
        assert not any(piece.done() for piece in pieces)
        resumed = time.monotonic()
        await speaker.resume()
        await asyncio.gather(*pieces)
        await heard_between(recorder, resumed, time.monotonic())
    assert len(times) == 2  # a piece that is said once more is still one piece


async def test_rate_and_volume_are_heard(speaker: VoiceSpeaker, sound: VirtualSound) -> None:
    lengths, peaks = [], []
    for options in (SpeakOptions(rate=-0.7), SpeakOptions(rate=0.8, volume=0.2)):
        with sound.recorder() as recorder:
            began = time.monotonic()
            await speaker.say(SENTENCE, "en", options)
            first, last = await heard_between(recorder, began, time.monotonic())
            lengths.append(last - first)
            peaks.append(abs(recorder.samples).max())
    assert lengths[0] > 1.5 * lengths[1]
    assert peaks[0] > 2 * peaks[1]


async def test_a_chosen_voice_is_kept_to(speaker: VoiceSpeaker) -> None:
    rows = await speaker.voices()
    scottish = next(row.id for row in rows if "Scotland" in row.name)
    await speaker.say("Yes.", "en", SpeakOptions(voices={"en": scottish, "de": "no such voice"}))
    assert rows[0].language.startswith("en") or rows[0].engine == "qt"


async def test_a_process_that_dies_before_a_piece_is_heard_is_replaced_and_says_it(
    speaker: VoiceSpeaker, sound: VirtualSound
) -> None:
    assert speaker.pid is not None
    os.kill(speaker.pid, signal.SIGSTOP)
    with sound.recorder() as recorder:
        began = time.monotonic()
        piece = asyncio.create_task(speaker.say(SENTENCE, "en", PLAIN))
        await asyncio.sleep(0)
        os.kill(speaker.pid, signal.SIGKILL)
        await piece
        await heard_between(recorder, began, time.monotonic())


async def test_a_process_that_dies_in_the_middle_is_replaced_for_the_next_piece(
    speaker: VoiceSpeaker, sound: VirtualSound
) -> None:
    sounded = asyncio.Event()
    speaker.on_sound = lambda at: sounded.set()
    piece = asyncio.create_task(speaker.say(SENTENCE, "en", PLAIN))
    await sounded.wait()
    assert speaker.pid is not None
    os.kill(speaker.pid, signal.SIGKILL)
    await piece
    with sound.recorder() as recorder:
        began = time.monotonic()
        await speaker.say("And close the door.", "en", PLAIN)
        await heard_between(recorder, began, time.monotonic())


async def test_a_closed_terminal_and_ctrl_c_are_the_applications_business(speaker: VoiceSpeaker) -> None:
    assert speaker.pid is not None
    pid = speaker.pid
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGHUP)
    await speaker.say("Yes.", "en", PLAIN)
    assert speaker.pid == pid


# --- where something is missing
async def test_where_nothing_can_speak_a_sentence_says_what_to_install(
    make_speaker: MakeSpeaker, programs: Path
) -> None:
    speaker = make_speaker("espeak", PATH=str(programs))
    for attempt in (speaker.prepare(), speaker.say(SENTENCE, "en", PLAIN)):
        with pytest.raises(VoiceMissing, match="install the package espeak-ng or speech-dispatcher"):
            await attempt


async def test_where_nothing_can_be_played_a_sentence_says_so(
    make_speaker: MakeSpeaker, sound: VirtualSound
) -> None:
    speaker = make_speaker("espeak", PULSE_SERVER=f"unix:{sound.folder}/nobody")
    with pytest.raises(VoiceMissing, match="No loudspeaker or headphones were found"):
        await speaker.say(SENTENCE, "en", PLAIN)


@pytest.mark.slow
async def test_a_speech_dispatcher_that_does_not_answer_is_left_alone(
    make_speaker: MakeSpeaker, sound: VirtualSound
) -> None:
    first = make_speaker("qt")
    await first.prepare()
    daemon = speech_dispatcher(sound)
    daemon.suspend()
    try:
        second = make_speaker("qt")
        assert {row.engine for row in await second.voices()} == {"espeak"}
        await second.say("Yes.", "en", PLAIN)
    finally:
        daemon.kill()


@pytest.mark.slow
async def test_a_speech_dispatcher_that_dies_is_replaced_within_the_piece(
    make_speaker: MakeSpeaker, sound: VirtualSound
) -> None:
    speaker = make_speaker("qt")
    await speaker.prepare()
    with sound.recorder() as recorder:
        piece = asyncio.create_task(speaker.say("Good day.", "en", PLAIN))
        await sounds(recorder, 0.0)
        speech_dispatcher(sound).kill()
        killed = time.monotonic()
        await piece
        await heard_between(recorder, killed + 1.0, time.monotonic())
    assert {row.engine for row in await speaker.voices()} == {"espeak"}


def speech_dispatcher(sound: VirtualSound) -> psutil.Process:
    """Return the daemon that serves the test's own socket."""
    return next(
        process
        for process in psutil.process_iter(["cmdline"])
        if (line := process.info["cmdline"]) and "--socket-path" in line and str(sound.folder) in line[-1]
    )


# --- nothing lives on
PARENT = """
import asyncio, sys
from assistant_app.core.voice import SpeakOptions
from assistant_app.worker.voice.speaker import VoiceSpeaker

async def main():
    speaker = VoiceSpeaker(lambda event: None)
    speaker.on_sound = lambda at: print(speaker.pid, flush=True)
    await speaker.say(sys.argv[1], "en", SpeakOptions())

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["qt", "espeak"])
async def test_when_the_application_is_killed_neither_a_process_nor_a_sound_is_left(
    engine: str, sound: VirtualSound
) -> None:
    with sound.recorder() as recorder:
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, LONG],
            env=environment(sound, engine),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert parent.stdout is not None
        voice = psutil.Process(int(await asyncio.to_thread(parent.stdout.readline)))
        children = voice.children(recursive=True)
        await sounds(recorder, 0.0)
        parent.kill()
        parent.wait()
        parent.stdout.close()
        _gone, alive = await asyncio.to_thread(psutil.wait_procs, [voice, *children], 10.0)
        assert not alive
        await silent_from(recorder, time.monotonic() + 1.0)


def test_only_the_voice_process_imports_qts_speech_and_only_voices_play_sound() -> None:
    script = """
import sys
import assistant_app.app
import assistant_app.ui.application
import assistant_app.worker.voice.speaker
print([name for name in sys.modules if "TextToSpeech" in name or name in ("sounddevice", "soxr")])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    importers = [
        path.name
        for path in Path("assistant_app").rglob("*.py")
        if "QtTextToSpeech" in path.read_text(encoding="utf-8")
    ]
    assert importers == ["qt_speech.py"]
