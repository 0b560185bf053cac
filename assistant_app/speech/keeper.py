"""Keeps the microphone's stream: opened when it is needed, warm for a while afterwards, then given back."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Literal

from assistant_app.core.voice import MicrophoneError, MicrophoneRow
from assistant_app.speech.devices import Devices
from assistant_app.speech.faults import device_lost, elsewhere, none_found, refused
from assistant_app.speech.portaudio import AudioThread, PortAudio
from assistant_app.speech.resampling import Resampler
from assistant_app.speech.ring import Block
from assistant_app.speech.stream import MicrophoneStream

log = logging.getLogger(__name__)

WARM_S = 30.0
# Bluetooth takes up to three seconds; a driver that hangs would leave "Getting ready" there for good.
OPEN_S = 15.0


class StreamKeeper:
    """At most one stream, of the device that is wanted. All methods on the loop.

    Args:
        loop: Where everything arrives.
        device_id: The chosen microphone; empty for the system's own.
        warm: How long the stream stays open unused: not, 30 seconds, or until it is told.
        load: Returns PortAudio; raises MicrophoneError. Called on the audio thread.
        on_block: Gets every block of every stream.
        on_end: A stream ended by itself.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        device_id: Callable[[], str],
        warm: Callable[[], Literal["off", "short", "always"]],
        load: Callable[[], PortAudio],
        on_block: Callable[[MicrophoneStream, Block], None],
        on_end: Callable[[MicrophoneStream], None],
    ) -> None:
        self.on_fallback: Callable[[MicrophoneError], None] | None = None
        self.stream: MicrophoneStream | None = None
        self._loop = loop
        self._device_id = device_id
        self._warm = warm
        self._load = load
        self._on_block = on_block
        self._on_end = on_end
        self._thread = AudioThread(loop)
        self._chosen = ""
        """What was asked for when the stream was opened."""
        self._opening: asyncio.Task[MicrophoneStream] | None = None
        self._users = 0
        self._closer: asyncio.TimerHandle | None = None
        self._stale = False
        """Devices came or went since PortAudio looked."""

    @property
    def open(self) -> bool:
        """The device is held or being opened: the system shows its sign."""
        return self.stream is not None or self._opening is not None

    async def acquire(self) -> MicrophoneStream:
        """Return the running stream of the wanted device; `let_go` comes after it. Raises MicrophoneError."""
        self._users += 1
        self._stop_closing()
        try:
            stream = await self._wanted()
            if stream.closed:  # somebody wanted it closed while it was being opened
                raise device_lost()
            return stream
        except BaseException:
            self.let_go()
            raise

    def let_go(self, *, now: bool = False) -> None:
        """It is not needed any more; with `now` close it whatever the warm time."""
        self._users -= 1
        if self._users == 0:
            self._settle(now)

    async def close(self) -> None:
        """Close the stream, used or not; one that is being opened is waited for."""
        if self._opening is not None:
            with contextlib.suppress(MicrophoneError):
                await asyncio.shield(self._opening)
        await self._shut()

    def discard(self, stream: MicrophoneStream) -> None:
        """Close a stream whose device is gone; the next one is looked for again."""
        if stream is self.stream:
            self._stale = True
            self._shut()

    async def rows(self) -> Sequence[MicrophoneRow]:
        """List what can be listened to; PortAudio looks again where no stream forbids it."""
        refresh = not self.open
        if refresh:
            self._stale = False

        def look() -> list[MicrophoneRow]:
            portaudio = self._load()
            devices = Devices(portaudio)
            try:
                if refresh:
                    devices.refresh()
                return [device.row for device in devices.all()]
            except portaudio.PortAudioError as error:
                raise none_found(str(error)) from error

        return await self._thread.post(look)

    async def devices_changed(self) -> None:
        """Look again at the next opening; a stream that is only kept warm moves to the right device."""
        self._stale = True
        if self._users == 0 and self.stream is not None:
            self._shut()
            try:
                await self._wanted()
            except MicrophoneError as error:
                log.info("microphone not reopened: %s", error.detail)

    # --- opening
    async def _wanted(self) -> MicrophoneStream:
        stream = self.stream
        if stream is not None and (stream.dead or self._chosen != self._device_id()):
            self._stale = self._stale or stream.dead
            self._shut()
        if self.stream is not None:
            return self.stream
        if self._opening is None:
            self._opening = self._loop.create_task(self._open())
        # Who waits may give up; the device then opens all the same and is closed in good order.
        try:
            async with asyncio.timeout(OPEN_S):
                return await asyncio.shield(self._opening)
        except TimeoutError as error:
            raise refused(f"the driver did not answer in {OPEN_S:.0f} s") from error

    async def _open(self) -> MicrophoneStream:
        chosen = self._device_id()
        refresh, self._stale = self._stale, False
        try:
            stream, found = await self._thread.post(lambda: self._open_device(chosen, refresh))
        finally:
            self._opening = None
        self.stream = stream
        self._chosen = chosen
        log.info("microphone %s opened at %d Hz", stream.device.row.id, stream.rate)
        if not found and self.on_fallback is not None:
            self.on_fallback(elsewhere(chosen, stream.device.row))
        if self._users == 0:
            self._settle(now=False)
        return stream

    def _open_device(self, chosen: str, refresh: bool) -> tuple[MicrophoneStream, bool]:
        """Open the chosen device or the system's own; whether it is the chosen one. On the audio thread."""
        portaudio = self._load()
        devices = Devices(portaudio)
        # A device that is missing or does not open may have moved since PortAudio looked.
        for refresh_now in (True,) if refresh else (False, True):
            try:
                if refresh_now:
                    devices.refresh()
                device, found = devices.find(chosen)
                if not found and not refresh_now:
                    continue
                Resampler(device.rate)  # so that the loop need not import what it needs
                stream = MicrophoneStream(self._loop, device, self._on_block, self._on_end)
                stream.open(portaudio)
                return stream, found
            except MicrophoneError:
                if refresh_now:
                    raise
            except portaudio.PortAudioError as error:
                if refresh_now:
                    raise refused(str(error)) from error
        raise AssertionError("the last round returns or raises")

    # --- closing
    def _settle(self, now: bool) -> None:
        self._stop_closing()
        warm = self._warm()
        if self.stream is None:
            return
        if now or warm == "off":
            self._shut()
        elif warm == "short":
            self._closer = self._loop.call_later(WARM_S, self._shut)

    def _shut(self) -> "asyncio.Future[None]":
        """Let the stream go at once; the future is done when the device is free."""
        self._stop_closing()
        stream, self.stream = self.stream, None
        if stream is not None:
            stream.closed = True
            return self._thread.post(lambda: _give_back(stream))
        nothing: asyncio.Future[None] = self._loop.create_future()
        nothing.set_result(None)
        return nothing

    def _stop_closing(self) -> None:
        if self._closer is not None:
            self._closer.cancel()
            self._closer = None


def _give_back(stream: MicrophoneStream) -> None:
    try:
        stream.close()
    except Exception as error:
        # A device that was pulled out; there is nothing to be done about it.
        log.warning("microphone did not close: %s", error)
    log.info("microphone closed after %d overflows", stream.overflows)
