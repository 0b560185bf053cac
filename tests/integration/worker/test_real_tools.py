"""The pocket model, the real engine, the real tools: a call is carried out, and nothing is read twice."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from assistant_app.backends.local import LocalBackend
from assistant_app.core.conversation import MessageState, ToolCallPart, ToolResultPart
from assistant_app.core.events import TurnPhase, TurnProgress
from assistant_app.i18n import translate
from assistant_app.models.catalogue import ModelCatalogue
from assistant_app.paths import Paths
from assistant_app.settings import SettingsFile
from assistant_app.store.store import Store
from assistant_app.tools.registry import SwitchedToolbox
from assistant_app.tools.services import Services
from assistant_app.worker.parts import Parts
from assistant_app.worker.service import AssistantService
from assistant_app.worker.supervisor import EngineSupervisor

from .conftest import Bench, Recorder

WRAPPING = 24
"""Tokens that a template puts around a turn and its result, at most."""


@pytest.fixture
async def bench(paths: Paths) -> AsyncIterator[Bench]:
    settings = SettingsFile(paths.settings_file)
    settings.load()
    settings.change({"temperature": 0.0, "max_tokens": 60})
    service: AssistantService

    def open_parts(sink: Any) -> Parts:
        catalogue = ModelCatalogue(paths, lambda: settings.current)
        engine = EngineSupervisor(sink)
        backend = LocalBackend(engine, catalogue, service.load_progress)
        store = Store.open(paths)
        services = Services(notes=store, reminders=store, emit=sink, has_window=False)
        return Parts(store, settings, catalogue, engine, backend, SwitchedToolbox(services, lambda: ()))

    service = AssistantService(open_parts, translate=translate)
    recorder = Recorder()
    service.subscribe(recorder)
    await service.start()
    yield Bench(service, recorder, settings)
    await service.close()


async def test_a_call_of_the_pocket_model_is_carried_out_and_not_read_again(bench: Bench) -> None:
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, "What is 12 + 7?")
    call, result = answer.parts[0], answer.parts[1]
    assert isinstance(call, ToolCallPart) and call.name == "calculator"
    assert isinstance(result, ToolResultPart) and result.content == f"{call.arguments['expression']} = 19"
    assert answer.text.strip() and answer.state in (MessageState.DONE, MessageState.LENGTH)

    await bench.ask(conversation.id, "Thanks")
    read = [e for e in bench.events.of(TurnProgress) if e.phase is TurnPhase.WRITING]
    first, second, third = read[0], read[1], read[-1]
    assert first.reused_tokens == 0
    # Read anew: the result with what stands around it, and then the question with what stands around it.
    assert second.total_tokens - second.reused_tokens <= WRAPPING + 20
    assert third.total_tokens - third.reused_tokens <= WRAPPING
    receipt = await bench.api.receipt(answer.id)
    assert "<tool_response>" in receipt.prompt and receipt.request["tools"][0]["name"] == "calculator"
    assert (await bench.api.replay(answer.id)).same
