"""Without the voice package: the press of the key says how to get it, and the next press looks again."""

import pytest

from assistant_app import own_program
from assistant_app.app import build_service
from assistant_app.core.events import TalkChanged
from assistant_app.core.voice import TalkState
from assistant_app.paths import Paths
from assistant_app.settings import SettingsFile
from tests.integration.worker.conftest import Recorder


async def test_press_says_it_at_once_records_nothing_and_looks_again_each_time(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = own_program.SPEECH_MODULES
    monkeypatch.setattr(own_program, "SPEECH_MODULES", ("no_such_library",))
    settings = SettingsFile(paths.settings_file)
    settings.load()
    service = build_service(paths, settings)
    events = Recorder()
    service.subscribe(events)
    await service.start()
    try:
        conversation = await service.create_conversation()
        await service.voice.press(1000.0, conversation.id)
        told = await events.wait(lambda e: isinstance(e, TalkChanged) and bool(e.talk.sentence))
        assert isinstance(told, TalkChanged)
        assert (told.talk.state, told.talk.code) == (TalkState.IDLE, "speech-not-installed")
        assert "make run" in told.talk.sentence
        await service.voice.release(1001.0)
        assert (await service.open_conversation(conversation.id)).messages == ()

        # Now it is installed, and only the model is missing.
        monkeypatch.setattr(own_program, "SPEECH_MODULES", installed)
        since = len(events.events)
        await service.voice.press(1002.0, conversation.id)
        told = await events.wait(
            lambda e: isinstance(e, TalkChanged) and bool(e.talk.sentence) and "Models" in e.talk.sentence,
            since,
        )
        assert isinstance(told, TalkChanged) and told.talk.code == "no-speech-engine"
    finally:
        await service.close()
