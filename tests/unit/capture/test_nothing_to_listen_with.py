"""T16: every way in which there is no sound ends in its own sentence, and the next press works again."""

import asyncio
import sys

import numpy as np
import pytest

from assistant_app.core.voice import MicrophoneError
from assistant_app.speech.portaudio import load_portaudio
from tests.fixtures.sound_devices import FakeError, microphone
from tests.unit.capture.conftest import Desk, desk_with, heard, hiss


async def test_no_microphone() -> None:
    desk = desk_with()
    with pytest.raises(MicrophoneError) as told:
        await desk.press()
    assert told.value.reason == "no-microphone"
    assert str(told.value) == (
        "No microphone was found. Connect one and press again; typing works as always."
    )
    assert list(await desk.microphone.rows()) == []
    desk.portaudio.plugged.append(microphone("Headset"))
    await desk.press()
    assert desk.portaudio.open_streams == 1


@pytest.mark.parametrize("code", [-9996, -9997, -9999, -9985])
async def test_a_microphone_that_the_system_forbids(desk: Desk, code: int) -> None:
    desk.portaudio.always = FakeError("Error opening InputStream", code)
    with pytest.raises(MicrophoneError) as told:
        await desk.press()
    assert told.value.reason == "microphone-refused"
    assert "privacy settings" in str(told.value) and str(code) in told.value.detail
    assert desk.portaudio.initialized == 2, "it may only have moved: looked for again, once"
    desk.portaudio.always = None
    await desk.press()


async def test_a_microphone_that_has_moved_is_opened_where_it_is_now(desk: Desk) -> None:
    desk.portaudio.open_errors = [FakeError("Error opening InputStream", -9996)]
    desk.portaudio.plugged.insert(0, microphone("Monitor"))
    desk.chosen = "Webcam|ALSA"
    await desk.press()
    assert desk.portaudio.stream.options["device"] == 1 and not desk.said


async def test_the_sound_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(MicrophoneError, match="libportaudio2"):
        load_portaudio()


async def test_a_driver_that_hangs(desk: Desk) -> None:
    desk.portaudio.answering.clear()
    pressing = asyncio.ensure_future(desk.press())
    await desk.loop.settle()
    await desk.loop.advance(16.0)
    with pytest.raises(MicrophoneError) as told:
        await pressing
    assert told.value.reason == "microphone-refused" and "did not answer" in told.value.detail
    desk.portaudio.answering.set()
    await desk.press()
    assert desk.portaudio.open_streams == 1


async def test_only_zeros(desk: Desk) -> None:
    recording = await desk.press()
    await desk.portaudio.stream.play(np.zeros(desk.rate, np.float32))
    assert not desk.said
    await desk.portaudio.stream.play(np.zeros(desk.rate, np.float32))
    assert desk.reasons == ["only-zeros"] and "muted" in str(desk.said[0])
    await desk.portaudio.stream.play(hiss(0.1, desk.rate))
    assert desk.flows == 1, "unmuted meanwhile"
    recording.drop()
    assert desk.microphone.open


async def test_a_blocked_microphone_is_opened_anew_at_the_next_press(desk: Desk) -> None:
    recording = await desk.press()
    await desk.portaudio.stream.play(np.zeros(2 * desk.rate, np.float32))
    recording.drop()
    await desk.closed()
    await desk.warm_up()
    assert desk.flows == 1 and len(desk.portaudio.streams) == 2


async def test_zeros_on_a_mac_mean_that_listening_is_not_allowed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    await desk.press()
    await desk.portaudio.stream.play(np.zeros(2 * desk.rate, np.float32))
    assert desk.reasons == ["microphone-refused"]


@pytest.mark.parametrize("way", ["driver ends it", "nothing comes any more"])
async def test_a_device_that_is_lost_leaves_what_was_recorded(desk: Desk, way: str) -> None:
    recording = await desk.press()
    await desk.portaudio.stream.play(np.full(desk.rate, 0.25, np.float32))
    desk.portaudio.plugged = [microphone("Headset", 44_100)]
    if way == "driver ends it":
        desk.portaudio.stream.end()
        await desk.loop.settle()
    else:
        await desk.loop.advance(1.5)
        assert not desk.said
        await desk.loop.advance(1.5)
    assert desk.reasons == ["device-lost"] and "is kept" in str(desk.said[0])
    await desk.closed()
    data = await recording.finish()
    assert len(data) // 2 == pytest.approx(16_000, abs=1)
    assert heard(data)[8000] == pytest.approx(0.25, abs=0.01)
    await desk.press()
    assert desk.rate == 44_100, "the list was read again"
    assert not desk.portaudio.terminated_with_open_streams


async def test_a_device_that_is_lost_after_the_release_does_not_hold_up_the_words(desk: Desk) -> None:
    recording = await desk.press()
    await desk.portaudio.stream.play(hiss(1.0, desk.rate))
    ending = asyncio.ensure_future(recording.finish())
    await desk.loop.settle()
    desk.portaudio.stream.end()
    await desk.loop.settle(ending.done)
    assert len(ending.result()) // 2 == pytest.approx(16_000, abs=1)


async def test_a_device_that_falls_silent_after_the_release_is_waited_for_half_a_second(desk: Desk) -> None:
    recording = await desk.press()
    await desk.portaudio.stream.play(hiss(1.0, desk.rate))
    ending = asyncio.ensure_future(recording.finish())
    await desk.loop.settle()
    await desk.loop.advance(0.7)
    await desk.loop.settle(ending.done)
    assert ending.result()


async def test_a_slow_device_gets_five_seconds_for_its_first_sound(desk: Desk) -> None:
    recording = await desk.press()
    await desk.loop.advance(4.0)
    assert not desk.said
    await desk.portaudio.stream.play(hiss(0.1, desk.rate))
    assert desk.flows == 1
    recording.drop()
    await desk.microphone.release()
    await desk.press()
    await desk.loop.advance(6.0)
    assert desk.reasons == ["device-lost"]


async def test_a_device_lost_while_nobody_listens_is_opened_anew_without_a_word(desk: Desk) -> None:
    await desk.warm_up()
    desk.portaudio.stream.end()
    await desk.loop.settle()
    await desk.closed()
    await desk.warm_up()
    await desk.loop.advance(5.0)
    await desk.warm_up()
    assert not desk.said and len(desk.portaudio.streams) == 3


async def test_a_driver_that_cannot_be_started_again_is_no_dead_end(desk: Desk) -> None:
    start = desk.portaudio._initialize
    desk.portaudio._initialize = lambda: (_ for _ in ()).throw(FakeError("not now", -9999))  # type: ignore
    await desk.microphone.devices_changed()
    with pytest.raises(MicrophoneError):
        await desk.press()
    desk.portaudio._initialize = start  # type: ignore[method-assign]
    await desk.press()


async def test_sound_that_was_thrown_away_is_counted(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    await desk.warm_up()
    for overflow in (True, False, True):
        desk.portaudio.stream.give(hiss(0.02, desk.rate), overflow=overflow)
    await desk.loop.settle()
    await desk.microphone.release()
    assert "after 2 overflows" in caplog.text


@pytest.mark.parametrize("age", [-5.0, 0.0, 1e9, float("nan")])
async def test_times_of_capture_that_make_no_sense_are_not_believed(desk: Desk, age: float) -> None:
    recording = await desk.press()
    for _ in range(10):
        desk.loop.now += 0.02
        desk.portaudio.stream.give(hiss(0.02, desk.rate), age=age)
        await desk.loop.settle()
    assert recording.seconds == pytest.approx(0.2)
