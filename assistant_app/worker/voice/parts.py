"""What voice is made of. Each part is made when it is asked for the first time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from assistant_app.core.hotkeys import HotkeyWay
from assistant_app.core.voice import (
    Heard,
    ListenOptions,
    Microphone,
    Recogniser,
    Speaker,
    SpeechModelRow,
    SpeechPlan,
    Transcript,
)


class SpeechModels(Protocol):
    """Which Whispers there are. The methods are those of VoiceApi."""

    async def speech_models(self) -> Sequence[SpeechModelRow]: ...

    async def download_speech_model(self, model_id: str) -> None: ...

    async def cancel_download(self, model_id: str) -> None: ...

    async def add_speech_model(self, path: Path) -> SpeechModelRow: ...

    async def choose_speech_model(self, model_id: str) -> None: ...

    async def remove_speech_model(self, model_id: str) -> None: ...


class Transcribing(Protocol):
    """Turns files and clips into text. The methods are those of VoiceApi."""

    async def transcribe_file(
        self, path: Path, options: ListenOptions | None = None, model: str = ""
    ) -> Transcript: ...

    async def recognise_clip(self, samples: bytes, options: ListenOptions, model: str = "") -> Heard: ...

    async def cancel_transcription(self) -> None: ...


class VoiceParts(Protocol):
    """Everything that voice uses; asking for a part makes it, nothing is opened before."""

    @property
    def microphone(self) -> Microphone: ...

    @property
    def recogniser(self) -> Recogniser: ...

    @property
    def speaker(self) -> Speaker: ...

    @property
    def models(self) -> SpeechModels: ...

    @property
    def transcribing(self) -> Transcribing: ...

    @property
    def hotkey_ways(self) -> Sequence[HotkeyWay]:
        """How a key can be heard in every program, best first."""

    def plan(self) -> SpeechPlan:
        """Return how to load the chosen speech model. Raises SpeechMissing."""

    @property
    def cores(self) -> int:
        """Physical cores of this computer."""

    async def close(self) -> None:
        """End the processes of those parts that were made."""
