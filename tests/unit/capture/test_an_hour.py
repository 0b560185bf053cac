"""An hour of listening does not make the program grow."""

import asyncio

import numpy as np
import pytest

from tests.fixtures.hour_of_listening import listen_for_an_hour
from tests.unit.capture.conftest import Desk


@pytest.mark.slow
async def test_sixty_minutes_of_listening_cost_less_than_20_megabytes() -> None:
    hour = await listen_for_an_hour()
    assert hour.grown_bytes <= 20 * 2**20
    assert hour.recorded_s == pytest.approx(60 * 59.5, rel=0.01), "everything was recorded"
    assert hour.levels <= 25 * 3600


async def test_a_recording_that_nobody_ends_stays_small(desk: Desk) -> None:
    recording = await desk.press()
    for _ in range(100 * 50):
        desk.loop.now += 0.02
        desk.portaudio.stream.give(np.full(960, 0.1, np.float32))
        await asyncio.sleep(0)
    assert recording.seconds == pytest.approx(65.0, abs=0.03)
    assert len(recording.take()) / 2 / 16_000 <= 65.03
