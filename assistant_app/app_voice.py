"""Composition of voice: its parts, each made when it is asked for the first time."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from assistant_app.core.hotkeys import GlobalHotkey, HotkeyWay
from assistant_app.core.voice import Microphone, Recogniser, Speaker, SpeechPlan
from assistant_app.i18n import _
from assistant_app.own_program import require_speech
from assistant_app.paths import Paths

if TYPE_CHECKING:
    from assistant_app.settings import SettingsFile
    from assistant_app.worker.api import EventSink
    from assistant_app.worker.service import AssistantService
    from assistant_app.worker.speech_engine import SpeechEngine
    from assistant_app.worker.voice.service import VoiceService
    from assistant_app.worker.voice.speaker import VoiceSpeaker
    from assistant_app.worker.voice.speech_models import SpeechModelShelf
    from assistant_app.worker.voice.transcribing import FileTranscriber


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
    def models(self) -> "SpeechModelShelf":
        """Which Whispers there are."""
        from assistant_app.worker.voice.speech_models import SpeechModelShelf

        return SpeechModelShelf(
            self._paths.speech_models, self._settings, self._emit, self._engine_of_its_own
        )

    @cached_property
    def transcribing(self) -> "FileTranscriber":
        """Turns files into text."""
        from assistant_app.worker.voice.transcribing import FileTranscriber
        from assistant_app.worker.voice.wishes import listen_options

        return FileTranscriber(
            self.plan,
            self._engine_of_its_own,
            lambda: listen_options(self._settings.current),
            self._emit,
        )

    def _engine_of_its_own(self) -> "SpeechEngine":
        """Return an engine for one errand; what happens to it is not shown as the state of voice.

        Raises SpeechNotInstalled.
        """
        require_speech()
        from assistant_app.worker.speech_engine import SpeechEngine

        return SpeechEngine(lambda _event: None)

    @property
    def hotkey_ways(self) -> Sequence[HotkeyWay]:
        """The desktop's portal where there can be one, then the keyboard itself."""

        def portal() -> GlobalHotkey:
            from assistant_app.speech.hotkeys.portal import PortalHotkey

            return PortalHotkey(_("Hold to talk to the assistant"))

        def keyboard() -> GlobalHotkey:
            from assistant_app.speech.hotkeys.pynput_keys import PynputHotkey

            return PynputHotkey()

        portals = [HotkeyWay("portal", portal)] if sys.platform == "linux" else []
        return [*portals, HotkeyWay("pynput", keyboard)]

    def plan(self, model: str = "") -> SpeechPlan:
        """Return how to load a model by name or path; empty: the chosen one. Raises SpeechMissing."""
        require_speech()
        from assistant_app.worker.voice.own_model import own_plan

        return own_plan(model or self._settings.current.speech_model, self._paths.speech_models)

    @property
    def cores(self) -> int:
        """Physical cores of this computer."""
        import psutil

        return psutil.cpu_count(logical=False) or psutil.cpu_count() or 1

    async def close(self) -> None:
        """End the processes that were started, all at once: each may take its time to be silent."""
        # cached_property keeps what was made in the instance.
        made = (self.__dict__.get("models"), self.__dict__.get("transcribing"))
        ends = [part.stop() for part in (self._engine, self._voice) if part is not None]
        ends += [part.close() for part in made if part is not None]
        await asyncio.gather(*ends)


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
