"""Whisper in the test's own process and in its engine: the pocket one, random ones, and spoken clips."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("whisper", reason="openai-whisper is not installed; scripts/setup.sh test installs it")
pytest.importorskip("silero_vad", reason="silero-vad is not installed; scripts/setup.sh test installs it")

from assistant_app.core.voice import SpeechPlan
from assistant_app.engines.stop import StopByte
from assistant_app.engines.whisper.gate import SpeechFinder
from assistant_app.engines.whisper.model import SpeechModel
from assistant_app.engines.whisper.session import Session
from assistant_app.worker.speech_engine import SpeechEngine
from tests.fixtures import POCKET_WHISPER
from tests.fixtures.random_whisper import make_random_whisper
from tests.integration.pocket.conftest import listening, whisper_model

__all__ = ["listening", "whisper_model"]

Sound = Any
POCKET = SpeechPlan(str(POCKET_WHISPER), "Pocket", n_threads=1)


@pytest.fixture(scope="session")
def pocket_fp32() -> SpeechModel:
    return SpeechModel(POCKET_WHISPER, StopByte(), n_threads=1, quantised=False)


@pytest.fixture(scope="session")
def pocket_int8() -> SpeechModel:
    """The pocket model with every part in eight bits, whether this computer gains by it or not."""
    return SpeechModel(POCKET_WHISPER, StopByte(), n_threads=1, gains=always)


def always(*_: object) -> bool:
    """Whatever it is, it gains."""
    return True


@pytest.fixture(params=["fp32", "int8"])
def pocket(request: pytest.FixtureRequest) -> SpeechModel:
    """The pocket model in either precision."""
    model: SpeechModel = request.getfixturevalue(f"pocket_{request.param}")
    return model


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> list[SpeechModel]:
    """Three multilingual models of random weights."""
    folder = tmp_path_factory.mktemp("toys")
    return [
        SpeechModel(
            make_random_whisper(folder / f"{seed}.pt", "toy", seed=seed),
            StopByte(),
            n_threads=1,
            quantised=False,
        )
        for seed in range(3)
    ]


@pytest.fixture(scope="session")
def _finder() -> SpeechFinder:
    return SpeechFinder()


@pytest.fixture
def session(_finder: SpeechFinder) -> Session:
    """An empty utterance."""
    _finder.reset()
    return Session(_finder)


@pytest.fixture
async def engine() -> AsyncIterator[SpeechEngine]:
    """The real speech engine, not started."""
    events: list[object] = []
    speech = SpeechEngine(events.append)
    yield speech
    await speech.kill()


Say = Callable[..., Sound]


@pytest.fixture(scope="session")
def say(listening: Any) -> Say:
    """Return a function that lets espeak-ng speak a sentence, by a voice that was never trained."""

    def speak(text: str, before_s: float = 0.3, after_s: float = 0.4) -> Sound:
        sound, _ = listening.speak(text, listening.Voice("en-us+m3", 150, 50))
        silence = [np.zeros(int(16000 * seconds), np.float32) for seconds in (before_s, after_s)]
        return np.concatenate([silence[0], sound, silence[1]])

    return speak


@contextmanager
def counted_passes(model: SpeechModel) -> Iterator[list[int]]:
    """Collect the window of each pass of the encoder."""
    windows: list[int] = []
    hook = model.encoder.conv2.register_forward_hook(lambda _m, _in, out: windows.append(out.shape[2]))
    try:
        yield windows
    finally:
        hook.remove()


@pytest.fixture(scope="session")
def speech_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for checkpoints."""
    return tmp_path_factory.mktemp("speech-models")
