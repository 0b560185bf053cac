"""A whole service in which only the microphone, the recogniser, the voice and the model are scripted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from assistant_app.core.conversation import Conversation, Message
from assistant_app.core.events import TalkChanged, TranscriptFinal, TurnEnded
from assistant_app.core.voice import TalkState, TalkTarget
from assistant_app.i18n import translate
from assistant_app.paths import Paths
from assistant_app.settings import SettingsFile
from assistant_app.store.store import Store
from assistant_app.worker.service import AssistantService
from assistant_app.worker.voice.service import VoiceService
from tests.fixtures.scripted_backend import SampleTools, ScriptedBackend, scripted_service
from tests.fixtures.scripted_voice_parts import ScriptedParts, silence
from tests.integration.worker.conftest import Recorder


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class VoiceBench:
    """A started service with what a test of talking needs at hand."""

    def __init__(
        self,
        service: AssistantService,
        store: Store,
        settings: SettingsFile,
        backend: ScriptedBackend,
        parts: ScriptedParts,
        clock: Clock,
        events: Recorder,
    ) -> None:
        self.api = service
        self.voice = service.voice
        self.store = store
        self.settings = settings
        self.backend = backend
        self.parts = parts
        self.clock = clock
        self.events = events

    async def conversation(self) -> Conversation:
        return await self.api.create_conversation()

    async def press(self, conversation_id: str, target: TalkTarget = TalkTarget.CONVERSATION) -> None:
        """Press the key and let sound flow."""
        self.clock.now += 1.0
        count = len(self.parts.microphone.recordings) + 1
        await self.voice.press(self.clock.now, conversation_id, target)
        (await self.parts.microphone.recording(count)).flow(silence(0.5))

    async def release(self, after_s: float = 2.0) -> None:
        """Release it after some time, in which sound flows."""
        self.clock.now += after_s
        self.parts.microphone.recordings[-1].flow(silence(after_s))
        await self.voice.release(self.clock.now)

    async def talk(self, conversation_id: str, *words: str) -> None:
        """Speak, and wait until it is understood."""
        self.parts.recogniser.finals.extend(words)
        await self.press(conversation_id)
        since = len(self.events.events)
        await self.release()
        await self.events.wait(lambda e: isinstance(e, TranscriptFinal), since)

    async def reached(self, state: TalkState, since: int = 0) -> None:
        """Wait until the machine shows a state."""
        if self.voice.talk.state is state and not since:
            return
        await self.events.wait(lambda e: isinstance(e, TalkChanged) and e.talk.state is state, since)

    async def answered(self, since: int = 0) -> Message:
        """Wait for the end of an answer."""
        event = await self.events.wait(lambda e: isinstance(e, TurnEnded), since)
        assert isinstance(event, TurnEnded)
        return event.message

    async def texts(self, conversation_id: str) -> list[str]:
        """Return what stands in a conversation."""
        view = await self.api.open_conversation(conversation_id)
        return [shown.message.text for shown in view.messages]

    async def settle(self, condition: Callable[[], bool]) -> None:
        """Let everything else run until a condition holds."""
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.001)


StartVoiceBench = Callable[..., Awaitable[VoiceBench]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[StartVoiceBench]:
    """Start a service whose model gives the texts; settings and `cores` as keyword arguments."""
    services: list[AssistantService] = []

    async def start_one(*texts: str | Exception, cores: int = 2, **changes: Any) -> VoiceBench:
        paths = Paths.under(tmp_path / "home")
        paths.ensure()
        settings = SettingsFile(paths.settings_file)
        settings.load()
        settings.change({"speech_language": "en", **changes})
        backend, parts, clock = ScriptedBackend(*texts), ScriptedParts(cores=cores), Clock()
        parts.speaker.clock = clock

        def voice(service: AssistantService) -> VoiceService:
            return VoiceService(
                parts,
                settings,
                recordings=paths.recordings,
                emit=service.emit,
                translate=translate,
                opened=service.opened,
                clock=clock,
            )

        service, store = scripted_service(paths, settings, backend, SampleTools(), voice)
        events = Recorder()
        service.subscribe(events)
        await service.start()
        services.append(service)
        return VoiceBench(service, store, settings, backend, parts, clock, events)

    yield start_one
    for service in services:
        await service.close()
