"""A microphone over devices that tests own, on a clock that tests move."""

import asyncio
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from assistant_app.core.voice import MicrophoneError
from assistant_app.speech.microphone import DeviceMicrophone
from assistant_app.speech.recording import DeviceRecording
from tests.fixtures.sound_devices import FakePortAudio, ManualLoop, microphone


def pytest_asyncio_loop_factories() -> dict[str, Any]:
    """Tests of this folder move the time themselves."""
    return {"manual": ManualLoop}


def hiss(seconds: float, rate: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Return the sound of a quiet room, -80 dB."""
    noise = np.random.default_rng(seed).uniform(-1e-4, 1e-4, round(seconds * rate))
    return noise.astype(np.float32)


def heard(data: bytes) -> npt.NDArray[np.float32]:
    """Return 16-bit samples as numbers from -1 to 1."""
    return np.frombuffer(data, "<i2").astype(np.float32) / 32767


class Desk:
    """A microphone, its choices, and what it said."""

    def __init__(self, loop: ManualLoop, portaudio: FakePortAudio) -> None:
        self.loop = loop
        self.portaudio = portaudio
        self.chosen = ""
        self.warm = "short"
        self.said: list[MicrophoneError] = []
        self.levels: list[tuple[float, float]] = []
        self.flows = 0
        self.microphone = DeviceMicrophone(
            loop,
            lambda: self.chosen,
            lambda: self.warm,  # type: ignore[arg-type, return-value]
            lambda: portaudio,
        )
        self.microphone.on_lost = self.said.append
        self.microphone.on_fallback = self.said.append
        self.microphone.on_level = lambda rms, peak: self.levels.append((rms, peak))

    @property
    def reasons(self) -> list[str]:
        """Why it complained."""
        return [error.reason for error in self.said]

    async def press(self, ago: float = 0.0, not_before: float = 0.0) -> DeviceRecording:
        """Begin a recording whose key went down `ago` seconds before now."""
        return await self.microphone.record(self.loop.now - ago, not_before, self._flow)

    async def warm_up(self) -> None:
        """Record a moment, so that the stream is open and kept."""
        recording = await self.press()
        await self.portaudio.stream.play(hiss(0.1, self.rate))
        recording.drop()

    async def release(self, recording: DeviceRecording, rest: npt.NDArray[np.float32]) -> bytes:
        """Let the key go now, and `rest` follow; return what `finish` does."""
        ending = asyncio.ensure_future(recording.finish())
        await self.loop.settle()
        await self.portaudio.stream.play(rest)
        await self.loop.settle(ending.done)
        return ending.result()

    @property
    def rate(self) -> int:
        """Of the device that is listened to."""
        return int(self.portaudio.stream.options["samplerate"])

    def _flow(self) -> None:
        self.flows += 1

    async def closed(self) -> None:
        """Wait until no device is held any more."""
        await self.loop.settle(lambda: self.portaudio.open_streams == 0)


def desk_with(*devices: dict[str, Any], **options: Any) -> Desk:
    """Return a desk with these devices, on the running loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, ManualLoop)
    return Desk(loop, FakePortAudio(*devices, **options))


@pytest.fixture
async def desk() -> Desk:
    """One microphone of 48 kHz."""
    return desk_with(microphone("Webcam"))
