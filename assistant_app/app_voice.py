"""Composition of voice: its parts, each made when it is asked for the first time."""

import asyncio
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from assistant_app.core.voice import Microphone, Recogniser, Speaker, SpeechMissing, SpeechPlan
from assistant_app.paths import Paths

if TYPE_CHECKING:
    from assistant_app.settings import SettingsFile
    from assistant_app.worker.api import EventSink
    from assistant_app.worker.service import AssistantService
    from assistant_app.worker.speech_engine import SpeechEngine
    from assistant_app.worker.voice.parts import SpeechModels, Transcribing
    from assistant_app.worker.voice.service import VoiceService
    from assistant_app.worker.voice.speaker import VoiceSpeaker


class DeviceVoiceParts:
    """worker.voice.parts.VoiceParts of this computer. Nothing is imported or started before it is used."""

    def __init__(self, paths: Paths, settings: "SettingsFile", emit: "EventSink") -> None:
        self._paths = paths
        self._settings = settings
        self._emit = emit
        self._engine: SpeechEngine | None = None
        self._voice: VoiceSpeaker | None = None

    @cached_property
    def microphone(self) -> Microphone:
        """The chosen microphone of this computer."""
        from assistant_app.speech.microphone import DeviceMicrophone

        return DeviceMicrophone(
            asyncio.get_running_loop(),
            lambda: self._settings.current.microphone,
            lambda: self._settings.current.microphone_warm,
        )

    @property
    def recogniser(self) -> Recogniser:
        """Whisper, in a process of its own."""
        if self._engine is None:
            from assistant_app.worker.speech_engine import SpeechEngine

            self._engine = SpeechEngine(self._emit)
        return self._engine

    @property
    def speaker(self) -> Speaker:
        """What can read aloud here, in a process of its own."""
        if self._voice is None:
            from assistant_app.worker.voice.speaker import VoiceSpeaker

            self._voice = VoiceSpeaker(self._emit)
        return self._voice

    @cached_property
    def models(self) -> "SpeechModels":
        """Which Whispers there are."""
        raise SpeechMissing()

    @cached_property
    def transcribing(self) -> "Transcribing":
        """Turns files into text."""
        raise SpeechMissing()

    def plan(self) -> SpeechPlan:
        """Return how to load the chosen speech model. Raises SpeechMissing."""
        from assistant_app.worker.voice.own_model import own_plan

        return own_plan(self._settings.current.speech_model, self._paths.speech_models)

    @property
    def cores(self) -> int:
        """Physical cores of this computer."""
        import psutil

        return psutil.cpu_count(logical=False) or psutil.cpu_count() or 1

    async def close(self) -> None:
        """End the processes that were started, both at once: each may take its time to be silent."""
        await asyncio.gather(*(part.stop() for part in (self._engine, self._voice) if part is not None))


def build_voice(
    service: "AssistantService", paths: Paths, settings: "SettingsFile", translate: Callable[[str], str]
) -> "VoiceService":
    """Return the voice of a service; nothing of it is opened."""
    from assistant_app.worker.voice.service import VoiceService

    return VoiceService(
        DeviceVoiceParts(paths, settings, service.emit),
        settings,
        recordings=paths.recordings,
        emit=service.emit,
        translate=translate,
        opened=service.opened,
    )
