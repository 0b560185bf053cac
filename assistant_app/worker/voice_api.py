"""What windows and the terminal may ask about talking. Every method runs on the worker's asyncio loop."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from assistant_app.core.hotkeys import HotkeyState
from assistant_app.core.voice import (
    Heard,
    ListenOptions,
    MicrophoneRow,
    SpeechModelRow,
    Talk,
    TalkTarget,
    Transcript,
    VoiceRow,
)


class VoiceApi(Protocol):
    """The voice of the product, without a face. Raises AssistantError only.

    What happens comes as events: TalkChanged, AudioLevel, TranscriptPartial, TranscriptFinal,
    SpokenProgress, TalkTimings, SpeechModelsChanged, FileProgress, HotkeyUsed, HotkeyChanged.
    """

    # --- talking
    @property
    def talk(self) -> Talk:
        """What the talk machine shows now."""

    async def ready(self) -> None:
        """Voice is shown: load and warm the speech model and the voice process in the background."""

    async def press(
        self, at: float, conversation_id: str, target: TalkTarget = TalkTarget.CONVERSATION
    ) -> None:
        """The talk key or button goes down, at monotonic time `at`.

        While the assistant speaks it is silenced and its answer stopped first. `conversation_id` may
        be empty: one is created with the first words.
        """

    async def release(self, at: float) -> None:
        """It goes up: the end of a hold, or the first half of a tap that latches."""

    async def lost(self, at: float) -> None:
        """The release will never come: the window lost the focus while the key was down."""

    async def start(self, at: float, conversation_id: str) -> None:
        """Listen until `finish`, as `assistant-app --talk start` asks; nothing when it listens already."""

    async def finish(self, at: float) -> None:
        """End listening and recognise; nothing when it does not listen."""

    async def toggle(self, at: float, conversation_id: str) -> None:
        """`start` or `finish`, whichever makes sense."""

    async def cancel(self) -> None:
        """Give up what was begun last: the recording, its recognition, the waiting text, or the answer.

        An answer that is read aloud is silenced and stopped, and what was spoken of it is kept.
        """

    async def send(self, text: str) -> None:
        """Send the text that waits for review, as corrected; empty drops it."""

    async def retry(self) -> None:
        """Recognise the last recording once more, after the engine died or the text was unclear.

        Without such a recording, load the speech model, which may have failed when voice was opened.
        """

    # --- the key everywhere
    async def follow_hotkey(self) -> HotkeyState:
        """Take the key that the settings name, from now on whenever they change; a window asks for it.

        HotkeyUsed tells its presses: which conversation they talk into, the window knows. Returns at once
        how it stands; HotkeyChanged tells the rest.
        """

    # --- reading aloud
    async def say(self, message_id: str) -> None:
        """Read a message aloud from its beginning; silences what is read now."""

    async def pause(self, paused: bool) -> None:
        """Hold the voice or let it go on."""

    async def hush(self) -> None:
        """Stop reading; the answer goes on being written."""

    # --- choices
    async def microphones(self) -> Sequence[MicrophoneRow]: ...

    async def devices_changed(self) -> None:
        """Sound devices came or went."""

    async def voices(self) -> Sequence[VoiceRow]: ...

    async def speech_models(self) -> Sequence[SpeechModelRow]: ...

    async def download_speech_model(self, model_id: str) -> None:
        """Fetch a model, going on where an earlier try ended; returns when it is there and its sum is right.

        SpeechModelsChanged tells how far it is. The first one that arrives becomes the chosen one.
        """

    async def cancel_download(self, model_id: str) -> None:
        """Stop fetching; what has arrived is kept for the next try."""

    async def add_speech_model(self, path: Path) -> SpeechModelRow:
        """Use a `.pt` file where it lies, after looking at it without running code from it."""

    async def choose_speech_model(self, model_id: str) -> None: ...

    async def remove_speech_model(self, model_id: str) -> None:
        """Delete a downloaded model, or forget one's own file (which stays)."""

    # --- files
    async def transcribe_file(
        self, path: Path, options: ListenOptions | None = None, model: str = ""
    ) -> Transcript:
        """Turn a sound file into text; FileProgress tells how far it is.

        Args:
            path: Of a sound file; what it may be, speech.files says.
            options: None for the settings' language and words.
            model: Identifier or path; empty for the chosen one.
        """

    async def recognise_clip(self, samples: bytes, options: ListenOptions, model: str = "") -> Heard:
        """Recognise a short clip of 16-bit samples as push-to-talk would; for the accuracy tool."""

    async def cancel_transcription(self) -> None: ...
