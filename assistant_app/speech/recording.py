"""One utterance: the moments before the press, what comes while it lasts, a little after the release."""

import asyncio
import math
from collections.abc import Callable

from assistant_app.core.voice import MAX_RECORDING_S, POST_ROLL_S
from assistant_app.speech.resampling import Resampler
from assistant_app.speech.ring import Block, cut

# Who records ends it at MAX_RECORDING_S; beyond this nothing is kept, so that a forgotten one stays small.
LIMIT_S = MAX_RECORDING_S + 5.0
# A device that hands sound over late, by radio for instance, gets this much more time for the last of it.
LATE_S = 0.5


class DeviceRecording:
    """Implements core.voice.Recording over blocks of a device.

    Args:
        loop: Its clock is that of the blocks.
        rate: Of the blocks.
        begin: Nothing older is taken, monotonic.
        on_end: Called once, when it is finished or dropped.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        rate: int,
        begin: float,
        on_end: Callable[["DeviceRecording"], None],
    ) -> None:
        self._loop = loop
        self.rate = rate
        self._resampler = Resampler(rate)
        self._on_end = on_end
        self._begin: float | None = begin
        self._length = 0
        self._ready = bytearray()
        self._over = False
        self._until: float | None = None
        self._heard_until = -math.inf
        """End of the last block, monotonic."""
        self._complete = asyncio.Event()

    @property
    def seconds(self) -> float:
        """Length so far, pre-roll included."""
        return self._length / self.rate

    def feed(self, block: Block) -> None:
        """Take the next block, of the ring or of the stream."""
        if self._over or self._complete.is_set():
            return
        end = block.began + len(block.samples) / self.rate
        if self._begin is not None:
            first = cut(block, self.rate, self._begin)
            if first is None:
                return
            # The times of blocks tremble with the scheduler, but between them no sample is missing: only
            # the first one is cut.
            block, self._begin = first, None
        if self.seconds < LIMIT_S:
            self._length += len(block.samples)
            self._ready += self._resampler.push(block.samples)
        self._heard_until = end
        if self._until is not None and end >= self._until:
            self._complete.set()

    def lose(self) -> None:
        """Nothing more will come."""
        self._complete.set()

    def take(self) -> bytes:
        """Return the 16-bit 16 kHz samples that came since the last call."""
        taken = bytes(self._ready)
        self._ready.clear()
        return taken

    async def finish(self, released_at: float | None = None) -> bytes:
        """Wait for the post-roll, flush the resampler, return the remaining samples."""
        if self._over:
            return b""
        self._until = (self._loop.time() if released_at is None else released_at) + POST_ROLL_S
        if self._heard_until >= self._until:
            self._complete.set()
        try:
            async with asyncio.timeout(POST_ROLL_S + LATE_S):
                await self._complete.wait()
        except TimeoutError:
            pass  # what there is has to do; the device is watched elsewhere
        except asyncio.CancelledError:
            self.drop()
            raise
        if not self._over:
            self._ready += self._resampler.flush()
        remaining = self.take()
        self._end()
        return remaining

    def drop(self) -> None:
        """Throw it away."""
        self._ready.clear()
        self._end()

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._complete.set()
            self._on_end(self)
