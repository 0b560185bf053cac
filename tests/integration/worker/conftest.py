"""A whole service: real database, real engine process, a tiny model with random weights."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from assistant_app.core.conversation import AudioTranscriptPart, Message
from assistant_app.core.events import Event, TurnEnded
from assistant_app.i18n import translate
from assistant_app.paths import Paths
from assistant_app.settings import SettingsFile
from assistant_app.worker.service import AssistantService
from tests.fixtures.tiny_gguf import make_tiny_gguf


class Recorder:
    """Collects events and lets a test wait for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = asyncio.Condition()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        task = asyncio.get_running_loop().create_task(self._notify())
        self._tasks = getattr(self, "_tasks", set())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def wait(
        self, condition: Callable[[Event], bool], since: int = 0, timeout_s: float = 60.0
    ) -> Event:
        """Return the first event from index `since` on that meets the condition."""

        async def search() -> Event:
            async with self._changed:
                while True:
                    for event in self.events[since:]:
                        if condition(event):
                            return event
                    await self._changed.wait()

        return await asyncio.wait_for(search(), timeout_s)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


class Bench:
    """A started service with what a test needs at hand."""

    def __init__(self, service: AssistantService, recorder: Recorder, settings: SettingsFile) -> None:
        self.api = service
        self.events = recorder
        self.settings = settings

    async def ended(self, since: int = 0) -> Message:
        """Return the message of the next answer that ends."""
        event = await self.events.wait(lambda e: isinstance(e, TurnEnded), since)
        assert isinstance(event, TurnEnded)
        return event.message

    async def ask(self, conversation_id: str, said: str | AudioTranscriptPart) -> Message:
        """Ask and wait for the answer."""
        since = len(self.events.events)
        await self.api.submit(conversation_id, said)
        return await self.ended(since)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file with random weights and a context of 2,048 tokens."""
    return make_tiny_gguf(tmp_path_factory.mktemp("model") / "tiny.gguf", n_ctx=2048)


StartBench = Callable[..., Awaitable[Bench]]


@pytest.fixture
async def start_bench(tmp_path: Path, tiny_model: Path) -> AsyncIterator[StartBench]:
    """Start a service on a home of its own; settings as keyword arguments."""
    started: list[AssistantService] = []

    async def start(**changes: Any) -> Bench:
        from assistant_app.app import build_service

        paths = Paths.under(tmp_path / "home")
        paths.ensure()
        settings = SettingsFile(paths.settings_file)
        settings.load()
        settings.change({"model": str(tiny_model), "max_tokens": 12, "temperature": 0.0, **changes})
        service = build_service(paths, settings, translate=translate)
        recorder = Recorder()
        service.subscribe(recorder)
        await service.start()
        started.append(service)
        return Bench(service, recorder, settings)

    yield start
    for service in started:
        await service.close()
