"""Reading aloud: how soon a piece sounds and how soon there is silence, on a sound server of our own."""

import asyncio
import time
from collections.abc import Iterator

from assistant_app.core.voice import SpeakOptions
from assistant_app.worker.engine_process import engine_environment
from assistant_app.worker.voice.speaker import VoiceSpeaker
from tests.benchmarks.table import Row, at_most, percentile
from tests.fixtures.virtual_sound import Recorder, VirtualSound, virtual_sound_server

ROUNDS = 12
TEXT = "This is a long sentence which nobody lets me finish, although I would have so much more to say."
SILENCE_GOAL_MS = 120.0
SOUND_GOAL_MS = 150.0
_NO_SPEECH_DISPATCHER = {"SPEECHD_CMD": "/nonexistent", "SPEECHD_ADDRESS": "unix_socket:/nonexistent"}
_OPTIONS = SpeakOptions()


def aloud() -> Iterator[Row]:
    """Piece → sound, hush → silence, with speech-dispatcher through Qt and with espeak-ng."""
    with virtual_sound_server() as sound:
        for engine, environment in (("Qt", {}), ("espeak-ng", _NO_SPEECH_DISPATCHER)):
            begins, ends, opened_s = asyncio.run(_measure(sound, environment))
            note = (
                f"p50 {percentile(begins, 0.5):.0f}, p95 {percentile(begins, 0.95):.0f}, {len(begins)} pieces"
            )
            yield at_most(
                f"piece complete → sound ({engine}, the voice's own time included)",
                percentile(begins, 0.5),
                SOUND_GOAL_MS,
                "ms",
                f"{note}; the engine was opened in {opened_s:.1f} s, once, in its own process",
            )
            yield at_most(
                f"hush → silence ({engine})",
                percentile(ends, 0.5),
                SILENCE_GOAL_MS,
                "ms",
                f"p50 {percentile(ends, 0.5):.0f}, p95 {percentile(ends, 0.95):.0f}, {len(ends)} times",
            )


async def _measure(sound: VirtualSound, more: dict[str, str]) -> tuple[list[float], list[float], float]:
    """Return milliseconds until sound, until silence, and the seconds of the start."""
    environment = engine_environment({**sound.environment, **more}, "voice")
    speaker = VoiceSpeaker(lambda event: None, environment=environment)
    began = time.monotonic()
    await speaker.prepare()
    opened_s = time.monotonic() - began
    begins: list[float] = []
    ends: list[float] = []
    with sound.recorder() as recorder:
        for _ in range(ROUNDS):
            begin, end = await _once(speaker, recorder)
            begins.append(begin * 1000)
            ends.append(end * 1000)
    await speaker.stop()
    return begins, ends, opened_s


async def _once(speaker: VoiceSpeaker, recorder: Recorder) -> tuple[float, float]:
    asked = time.monotonic()
    piece = asyncio.create_task(speaker.say(TEXT, "en", _OPTIONS))
    sounded = await asyncio.to_thread(recorder.wait_for_sound, asked)
    await asyncio.sleep(0.8)  # into the middle of it
    hushed = time.monotonic()
    await speaker.hush()
    await piece
    await asyncio.to_thread(recorder.wait_for, hushed + 0.6)
    heard = recorder.loud(hushed - 0.3)
    return sounded - asked, (max(heard[1], hushed) if heard else hushed) - hushed
