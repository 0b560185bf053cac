"""The microphone: how soon sound is there, what listening costs, how much an hour of it leaves behind."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

from assistant_app.speech.microphone import DeviceMicrophone
from assistant_app.speech.portaudio import PortAudio, load_portaudio
from assistant_app.speech.ring import Block
from assistant_app.speech.stream import MicrophoneStream
from tests.benchmarks.table import Row, at_most, percentile
from tests.fixtures.hour_of_listening import listen_for_an_hour
from tests.fixtures.sound_devices import ManualLoop
from tests.fixtures.virtual_sound import virtual_sound_server

LISTEN_S = 15.0
OPENINGS = 5


def capture() -> Iterator[Row]:
    """Listen to the virtual microphone in real time; then an hour of blocks without a device."""
    with virtual_sound_server() as sound, sound.here():
        yield from asyncio.run(_listen())
    with asyncio.Runner(loop_factory=ManualLoop) as runner:
        hour = runner.run(listen_for_an_hour())
    yield at_most("60 minutes of listening: memory", hour.grown_bytes / 2**20, 20, "MB")


class _Timed:
    """PortAudio whose callbacks note when they were called."""

    def __init__(self, portaudio: PortAudio) -> None:
        self._portaudio = portaudio
        self.called: list[float] = []
        self.overflows = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._portaudio, name)

    def InputStream(self, *, callback: Callable[..., None], **options: Any) -> Any:
        """Open the real stream."""

        def noting(*arguments: Any) -> None:
            self.called.append(time.monotonic())
            self.overflows += bool(arguments[3].input_overflow)
            callback(*arguments)

        return self._portaudio.InputStream(callback=noting, **options)


class _TimedMicrophone(DeviceMicrophone):
    """Notes when a block arrives on the loop."""

    arrived: list[float]

    def _received(self, stream: MicrophoneStream, block: Block) -> None:
        self.arrived.append(time.monotonic())
        super()._received(stream, block)


async def _listen() -> list[Row]:
    timed = _Timed(load_portaudio())
    microphone = _TimedMicrophone(asyncio.get_running_loop(), lambda: "", lambda: "short", lambda: timed)
    microphone.arrived = []
    microphone.on_level = lambda rms_db, peak_db: None
    firsts, ends = [], []
    for _ in range(OPENINGS):
        flows = asyncio.Event()
        pressed = time.monotonic()
        recording = await microphone.record(pressed, 0.0, flows.set)
        await flows.wait()
        firsts.append(1000 * (time.monotonic() - pressed))
        released = time.monotonic()
        await recording.finish()
        ends.append(1000 * (time.monotonic() - released))
        await microphone.release()
    recording = await microphone.record(time.monotonic(), 0.0, lambda: None)
    timed.overflows = 0
    timed.called.clear()
    microphone.arrived.clear()
    cpu, wall = time.process_time(), time.monotonic()
    while time.monotonic() - wall < LISTEN_S:
        await asyncio.sleep(1.2)
        recording.take()
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    count = min(len(timed.called), len(microphone.arrived))
    late = [1000 * (microphone.arrived[n] - timed.called[n]) for n in range(count)]
    gaps = [1000 * (timed.called[n] - timed.called[n - 1]) for n in range(1, count)]
    await recording.finish()
    await microphone.release()
    spread = f"median {percentile(late, 0.5):.2f}, most {max(late):.1f} ms; {count} blocks"
    return [
        at_most(
            "press → first sound, cold", percentile(firsts, 0.5), 150, "ms", f"most {max(firsts):.0f} ms"
        ),
        at_most(
            "release → last sound", percentile(ends, 0.5), 200, "ms", f"most {max(ends):.0f}; 120 are waited"
        ),
        at_most("callback → loop, 99 of 100", percentile(late, 0.99), 10, "ms", spread),
        at_most(
            "longest gap between callbacks", max(gaps), 60, "ms", f"median {percentile(gaps, 0.5):.1f} ms"
        ),
        at_most("blocks before which sound was lost", timed.overflows, 0, "blocks"),
        at_most(
            "processor while listening",
            100 * cpu / wall,
            3,
            "%",
            "of one core, resampling and meter included",
        ),
    ]
