"""Talking with the real Whisper, the real language model and the real database; speech by espeak-ng."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest

from assistant_app.app import build_service, prepare
from assistant_app.app_voice import DeviceVoiceParts
from assistant_app.core.conversation import (
    AudioTranscriptPart,
    Conversation,
    Message,
    Role,
    TextPart,
    ToolResultPart,
)
from assistant_app.core.events import (
    EngineState,
    EngineStateChanged,
    Event,
    TalkChanged,
    TalkTimings,
    TranscriptFinal,
    TranscriptPartial,
    TurnEnded,
    TurnProgress,
)
from assistant_app.core.ids import new_id
from assistant_app.core.voice import TalkState
from assistant_app.i18n import translate
from assistant_app.paths import Paths
from assistant_app.settings import SettingsFile
from assistant_app.store.store import Store
from assistant_app.worker.prompt_views import PromptViews
from assistant_app.worker.service import AssistantService
from assistant_app.worker.voice.service import VoiceService
from tests.fixtures import POCKET_WHISPER
from tests.fixtures.espeak import blocks, say
from tests.fixtures.scripted_voice_parts import ScriptedMicrophone, ScriptedSpeaker
from tests.integration.worker.conftest import Recorder

WRAPPING_TOKENS = 16
"""What a template puts around a question and before its answer: the goal of reading ahead."""

pytest.importorskip("whisper", reason="openai-whisper is not installed; scripts/setup.sh test installs it")


class RealParts(DeviceVoiceParts):
    """The parts of this computer, but for the sound devices."""

    def __init__(self, paths: Paths, settings: SettingsFile, service: AssistantService) -> None:
        super().__init__(paths, settings, service.emit)
        self.ears = ScriptedMicrophone()
        self.mouth = ScriptedSpeaker()

    @property
    def microphone(self) -> ScriptedMicrophone:  # type: ignore[override]
        return self.ears

    @property
    def speaker(self) -> ScriptedSpeaker:
        return self.mouth

    @property
    def engine_pid(self) -> int:
        """Of the process that recognises."""
        assert self._engine is not None and self._engine.pid is not None
        return self._engine.pid


class Talk:
    """The application as it is, spoken to."""

    def __init__(self, service: AssistantService, parts: RealParts, events: Recorder) -> None:
        self.api = service
        self.voice = service.voice
        self.parts = parts
        self.events = events

    async def speak(self, conversation_id: str, text: str, until: asyncio.Event | None = None) -> None:
        """Hold the key while a sentence is spoken, at the speed of speech, and until something happened."""
        count = len(self.parts.ears.recordings) + 1
        await self.voice.press(time.monotonic(), conversation_id)
        recording = await self.parts.ears.recording(count)
        sound = blocks(say(text))
        began = time.monotonic()
        for number, block in enumerate(sound):
            await asyncio.sleep(max(0.0, began + 0.02 * number - time.monotonic()))
            recording.flow(block)
        if until is not None:
            await until.wait()
        await self.voice.release(time.monotonic())

    async def idle(self, since: int = 0) -> None:
        """Wait until nothing is going on."""
        await self.events.wait(lambda e: isinstance(e, TalkChanged) and e.talk.state is TalkState.IDLE, since)


@pytest.fixture
async def talk(paths: Paths) -> AsyncIterator[Talk]:
    """Start the application's service with its pocket model and the tests' Whisper."""
    settings = prepare(paths)
    settings.change({"speech_model": str(POCKET_WHISPER), "speech_language": "en", "temperature": 0.0})
    made: list[RealParts] = []

    def voice(service: AssistantService) -> VoiceService:
        made.append(RealParts(paths, settings, service))
        return VoiceService(
            made[0],
            settings,
            recordings=paths.recordings,
            emit=service.emit,
            translate=translate,
            opened=service.opened,
        )

    service = build_service(paths, settings, voice=voice)
    events = Recorder()
    service.subscribe(events)
    await service.start()
    yield Talk(service, made[0], events)
    await service.close()


async def test_a_spoken_question_is_answered_with_a_tool_and_aloud(talk: Talk) -> None:
    await talk.voice.ready()
    await talk.speak("", "What is 12 plus 7?")
    ended = await talk.events.wait(lambda e: isinstance(e, TurnEnded))
    assert isinstance(ended, TurnEnded)
    (row,) = await talk.api.conversations()
    view = await talk.api.open_conversation(row.id)
    question = view.messages[0].message.parts[0]
    assert isinstance(question, AudioTranscriptPart)
    assert "12 plus 7" in question.text
    results = [part for part in ended.message.parts if isinstance(part, ToolResultPart)]
    assert results and results[0].content.endswith("= 19")
    await talk.idle(len(talk.events.events) - 1)
    assert "19" in " ".join(text for text, _language in talk.parts.mouth.said)
    assert talk.events.of(TranscriptFinal)[-1].conversation_id == row.id
    last = talk.events.of(TalkTimings)[-1].timings
    print(f"capture {last.capture_s:.3f} s, text {last.text_s:.3f} s, first token {last.first_token_s:.3f} s")


async def test_guesses_come_while_the_key_is_held(talk: Talk) -> None:
    await ready(talk)
    await talk.speak("", "Remind me to water the flowers tomorrow morning and set a timer for ten minutes")
    await talk.events.wait(lambda e: isinstance(e, TranscriptFinal))
    assert talk.events.of(TranscriptPartial)


async def ready(talk: Talk) -> None:
    """Wait until both models are loaded."""
    await talk.voice.ready()
    for engine in ("speech", "language"):
        await talk.events.wait(lambda e, engine=engine: _is(e, engine, EngineState.READY))


def _is(event: Event, engine: str, state: EngineState) -> bool:
    return isinstance(event, EngineStateChanged) and (event.engine, event.state) == (engine, state)


async def test_a_recogniser_that_is_killed_while_one_speaks_costs_a_guess(talk: Talk) -> None:
    await ready(talk)
    pid = talk.parts.engine_pid
    os.kill(pid, signal.SIGSTOP)
    speaking = asyncio.create_task(talk.speak("", "What is 12 plus 7?"))
    await talk.events.wait(lambda e: _is(e, "speech", EngineState.BUSY))
    os.kill(pid, signal.SIGKILL)
    await speaking
    final = await talk.events.wait(lambda e: isinstance(e, TranscriptFinal))
    assert isinstance(final, TranscriptFinal) and "12 plus 7" in final.text
    assert talk.parts.engine_pid != pid


async def test_a_recogniser_that_is_killed_at_work_keeps_the_sound_for_another_try(talk: Talk) -> None:
    await ready(talk)
    pid = talk.parts.engine_pid
    os.kill(pid, signal.SIGSTOP)
    await talk.voice.press(time.monotonic() - 2.0, "")
    (await talk.parts.ears.recording()).flow(say("What is 12 plus 7?"))
    await talk.voice.release(time.monotonic())
    await talk.events.wait(lambda e: _is(e, "speech", EngineState.BUSY))
    os.kill(pid, signal.SIGKILL)
    await talk.idle()
    assert talk.voice.talk.code == "engine-stopped"
    assert "recording is kept" in talk.voice.talk.sentence
    await talk.voice.retry()
    final = await talk.events.wait(lambda e: isinstance(e, TranscriptFinal))
    assert isinstance(final, TranscriptFinal) and "12 plus 7" in final.text
    await talk.events.wait(lambda e: isinstance(e, TurnEnded))


# --- ahead of time
def long_conversation(paths: Paths, sentences: int) -> Conversation:
    """Store a conversation with a long past."""
    store = Store.open(paths)
    now = time.time()
    conversation = Conversation(new_id(), "long", created_at=now, updated_at=now)
    store.create_conversation(conversation)
    parent: str | None = None
    for number in range(12):
        role = Role.ASSISTANT if number % 2 else Role.USER
        text = f"What was said in part {number}. " + "The weather is fine and the day is long. " * sentences
        message = Message(new_id(), conversation.id, parent, role, (TextPart(text),), created_at=now + number)
        store.add_message(message)
        store.finish_message(message, None)
        parent = message.id
    store.close()
    return conversation


@pytest.fixture
def long_past(paths: Paths) -> Conversation:
    """A conversation of about 2,000 tokens, stored before the service starts."""
    return long_conversation(paths, 12)


async def test_while_one_speaks_the_model_reads_what_was_said_before(
    long_past: Conversation, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the release on it evaluates the question and a few tokens of wrapping, whatever the history."""
    read, read_ahead = asyncio.Event(), PromptViews.read_ahead

    async def noted(prompts: PromptViews, conversation_id: str, known: str = "") -> bool:
        whole = await read_ahead(prompts, conversation_id, known)
        if whole:
            read.set()
        return whole

    monkeypatch.setattr(PromptViews, "read_ahead", noted)
    await ready(talk)
    # However slow this computer is today, the key is held until the model has read.
    await talk.speak(long_past.id, "What is 12 plus 7?", until=read)
    since = len(talk.events.events)
    ended = await talk.events.wait(lambda e: isinstance(e, TurnEnded), since)
    assert isinstance(ended, TurnEnded)
    reading = next(e for e in talk.events.of(TurnProgress) if e.total_tokens)
    text = talk.events.of(TranscriptFinal)[-1].text
    question = (await talk.api.context(long_past.id)).items[-2]
    assert question.excerpt.startswith(text[:10])
    evaluated = reading.total_tokens - reading.reused_tokens
    print(f"prompt {reading.total_tokens}, evaluated after the words {evaluated}, question {question.tokens}")
    assert reading.total_tokens > 1500
    assert evaluated <= question.tokens + WRAPPING_TOKENS
