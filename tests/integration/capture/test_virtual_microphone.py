"""The microphone of the application on a real sound server: PortAudio, ALSA, PulseAudio, real time."""

import asyncio
import time
from collections.abc import AsyncIterator

import numpy as np
import pytest

from assistant_app.core.voice import MicrophoneError
from assistant_app.speech.devices import microphones
from assistant_app.speech.microphone import DeviceMicrophone
from tests.fixtures import POCKET_WHISPER
from tests.fixtures.virtual_sound import RATE, VirtualSound

CLICKS = 8
# Between two rounds nothing sounds for longer; the two ways of timing sound differ by less.
QUIET_S = 0.1


def clicks() -> np.ndarray:
    """Clicks of 10 ms, 200 ms apart."""
    sound = np.zeros(CLICKS * RATE // 5, np.float32)
    for place in range(CLICKS):
        sound[place * RATE // 5 :][: RATE // 100] = 0.5
    return sound


def loud(data: bytes) -> np.ndarray:
    """When it was loud, in seconds."""
    return np.flatnonzero(np.abs(np.frombuffer(data, "<i2").astype(np.float32)) > 3000) / 16_000


def counted(places: np.ndarray) -> int:
    """How many clicks there are; a stumble of the machine may stretch the silence between them."""
    return int(np.count_nonzero(np.diff(places) > 0.1)) + bool(len(places))


class Heard:
    """What the microphone said."""

    def __init__(self, microphone: DeviceMicrophone) -> None:
        self.flow = asyncio.Event()
        self.lost = asyncio.Event()
        self.errors: list[MicrophoneError] = []
        microphone.on_lost = self._lost

    def _lost(self, error: MicrophoneError) -> None:
        self.errors.append(error)
        self.lost.set()


@pytest.fixture
async def microphone(virtual_sound: VirtualSound) -> AsyncIterator[DeviceMicrophone]:
    """The system's own microphone, which is the virtual one."""
    with virtual_sound.here():
        made = DeviceMicrophone(asyncio.get_running_loop(), lambda: "", lambda: "short")
        yield made
        await made.release()


async def test_it_opens_listens_and_is_given_back(
    virtual_sound: VirtualSound, microphone: DeviceMicrophone
) -> None:
    assert not virtual_sound.listeners
    heard = Heard(microphone)
    recording = await microphone.record(time.monotonic(), 0.0, heard.flow.set)
    await asyncio.wait_for(heard.flow.wait(), 20)
    assert virtual_sound.listeners
    played = await asyncio.to_thread(virtual_sound.play, clicks())
    data = await recording.finish()
    assert played.ended - played.began < recording.seconds
    assert counted(loud(data)) == CLICKS
    await microphone.release()
    assert not virtual_sound.listeners and not heard.errors


async def test_the_click_before_the_press_is_kept(
    virtual_sound: VirtualSound, microphone: DeviceMicrophone
) -> None:
    """T5, in real time: five presses, each 100 ms after the first of eight clicks."""
    heard = Heard(microphone)
    (await microphone.record(time.monotonic(), 0.0, heard.flow.set)).drop()
    for _ in range(5):
        with virtual_sound.recorder(RATE, "testmic") as witness:
            since = time.monotonic()
            playing = asyncio.ensure_future(asyncio.to_thread(virtual_sound.play, clicks()))
            clicked = await asyncio.to_thread(witness.wait_for_sound, since)
            pressed = clicked + 0.1
            await asyncio.sleep(max(0.0, pressed - time.monotonic()))
            recording = await microphone.record(pressed, since - QUIET_S, heard.flow.set)
            await playing
            data = await recording.finish()
        places = loud(data)
        assert counted(places) == CLICKS
        # The two ways of hearing it know its time to some ten milliseconds.
        assert places[0] == pytest.approx(clicked - max(since - QUIET_S, pressed - 0.5), abs=0.1)


async def test_a_tone_until_80_ms_after_the_release_is_whole(
    virtual_sound: VirtualSound, microphone: DeviceMicrophone
) -> None:
    """T6, in real time."""
    heard = Heard(microphone)
    (await microphone.record(time.monotonic(), 0.0, heard.flow.set)).drop()
    tone = 0.5 * np.sin(2 * np.pi * 700 * np.arange(RATE) / RATE)
    for _ in range(3):
        with virtual_sound.recorder(RATE, "testmic") as witness:
            since = time.monotonic()
            recording = await microphone.record(since, since - QUIET_S, heard.flow.set)
            playing = asyncio.ensure_future(asyncio.to_thread(virtual_sound.play, tone))
            began = await asyncio.to_thread(witness.wait_for_sound, since)
            await asyncio.sleep(max(0.0, began + 1.0 - 0.08 - time.monotonic()))
            data = await recording.finish()
            await playing
        assert np.ptp(loud(data)) >= 0.995


async def test_a_muted_microphone_is_told_from_a_quiet_one(
    virtual_sound: VirtualSound, microphone: DeviceMicrophone
) -> None:
    virtual_sound.mute()
    heard = Heard(microphone)
    recording = await microphone.record(time.monotonic(), 0.0, heard.flow.set)
    await asyncio.wait_for(heard.lost.wait(), 20)
    assert heard.errors[0].reason == "only-zeros" and not heard.flow.is_set()
    virtual_sound.mute(False)
    await asyncio.wait_for(heard.flow.wait(), 20)
    recording.drop()


async def test_a_sound_server_that_dies_is_a_lost_device(
    virtual_sound: VirtualSound, microphone: DeviceMicrophone
) -> None:
    heard = Heard(microphone)
    recording = await microphone.record(time.monotonic(), 0.0, heard.flow.set)
    await asyncio.wait_for(heard.flow.wait(), 20)
    await asyncio.to_thread(virtual_sound.play, clicks())
    virtual_sound.close()
    await asyncio.wait_for(heard.lost.wait(), 20)
    assert heard.errors[0].reason == "device-lost"
    assert counted(loud(await recording.finish())) == CLICKS
    with pytest.raises(MicrophoneError) as told:
        await microphone.record(time.monotonic(), 0.0, heard.flow.set)
    assert told.value.reason in {"no-microphone", "microphone-refused"}


async def test_it_is_listed(virtual_sound: VirtualSound, microphone: DeviceMicrophone) -> None:
    rows = await microphone.rows()
    assert {row.id for row in rows} >= {"pulse|ALSA", "default|ALSA"}
    assert [row.default for row in rows] == [True] + [False] * (len(rows) - 1)
    assert microphones() == list(rows)


async def test_what_is_spoken_is_what_whisper_hears(
    virtual_sound: VirtualSound, microphone: DeviceMicrophone
) -> None:
    """From espeak-ng over the sound server, PortAudio and the resampler to the pocket Whisper."""
    whisper = pytest.importorskip("whisper")
    model = whisper.load_model(str(POCKET_WHISPER))
    heard = Heard(microphone)
    recording = await microphone.record(time.monotonic(), 0.0, heard.flow.set)
    await asyncio.wait_for(heard.flow.wait(), 20)
    await asyncio.to_thread(virtual_sound.speak, "Set a timer for five minutes.", "en-us+m3")
    samples = np.frombuffer(await recording.finish(), "<i2").astype(np.float32) / 32768
    options = whisper.DecodingOptions(language="en", temperature=0.0, without_timestamps=True, fp16=False)
    mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(samples))
    assert model.decode(mel, options).text == "Set a timer for 5 minutes."
