"""A spoken question through all real parts: speech, Whisper, the pocket model, its tool, the database."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from assistant_app.app import build_service, prepare
from assistant_app.core.conversation import AudioTranscriptPart, MessageState, ToolCallPart, ToolResultPart
from assistant_app.paths import Paths
from tests.integration.worker.conftest import Bench, Recorder


@pytest.fixture
async def bench(paths: Paths) -> AsyncIterator[Bench]:
    """Return the whole service as the application builds it, with the models and tools that ship."""
    settings = prepare(paths)
    service = build_service(paths, settings)
    recorder = Recorder()
    service.subscribe(recorder)
    await service.start()
    yield Bench(service, recorder, settings)
    await service.close()


async def test_a_spoken_question_is_understood_calculated_and_kept(
    bench: Bench, listening: Any, whisper_model: Any
) -> None:
    sound, _ = listening.speak("What is 12 plus 7?", listening.Voice("en-us+m3", 150, 50))
    said = AudioTranscriptPart(listening.stock(whisper_model, sound), "en", len(sound) / 16000)
    conversation = await bench.api.create_conversation()
    answer = await bench.ask(conversation.id, said)
    calls = [part for part in answer.parts if isinstance(part, ToolCallPart)]
    results = [part for part in answer.parts if isinstance(part, ToolResultPart)]
    assert [call.name for call in calls] == ["calculator"], answer
    assert results[0].content.endswith("= 19")
    assert answer.state is MessageState.DONE and "19" in answer.text
    view = await bench.api.open_conversation(conversation.id)
    assert view.messages[0].message.parts == (said,)
