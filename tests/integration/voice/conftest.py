"""A speaker with its real process, on a sound server of its own."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import pytest

from assistant_app.core.voice import SpeakOptions
from assistant_app.worker.engine_process import engine_environment
from assistant_app.worker.voice.speaker import VoiceSpeaker
from tests.fixtures.virtual_sound import VirtualSound, virtual_sound_server

NO_SPEECH_DISPATCHER = {
    "SPEECHD_CMD": "/nonexistent/speech-dispatcher",
    "SPEECHD_ADDRESS": "unix_socket:/nonexistent/socket",
}
SENTENCE = "Please open the window."
LONG = "This is a long sentence that takes much more time to read than anybody would like to wait for, " * 3
PLAIN = SpeakOptions()

MakeSpeaker = Callable[..., VoiceSpeaker]


@pytest.fixture(scope="package")
def sound() -> Iterator[VirtualSound]:
    """One server for all of these tests: speech-dispatcher, which takes seconds to start, stays with it."""
    with virtual_sound_server() as server:
        yield server


def environment(sound: VirtualSound, engine: str, **more: str) -> dict[str, str]:
    """Return what the voice process sees; `engine` is "qt" or "espeak"."""
    other: Mapping[str, str] = NO_SPEECH_DISPATCHER if engine == "espeak" else {}
    return engine_environment({**sound.environment, **other, **more}, "voice")


@pytest.fixture
async def make_speaker(sound: VirtualSound) -> AsyncIterator[MakeSpeaker]:
    """Make speakers on the test's sound server; they are killed at the end."""
    speakers: list[VoiceSpeaker] = []

    def make(engine: str, **more: str) -> VoiceSpeaker:
        speakers.append(VoiceSpeaker(lambda event: None, environment=environment(sound, engine, **more)))
        return speakers[-1]

    yield make
    for speaker in speakers:
        await speaker.kill()


@pytest.fixture(params=["qt", "espeak"])
async def speaker(request: pytest.FixtureRequest, make_speaker: MakeSpeaker) -> VoiceSpeaker:
    """A speaker that speaks through Qt and speech-dispatcher, or with espeak-ng; it is prepared."""
    speaker = make_speaker(request.param)
    rows = await speaker.voices()
    assert {row.engine for row in rows} == {request.param}
    return speaker


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """An empty folder, to be the only one in which programs are looked for."""
    folder = tmp_path / "programs"
    folder.mkdir()
    return folder
