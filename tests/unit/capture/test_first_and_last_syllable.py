"""What was said a moment before the press and a moment after the release is in the recording."""

import asyncio
import random

import numpy as np
import pytest

from assistant_app.core.voice import PRE_ROLL_S, SAMPLE_RATE
from assistant_app.speech.recording import DeviceRecording
from assistant_app.speech.ring import Block
from tests.fixtures.sound_devices import microphone
from tests.unit.capture.conftest import Desk, desk_with, heard, hiss

RATES = (16_000, 44_100, 48_000, 96_000)
CLICK_S = 0.005


def tone(seconds: float, rate: int) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 1000 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def loud(data: bytes) -> np.ndarray:
    """Places of samples that are no hiss, in seconds."""
    return np.flatnonzero(np.abs(heard(data)) > 0.1) / SAMPLE_RATE


async def test_clicks_that_begin_100_ms_before_the_press_are_all_there_100_of_100() -> None:
    """T5: the microphone is warm; the press falls anywhere in a block, and is handled a little late."""
    whole = 0
    for attempt in range(100):
        chance = random.Random(attempt)
        rate = RATES[attempt % len(RATES)]
        desk = desk_with(microphone("Webcam", rate))
        await desk.warm_up()
        sound = hiss(1.2, rate, attempt)
        first = chance.uniform(0.5, 0.7)
        for click in range(3):
            begin = round((first + 0.2 * click) * rate)
            sound[begin : begin + round(CLICK_S * rate)] = 0.5
        began = desk.loop.now
        pressed = first + 0.1
        handled = pressed + chance.uniform(0.0, 0.05)
        await desk.portaudio.stream.play(sound[: round(handled / 0.02) * rate // 50])
        desk.loop.now = max(desk.loop.now, began + handled)
        recording = await desk.press(ago=desk.loop.now - began - pressed)
        await desk.portaudio.stream.play(sound[round(handled / 0.02) * rate // 50 :])
        data = recording.take() + await desk.release(recording, hiss(0.2, rate))
        # The recording begins half a second before the press, the first click 0.4 s later.
        at = loud(data)
        clicks = [at[(at > begin - 0.002) & (at < begin + CLICK_S + 0.002)] for begin in (0.4, 0.6, 0.8)]
        whole += all(len(click) >= 0.9 * CLICK_S * SAMPLE_RATE for click in clicks)
        assert sum(map(len, clicks)) == len(at)
        await desk.microphone.release()
    assert whole == 100


async def test_a_tone_until_80_ms_after_the_release_is_whole_100_of_100() -> None:
    """T6."""
    whole = 0
    for attempt in range(100):
        chance = random.Random(attempt)
        rate = RATES[attempt % len(RATES)]
        desk = desk_with(microphone("Webcam", rate))
        await desk.warm_up()
        recording = await desk.press()
        before = chance.uniform(0.3, 0.5)
        sound = np.concatenate([hiss(0.1, rate), tone(before - 0.1 + 0.08, rate), hiss(0.3, rate)])
        began = desk.loop.now
        given = round(before / 0.02) * rate // 50
        await desk.portaudio.stream.play(sound[:given])
        desk.loop.now = max(desk.loop.now, began + before)
        data = recording.take() + await desk.release(recording, sound[given:])
        at = loud(data)
        whole += abs(at[-1] - at[0] - (before - 0.02)) < 0.002
        await desk.microphone.release()
    assert whole == 100


@pytest.mark.parametrize("rate", [8_000, *RATES, 192_000])
async def test_nothing_stays_behind_in_the_resampler(rate: int) -> None:
    """T6: output samples / 16000 = input samples / rate, to one sample."""
    desk = desk_with(microphone("Webcam", rate))
    recording = await desk.press()
    await desk.portaudio.stream.play(tone(1.0, rate))
    first = recording.take()
    data = first + await desk.release(recording, tone(0.2, rate))
    assert first, "samples come while it is recorded"
    assert abs(len(data) / 2 - recording.seconds * SAMPLE_RATE) <= 1
    assert recording.take() == b""


async def test_the_pre_roll_is_half_a_second_and_no_more(desk: Desk) -> None:
    await desk.warm_up()
    await desk.portaudio.stream.play(tone(3.0, desk.rate))
    recording = await desk.press()
    assert recording.seconds == pytest.approx(PRE_ROLL_S, abs=1 / desk.rate)


async def test_the_recording_ends_120_ms_after_the_release(desk: Desk) -> None:
    recording = await desk.press()
    await desk.portaudio.stream.play(hiss(1.0, desk.rate))
    began, released = recording.seconds, desk.loop.now
    data = await desk.release(recording, hiss(0.5, desk.rate))
    assert recording.seconds - began == pytest.approx(0.12, abs=0.021)
    assert data and desk.loop.now - released == pytest.approx(0.5)


async def test_a_release_that_was_believed_late_is_not_waited_for_again(desk: Desk) -> None:
    """A release is believed 50 ms later, when no press has followed it: the 120 ms count from itself."""
    recording = await desk.press()
    await desk.portaudio.stream.play(hiss(1.0, desk.rate))
    ending = asyncio.ensure_future(recording.finish(desk.loop.now - 0.05))
    await desk.loop.settle()
    await desk.portaudio.stream.play(hiss(0.06, desk.rate))
    assert not ending.done()
    await desk.portaudio.stream.play(hiss(0.02, desk.rate))
    await desk.loop.settle(ending.done)
    assert await recording.finish(desk.loop.now) == b""


async def test_a_release_long_ago_ends_the_recording_at_once(desk: Desk) -> None:
    recording = await desk.press()
    await desk.portaudio.stream.play(hiss(1.0, desk.rate))
    assert await recording.finish(desk.loop.now - 0.2)


@pytest.mark.parametrize("ago", [0.3, 0.1234, 0.0, -0.0777])
async def test_nothing_of_the_assistants_own_voice_is_taken(desk: Desk, ago: float) -> None:
    """Its voice ends `ago` seconds before the press, or after it: the cut is right to the sample."""
    await desk.warm_up()
    rate = desk.rate
    voice = round((0.8 - ago) * rate)
    sound = np.concatenate([np.full(voice, 0.5, np.float32), np.full(rate, -0.25, np.float32)])
    began = desk.loop.now
    await desk.portaudio.stream.play(sound[: round(0.8 * rate)])
    recording = await desk.press(not_before=began + 0.8 - ago)
    await desk.portaudio.stream.play(sound[round(0.8 * rate) : rate])
    data = recording.take() + await desk.release(recording, sound[rate : rate + rate // 4])
    assert recording.seconds == pytest.approx(ago + 0.2 + 0.12, abs=0.021)
    # The resampler rings at the edge of the recording, but what it rings with is not the voice.
    assert heard(data).max() < 0.05


async def test_times_that_tremble_cost_no_samples(desk: Desk) -> None:
    """The second block seems to begin within the first: it is whole all the same."""
    recording = DeviceRecording(desk.loop, 48_000, 1000.013, lambda ended: None)
    recording.feed(Block(1000.0, hiss(0.02, 48_000)))
    recording.feed(Block(1000.012, hiss(0.02, 48_000)))
    assert recording.seconds == pytest.approx(0.007 + 0.02, abs=1e-6)


async def test_cold_it_is_said_to_listen_only_when_sound_flows(desk: Desk) -> None:
    """T5: 700 ms of zeros, as Bluetooth gives while it changes its profile."""
    recording = await desk.press()
    await desk.portaudio.stream.play(np.zeros(round(0.7 * desk.rate), np.float32))
    assert desk.flows == 0 and not desk.said
    await desk.portaudio.stream.play(hiss(0.1, desk.rate))
    assert desk.flows == 1
    await desk.portaudio.stream.play(np.zeros(2 * desk.rate, np.float32))
    await desk.portaudio.stream.play(hiss(0.1, desk.rate))
    assert desk.flows == 1 and not desk.said, "a microphone with a gate is silent between words"
    recording.drop()


async def test_warm_it_listens_at_once(desk: Desk) -> None:
    await desk.warm_up()
    flows = desk.flows
    await desk.press()
    await desk.loop.settle()
    assert desk.flows == flows + 1
