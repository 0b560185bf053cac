"""T8: the application without its window, spoken to through its microphone, heard at its loudspeaker."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from assistant_app.app import build_service, prepare
from assistant_app.core.conversation import AudioTranscriptPart, TextPart, ToolResultPart
from assistant_app.core.events import AudioLevel, Event, TalkChanged, TalkTimings, TranscriptFinal, TurnEnded
from assistant_app.core.voice import TalkState
from assistant_app.paths import Paths
from assistant_app.worker.service import AssistantService
from assistant_app.worker.voice.reading import OUTPUT_LATENCY_S
from tests.fixtures import POCKET_WHISPER
from tests.fixtures.virtual_sound import VirtualSound

WAIT_S = 120.0

pytest.importorskip("whisper", reason="openai-whisper is not installed; scripts/setup.sh test installs it")


class Events:
    """What happened, in order."""

    def __init__(self, service: AssistantService) -> None:
        self.seen: list[Event] = []
        self._changed = asyncio.Event()
        service.subscribe(self._add)

    def _add(self, event: Event) -> None:
        self.seen.append(event)
        self._changed.set()

    async def wait(self, wanted: Callable[[Event], bool], since: int = 0) -> Event:
        """Return the first one after `since` that is wanted."""
        async with asyncio.timeout(WAIT_S):
            while True:
                for event in self.seen[since:]:
                    if wanted(event):
                        return event
                self._changed.clear()
                await self._changed.wait()

    async def state(self, state: TalkState, since: int = 0) -> None:
        """Wait until the talk machine is in a state."""
        await self.wait(lambda event: isinstance(event, TalkChanged) and event.talk.state is state, since)


@pytest.fixture
async def service(virtual_sound: VirtualSound, paths: Paths) -> AsyncIterator[AssistantService]:
    """All parts are real: microphone, Whisper, language model, database, voice."""
    settings = prepare(paths)
    settings.change({"speech_model": str(POCKET_WHISPER), "speech_language": "en", "temperature": 0.0})
    with virtual_sound.here():
        made = build_service(paths, settings)
        await made.start()
        yield made
        await made.close()


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_spoken_questions_are_answered_aloud(
    virtual_sound: VirtualSound, service: AssistantService
) -> None:
    events = Events(service)
    await service.voice.ready()
    conversation = ""
    with virtual_sound.recorder() as loudspeaker:
        for said, answered in (("What is 12 plus 7?", "19"), ("Set a timer for 5 minutes.", "5 minutes")):
            begin = len(events.seen)
            await service.voice.press(time.monotonic(), conversation)
            await events.state(TalkState.LISTENING, begin)
            await asyncio.to_thread(virtual_sound.speak, said, "en-us+m3")
            released = time.monotonic()
            await service.voice.release(released)
            final = await events.wait(lambda event: isinstance(event, TranscriptFinal), begin)
            assert isinstance(final, TranscriptFinal) and final.text == said
            conversation = final.conversation_id
            ended = await events.wait(lambda event: isinstance(event, TurnEnded), begin)
            assert isinstance(ended, TurnEnded)
            assert any(isinstance(part, ToolResultPart) for part in ended.message.parts)
            await asyncio.to_thread(loudspeaker.wait_for_sound, released, WAIT_S)
            spoken = len(events.seen)
            if service.voice.talk.state is not TalkState.IDLE:
                await events.state(TalkState.IDLE, spoken)
            # Until then the end of the answer is in the air, and what is recorded of it is left out.
            await asyncio.to_thread(loudspeaker.wait_for, time.monotonic() + OUTPUT_LATENCY_S)
            view = await service.open_conversation(conversation)
            question, answer = (row.message for row in view.messages[-2:])
            assert isinstance(question.parts[0], AudioTranscriptPart)
            assert answered in " ".join(part.text for part in answer.parts if isinstance(part, TextPart))
            timings = [event.timings for event in events.seen[begin:] if isinstance(event, TalkTimings)][-1]
            assert None not in (timings.capture_s, timings.text_s, timings.first_sound_s)
            assert any(isinstance(event, AudioLevel) for event in events.seen[begin:])
    await service.close()
    assert not virtual_sound.listeners, "the microphone is given back"
