"""One open stream of a microphone: its callback, the times of its blocks, what came last."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np

from assistant_app.core.voice import PRE_ROLL_S
from assistant_app.speech.devices import PREFERRED_HOST, Device
from assistant_app.speech.portaudio import INVALID_CHANNEL_COUNT, PortAudio, Stream, error_code, hand_over
from assistant_app.speech.ring import Block, Ring, Samples

BLOCK_S = 0.02
# The press arrives a little later than it was made; the pre-roll must still be there.
RING_S = PRE_ROLL_S + 0.5
# Bluetooth microphones need up to three seconds before the first sound, others 60 ms.
FIRST_SOUND_S = 5.0
SILENT_S = 2.0
# Drivers report nonsense as the time of capture, 1970 or the future; more than this is not believed.
MAX_AGE_S = 0.5


class MicrophoneStream:
    """Blocks of 20 ms, mono, at the device's own rate. `open` and `close` on the audio thread, else the loop.

    `on_block` gets every block; `on_end` is called when the driver ends the stream by itself.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        device: Device,
        on_block: Callable[["MicrophoneStream", Block], None],
        on_end: Callable[["MicrophoneStream"], None],
    ) -> None:
        self.device = device
        self.ring = Ring(device.rate, RING_S)
        self.overflows = 0
        """How often the driver threw sound away because it was not fetched in time."""
        self.flowing = False
        """The newest block was not all zeros."""
        self.closed = False
        self._loop = loop
        self._on_block = on_block
        self._on_end = on_end
        self._stream: Stream | None = None
        self._deadline = loop.time() + FIRST_SOUND_S

    @property
    def rate(self) -> int:
        """Samples per second."""
        return self.device.rate

    @property
    def dead(self) -> bool:
        """Nothing came for so long that nothing will."""
        return self.closed or self._loop.time() > self._deadline

    def open(self, portaudio: PortAudio) -> None:
        """Open and start it. Raises PortAudioError."""
        try:
            self._stream = self._make(portaudio, 1)
        except portaudio.PortAudioError as error:
            # Some drivers do not mix the two channels of a microphone.
            if error_code(error) != INVALID_CHANNEL_COUNT or self.device.channels < 2:
                raise
            self._stream = self._make(portaudio, 2)
        self._deadline = self._loop.time() + FIRST_SOUND_S
        self._stream.start()

    def _make(self, portaudio: PortAudio, channels: int) -> Stream:
        # WASAPI takes what the device is set to and nothing else, unless it is asked to convert.
        wasapi = self.device.row.host == PREFERRED_HOST
        return portaudio.InputStream(
            extra_settings=portaudio.WasapiSettings(auto_convert=True) if wasapi else None,
            device=self.device.index,
            samplerate=self.rate,
            channels=channels,
            dtype="float32",
            blocksize=round(self.rate * BLOCK_S),
            latency="low",
            callback=self._callback,
            finished_callback=self._finished,
        )

    def close(self) -> None:
        """Give the device back."""
        if self._stream is not None:
            self._stream.abort()
            self._stream.close()

    # --- on PortAudio's thread: hand over, nothing else
    def _callback(self, data: Samples, _frames: int, times: Any, status: Any) -> None:
        arrived = self._loop.time()
        age = times.currentTime - times.inputBufferAdcTime
        hand_over(self._loop, self._received, data.copy(), arrived, age, bool(status.input_overflow))

    def _finished(self) -> None:
        hand_over(self._loop, self._ended)

    # --- on the loop
    def _received(self, data: Samples, arrived: float, age: float, overflow: bool) -> None:
        samples = np.ascontiguousarray(data[:, 0]) if data.shape[1] == 1 else data.mean(axis=1)
        self.overflows += overflow
        self.flowing = bool(samples.any())
        self._deadline = arrived + SILENT_S
        # A block is handed over when its last sample is there, so it is at least its own length old.
        length_s = len(samples) / self.rate
        began = arrived - (max(age, length_s) if 0.0 <= age <= MAX_AGE_S else length_s)
        block = Block(began, samples)
        self.ring.push(block)
        self._on_block(self, block)

    def _ended(self) -> None:
        if not self.closed:
            self._on_end(self)
