"""The microphone of the application: recordings, their levels, and whether sound really flows."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal

from assistant_app.core.voice import PRE_ROLL_S, MicrophoneError, MicrophoneRow
from assistant_app.speech.faults import device_lost, only_zeros
from assistant_app.speech.keeper import StreamKeeper
from assistant_app.speech.levels import Meter
from assistant_app.speech.portaudio import PortAudio, load_portaudio
from assistant_app.speech.recording import DeviceRecording
from assistant_app.speech.ring import Block
from assistant_app.speech.stream import MicrophoneStream

ZEROS_S = 1.0
WATCH_S = 0.5


class DeviceMicrophone:
    """Implements core.voice.Microphone over PortAudio. All methods on the loop.

    Args:
        loop: Where blocks, levels and errors arrive.
        device_id: The chosen microphone, asked at every recording; empty for the system's own.
        warm: How long the stream stays open afterwards: not, 30 seconds, or until `release`.
        load: Returns PortAudio; raises MicrophoneError.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        device_id: Callable[[], str],
        warm: Callable[[], Literal["off", "short", "always"]],
        load: Callable[[], PortAudio] = load_portaudio,
    ) -> None:
        self.on_level: Callable[[float, float], None] | None = None
        self.on_lost: Callable[[MicrophoneError], None] | None = None
        self._loop = loop
        self._keeper = StreamKeeper(loop, device_id, warm, load, self._received, self._lose)
        self._recording: DeviceRecording | None = None
        self._meter: Meter | None = None
        self._on_flow: Callable[[], None] | None = None
        """Waits for the first sound of the recording."""
        self._zeros = 0
        """Samples of the recording before its first sound."""
        self._watcher: asyncio.TimerHandle | None = None

    @property
    def on_fallback(self) -> Callable[[MicrophoneError], None] | None:
        """See core.voice.Microphone."""
        return self._keeper.on_fallback

    @on_fallback.setter
    def on_fallback(self, told: Callable[[MicrophoneError], None] | None) -> None:
        self._keeper.on_fallback = told

    @property
    def open(self) -> bool:
        """The device is in use: the system shows its sign."""
        return self._keeper.open

    async def record(
        self, pressed_at: float, not_before: float, on_flow: Callable[[], None]
    ) -> DeviceRecording:
        """Begin an utterance; see core.voice.Microphone. One that still runs is thrown away."""
        self._drop_recording()
        stream = await self._keeper.acquire()
        self._drop_recording()
        begin = max(pressed_at - PRE_ROLL_S, not_before)
        recording = DeviceRecording(self._loop, stream.rate, begin, self._ended)
        for block in stream.ring:
            recording.feed(block)
        self._recording = recording
        self._meter = Meter(stream.rate, self._level)
        self._on_flow = on_flow
        self._zeros = 0
        if stream.flowing:
            self._loop.call_soon(self._flows, recording)
        self._watch()
        return recording

    async def release(self) -> None:
        """Close the stream now; a recording ends with what it has."""
        await self._keeper.close()
        if self._recording is not None:
            self._recording.lose()
            self._forget_recording()
            self._keeper.let_go()

    async def rows(self) -> Sequence[MicrophoneRow]:
        """List what can be listened to. Raises MicrophoneError."""
        return await self._keeper.rows()

    async def devices_changed(self) -> None:
        """Sound devices came or went."""
        await self._keeper.devices_changed()

    # --- while it is recorded
    def _received(self, stream: MicrophoneStream, block: Block) -> None:
        recording = self._recording
        if recording is None or stream is not self._keeper.stream:
            return
        recording.feed(block)
        if self._meter is not None:
            self._meter.push(block.samples)
        if stream.flowing:
            self._flows(recording)
        elif self._on_flow is not None:
            told = self._blocked(stream.rate)
            self._zeros += len(block.samples)
            if self._blocked(stream.rate) and not told and self.on_lost is not None:
                self.on_lost(only_zeros())

    def _blocked(self, rate: int) -> bool:
        return self._on_flow is not None and self._zeros > ZEROS_S * rate

    def _flows(self, recording: DeviceRecording) -> None:
        if recording is self._recording and self._on_flow is not None:
            on_flow, self._on_flow = self._on_flow, None
            on_flow()

    def _level(self, rms_db: float, peak_db: float) -> None:
        if self.on_level is not None:
            self.on_level(rms_db, peak_db)

    def _watch(self) -> None:
        self._watcher = None
        stream = self._keeper.stream
        if stream is not None and stream.dead:
            self._lose(stream)
        else:
            self._watcher = self._loop.call_later(WATCH_S, self._watch)

    # --- its end
    def _ended(self, recording: DeviceRecording) -> None:
        if recording is self._recording:
            # What blocked it may be gone when it is opened again, and only then.
            blocked = self._blocked(recording.rate)
            self._forget_recording()
            self._keeper.let_go(now=blocked)

    def _lose(self, stream: MicrophoneStream) -> None:
        """The device is gone: what was recorded is kept."""
        recording = self._recording
        if stream is not self._keeper.stream:
            return
        self._keeper.discard(stream)
        if recording is not None:
            recording.lose()
            self._forget_recording()
            self._keeper.let_go()
            if self.on_lost is not None:
                self.on_lost(device_lost())

    def _drop_recording(self) -> None:
        if self._recording is not None:
            self._recording.drop()

    def _forget_recording(self) -> None:
        self._recording = None
        self._meter = None
        self._on_flow = None
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None
