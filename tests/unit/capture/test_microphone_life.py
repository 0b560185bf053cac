"""The microphone is opened when it is needed, kept for a while, given back; devices come and go."""

import asyncio
import subprocess
import sys

import numpy as np
import pytest

from assistant_app.speech.portaudio import hand_over
from tests.fixtures.sound_devices import FakeError, microphone
from tests.unit.capture.conftest import Desk, desk_with, heard, hiss

CONSTRUCT = """
import asyncio, sys, threading
from assistant_app.speech.microphone import DeviceMicrophone
microphone = DeviceMicrophone(asyncio.new_event_loop(), lambda: "", lambda: "short")
print({"sounddevice", "soxr", "soundfile", "torch", "whisper"} & set(sys.modules), threading.active_count())
"""


# --- warm
async def test_it_is_released_30_seconds_after_the_last_recording(desk: Desk) -> None:
    """T11."""
    await desk.warm_up()
    await desk.portaudio.stream.play(hiss(29.0, desk.rate))
    assert desk.portaudio.open_streams == 1
    await desk.warm_up()
    await desk.portaudio.stream.play(hiss(29.9, desk.rate))
    assert desk.portaudio.open_streams == 1
    await desk.loop.advance(0.2)
    await desk.closed()
    assert not desk.microphone.open and len(desk.portaudio.streams) == 1


async def test_off_releases_it_at_once(desk: Desk) -> None:
    desk.warm = "off"
    recording = await desk.press()
    await desk.portaudio.stream.play(hiss(0.5, desk.rate))
    await desk.release(recording, hiss(0.2, desk.rate))
    await desk.closed()
    await desk.warm_up()
    await desk.closed()
    assert len(desk.portaudio.streams) == 2


async def test_always_keeps_it_until_told(desk: Desk) -> None:
    desk.warm = "always"
    await desk.warm_up()
    await desk.loop.advance(3600.0)
    assert desk.portaudio.open_streams == 1
    await desk.microphone.release()
    assert desk.portaudio.open_streams == 0


async def test_constructing_it_loads_and_starts_nothing() -> None:
    """T11."""
    done = subprocess.run([sys.executable, "-c", CONSTRUCT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["set()", "1"]


async def test_giving_up_while_it_opens_still_releases_it(desk: Desk) -> None:
    desk.warm = "off"
    pressing = asyncio.ensure_future(desk.press())
    await desk.loop.settle()
    pressing.cancel()
    await desk.loop.settle(lambda: len(desk.portaudio.streams) == 1)
    await desk.closed()
    assert pressing.cancelled()


async def test_releasing_while_it_opens_leaves_nothing_open(desk: Desk) -> None:
    pressing = asyncio.ensure_future(desk.press())
    await desk.loop.settle()
    await desk.microphone.release()
    recording = await pressing
    assert desk.portaudio.open_streams == 0
    assert await recording.finish() == b"", "it does not wait for sound that will not come"


async def test_a_second_press_throws_the_first_recording_away(desk: Desk) -> None:
    first = await desk.press()
    await desk.portaudio.stream.play(hiss(0.2, desk.rate))
    second = await desk.press()
    await desk.portaudio.stream.play(hiss(0.2, desk.rate))
    assert first.take() == b"" and second.take()
    assert len(desk.portaudio.streams) == 1


async def test_a_dropped_recording_leaves_nothing(desk: Desk) -> None:
    recording = await desk.press()
    await desk.portaudio.stream.play(hiss(0.2, desk.rate))
    recording.drop()
    assert recording.take() == b"" and await recording.finish() == b""


# --- levels
async def test_the_meter_shows_25_levels_a_second_of_what_is_recorded(desk: Desk) -> None:
    recording = await desk.press()
    wave = np.sin(2 * np.pi * 1000 * np.arange(desk.rate) / desk.rate)
    await desk.portaudio.stream.play(0.5 * wave)
    assert len(desk.levels) == 25
    assert desk.levels[5] == pytest.approx((-9.03, -6.02), abs=0.01)
    recording.drop()
    await desk.portaudio.stream.play(0.5 * wave)
    assert len(desk.levels) == 25


async def test_silence_is_at_the_bottom_and_full_scale_at_the_top(desk: Desk) -> None:
    await desk.press()
    await desk.portaudio.stream.play(np.zeros(desk.rate // 5, np.float32))
    assert set(desk.levels) == {(-120.0, -120.0)}
    await desk.portaudio.stream.play(np.full(desk.rate // 5, 2.0, np.float32))
    assert desk.levels[-1][1] == 0.0


# --- which device
async def test_the_chosen_device_is_found_by_its_name_whatever_its_number() -> None:
    desk = desk_with(microphone("Webcam"), microphone("Headset (hw:1,0)"))
    assert [row.id for row in await desk.microphone.rows()] == ["Webcam|ALSA", "Headset|ALSA"]
    desk.chosen = "Headset|ALSA"
    desk.portaudio.plugged = [microphone("Headset (hw:3,0)"), microphone("Webcam")]
    desk.portaudio.default = 1
    await desk.microphone.devices_changed()
    await desk.press()
    assert desk.portaudio.stream.options["device"] == 0 and not desk.said


async def test_the_systems_own_stands_in_for_a_missing_one_and_it_is_said() -> None:
    desk = desk_with(microphone("Headset"), microphone("Webcam"))
    desk.portaudio.default = 1
    desk.chosen = "Studio microphone|ALSA"
    await desk.press()
    assert desk.portaudio.stream.options["device"] == 1
    assert desk.reasons == ["other-microphone"]
    assert str(desk.said[0]) == (
        "The microphone Studio microphone is not connected, so Webcam is used; you can choose another one."
    )


async def test_a_device_plugged_in_since_is_looked_for_before_it_is_given_up(desk: Desk) -> None:
    desk.chosen = "Headset|ALSA"
    desk.portaudio.plugged.append(microphone("Headset"))
    await desk.press()
    assert desk.portaudio.stream.options["device"] == 1 and not desk.said


async def test_choosing_another_device_takes_effect_at_the_next_press() -> None:
    desk = desk_with(microphone("Webcam"), microphone("Headset", 16_000))
    await desk.warm_up()
    desk.chosen = "Headset|ALSA"
    await desk.warm_up()
    assert desk.rate == 16_000 and desk.portaudio.open_streams == 1


async def test_a_stream_that_is_kept_warm_moves_to_a_device_that_comes(desk: Desk) -> None:
    """Headphones are plugged in and the system makes them its own."""
    await desk.warm_up()
    desk.portaudio.plugged.append(microphone("Headset", 16_000))
    desk.portaudio.default = 1
    await desk.microphone.devices_changed()
    assert desk.rate == 16_000 and desk.portaudio.open_streams == 1
    await desk.loop.advance(31.0)
    await desk.closed()


async def test_a_recording_is_not_disturbed_by_devices_that_come(desk: Desk) -> None:
    recording = await desk.press()
    desk.portaudio.plugged.append(microphone("Headset", 16_000))
    desk.portaudio.default = 1
    await desk.microphone.devices_changed()
    assert len(await desk.microphone.rows()) == 1, "the list is not read again while a stream is open"
    await desk.portaudio.stream.play(hiss(0.5, desk.rate))
    recording.drop()
    await desk.microphone.release()
    await desk.press()
    assert desk.rate == 16_000
    assert not desk.portaudio.terminated_with_open_streams


async def test_plumbing_and_outputs_are_no_microphones() -> None:
    loudspeaker = {**microphone("Speakers", channels=0), "max_output_channels": 2}
    desk = desk_with(microphone("samplerate"), loudspeaker, microphone("pulse", channels=32))
    desk.portaudio.default = 2
    rows = await desk.microphone.rows()
    assert [(row.name, row.default) for row in rows] == [("pulse", True)]


async def test_windows_shows_each_microphone_once() -> None:
    names = ("MME", "Windows WASAPI", "Windows WDM-KS")
    listed = [
        microphone("Headset (long na", hostapi=0),
        *(microphone("Headset", 48_000, 2, n) for n in (1, 2)),
    ]
    desk = desk_with(*listed, hosts=names)
    desk.portaudio.default = 1
    assert [row.id for row in await desk.microphone.rows()] == ["Headset|Windows WASAPI"]
    await desk.press()
    assert desk.portaudio.stream.options["extra_settings"] == "auto_convert=True"


async def test_a_device_that_gives_two_channels_only_is_mixed() -> None:
    desk = desk_with(microphone("Interface", channels=2))
    desk.portaudio.open_errors = [FakeError("Invalid number of channels", -9998)]
    recording = await desk.press()
    assert desk.portaudio.stream.options["channels"] == 2
    for _ in range(60):
        desk.portaudio.stream.give(np.column_stack([np.full(960, 0.5), np.zeros(960)]))
    await desk.loop.settle()
    assert heard(recording.take())[2000] == pytest.approx(0.25, abs=0.01)


async def test_blocks_that_come_after_the_program_has_ended_are_dropped() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    hand_over(loop, print)
