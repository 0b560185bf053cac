"""The sound server of the tests: what is spoken into it arrives whole, and nothing of it stays behind."""

import subprocess
import sys

import numpy as np
import pytest

from tests.fixtures.virtual_sound import RATE, VirtualSound, virtual_sound_server

RECORD = """
import sounddevice, sys
got = []
with sounddevice.InputStream(samplerate=48000, channels=1, blocksize=960) as stream:
    print("listening", flush=True)
    sys.stdin.readline()
    stream.read(stream.read_available)
    while len(got) < 100:
        got.append(stream.read(960)[0])
print(max(abs(block).max() for block in got) > 0.1)
"""


def clicks(count: int = 5) -> np.ndarray:
    """Clicks of 10 ms, 200 ms apart."""
    sound = np.zeros(RATE // 5 * count, np.float32)
    for place in range(count):
        sound[place * RATE // 5 :][: RATE // 100] = 0.5
    return sound


def test_what_is_played_is_what_the_microphone_hears(virtual_sound: VirtualSound) -> None:
    with virtual_sound.recorder(RATE, "testmic") as microphone:
        played = virtual_sound.play(clicks())
        microphone.wait_for(played.ended)
    heard = microphone.samples
    begin = int(np.flatnonzero(np.abs(heard) > 0.1)[0])
    whole = heard[begin : begin + RATE // 5 * 4 + RATE // 100]
    assert np.corrcoef(whole, clicks()[: len(whole)])[0, 1] > 0.999


def test_two_servers_hear_nothing_of_each_other(virtual_sound: VirtualSound) -> None:
    with virtual_sound_server() as other, other.recorder(RATE, "testmic") as elsewhere:
        with virtual_sound.recorder(RATE, "testmic") as microphone, virtual_sound.recorder() as loudspeaker:
            played = virtual_sound.speak("Please open the window.")
            microphone.wait_for(played.ended)
            loudspeaker.wait_for(played.ended)
        elsewhere.wait_for(played.ended)
        heard = microphone.loud()
        assert heard is not None and heard[1] - heard[0] > 0.8
        assert loudspeaker.loud() is None
        assert elsewhere.loud() is None


def test_what_is_played_to_the_loudspeaker_is_timed(virtual_sound: VirtualSound) -> None:
    with virtual_sound.recorder() as loudspeaker:
        virtual_sound.play(clicks())
        path = next(virtual_sound.folder.glob("*.wav"))
        played = virtual_sound.play_file(path, "spk")
        assert played.began < loudspeaker.wait_for_sound(since=played.began) < played.ended


def test_another_process_finds_the_microphone_as_its_default(virtual_sound: VirtualSound) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RECORD],
        env=virtual_sound.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == "listening\n"
        assert virtual_sound.listeners
        process.stdin.write("go\n")
        process.stdin.flush()
        virtual_sound.play(clicks())
        assert process.stdout.read().strip() == "True"
    assert not virtual_sound.listeners


def test_portaudio_of_this_process_sees_it_only_inside_here(virtual_sound: VirtualSound) -> None:
    sounddevice = pytest.importorskip("sounddevice")
    before = [device["name"] for device in sounddevice.query_devices()]
    with virtual_sound.here():
        assert "pulse" in [device["name"] for device in sounddevice.query_devices()]
    assert [device["name"] for device in sounddevice.query_devices()] == before


def test_nothing_stays_behind() -> None:
    with virtual_sound_server() as sound:
        folder = sound.folder
        processes = sound.processes
        assert folder.exists() and len(processes) == 3
    assert not folder.exists()
    assert all(process.returncode is not None for process in processes)
