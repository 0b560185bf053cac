"""The voice of the product: joins its parts when they are used for the first time."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from assistant_app.core import talk_events
from assistant_app.core.conversation import Message
from assistant_app.core.errors import AssistantError
from assistant_app.core.events import Event, Notice, TurnStarted
from assistant_app.core.hotkeys import HotkeyState
from assistant_app.core.voice import (
    Heard,
    ListenOptions,
    MicrophoneRow,
    SpeakOptions,
    SpeechModelRow,
    Talk,
    TalkTarget,
    Transcript,
    VoiceRow,
)
from assistant_app.settings import SettingsFile
from assistant_app.worker.voice.compute import Ahead, ComputeToken
from assistant_app.worker.voice.controller import TalkController
from assistant_app.worker.voice.delivery import Delivery
from assistant_app.worker.voice.host import VoiceHost
from assistant_app.worker.voice.hotkeys import HotkeyManager
from assistant_app.worker.voice.listening import Listener
from assistant_app.worker.voice.parts import VoiceParts
from assistant_app.worker.voice.reading import Reader
from assistant_app.worker.voice.stopwatch import Stopwatch
from assistant_app.worker.voice.wishes import listen_options

log = logging.getLogger(__name__)


class VoiceService:
    """Implements VoiceApi. Costs nothing until it is used: the first call that needs a part makes it."""

    def __init__(
        self,
        parts: VoiceParts,
        settings: SettingsFile,
        *,
        recordings: Path,
        emit: Callable[[Event], None],
        translate: Callable[[str], str],
        opened: Callable[[], Awaitable[object]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what it is made of.

        Args:
            parts: Microphone, recogniser, speaker, models.
            settings: What the user chose.
            recordings: Folder of kept recordings.
            emit: Takes events.
            translate: Turns an English sentence into the user's language.
            opened: Returns when the service around it is open; raises why it is not.
            clock: Monotonic seconds, the clock of the presses.
        """
        self._parts = parts
        self._settings = settings
        self._recordings = recordings
        self._emit = emit
        self._translate = translate
        self._opened = opened
        self._clock = clock
        self._host: VoiceHost | None = None
        self._controller: TalkController | None = None
        self._reader: Reader | None = None
        self._hotkeys: HotkeyManager | None = None
        self._told_failures: set[str] = set()
        self._background: set[asyncio.Task[Any]] = set()

    # --- life
    def attach(self, host: VoiceHost) -> None:
        """Take the opened service."""
        self._host = host

    def happened(self, event: Event) -> None:
        """Hear what happens in the service; makes the reader where answers are always read aloud."""
        if (
            self._controller is None
            and isinstance(event, TurnStarted)
            and self._settings.current.speak_answers == "always"
        ):
            self._made()
        if self._controller is not None:
            self._controller.happened(event)

    def forget(self, conversation_id: str) -> None:
        """Read nothing more of a conversation of which something was deleted."""
        if self._reader is not None:
            self._reader.forget(conversation_id)

    async def close(self) -> None:
        """Stop everything that was begun."""
        for task in list(self._background):
            task.cancel()
        if self._hotkeys is not None:
            await self._hotkeys.close()
        if self._controller is not None:
            await self._controller.close()
        await self._parts.close()

    async def _talking(self) -> TalkController:
        await self._opened()
        return self._made()

    def _made(self) -> TalkController:
        """Join the parts, the first time."""
        if self._controller is not None:
            return self._controller
        assert self._host is not None, "the service is open"
        host, parts = self._host, self._parts
        token = ComputeToken(host, parts.cores)
        stopwatch = Stopwatch(self._emit, self._clock)
        self._reader = reader = Reader(
            parts.speaker,
            self._language,
            self._speak_options,
            self._emit,
            wanted=self._is_read_aloud,
            on_speaking=lambda on: controller.happen(talk_events.Speaking(on)),
            on_clause=stopwatch.clause,
            on_sound=stopwatch.sounded,
            on_failure=self._tell_once,
            clock=self._clock,
        )
        self._listener = Listener(
            parts.recogniser, parts.plan, lambda: listen_options(self._settings.current), token, self._clock
        )
        self._controller = controller = TalkController(
            host=host,
            microphone=parts.microphone,
            listener=self._listener,
            plan=parts.plan,
            reader=reader,
            ahead=Ahead(host, token),
            delivery=Delivery(host, stopwatch, self._emit),
            stopwatch=stopwatch,
            settings=lambda: self._settings.current,
            recordings=self._recordings,
            emit=self._emit,
            translate=self._translate,
            clock=self._clock,
        )
        return controller

    def _language(self) -> str:
        """Return the language that Latin letters are read in: the spoken one, else the window's."""
        settings = self._settings.current
        return settings.speech_language or settings.language.removeprefix("auto").partition("_")[0] or "en"

    def _speak_options(self) -> SpeakOptions:
        settings = self._settings.current
        return SpeakOptions(settings.speak_rate, settings.speak_volume, settings.speak_voices)

    def _is_read_aloud(self, answer: Message) -> bool:
        chosen = self._settings.current.speak_answers
        if chosen == "spoken":
            try:
                return self._host is not None and self._host.answers_speech(answer)
            except AssistantError as error:
                log.warning("the question of an answer is gone: %s %s", error, error.detail)
                return False
        return chosen == "always"

    def _tell_once(self, error: AssistantError) -> None:
        """Say what keeps answers from being read aloud; once for each reason."""
        if error.code not in self._told_failures:
            self._told_failures.add(error.code)
            self._emit(Notice(error.code, error.sentence(self._translate)))

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # --- talking
    @property
    def talk(self) -> Talk:
        """What the talk machine shows now."""
        return self._controller.talk if self._controller is not None else Talk()

    async def ready(self) -> None:
        controller = await self._talking()
        self._spawn(self._warm(controller))

    async def _warm(self, controller: TalkController) -> None:
        """Load the speech model, start what reads aloud, load the language model; tell what is missing."""
        # Each of the two waits for seconds, mostly for something else than the processor.
        await asyncio.gather(self._load_speech(controller), self._prepare_speaker())
        try:
            assert self._host is not None
            await self._host.warm()
        except AssistantError as error:
            log.info("the language model is not ready: %s %s", error, error.detail)  # the turn will tell

    async def _load_speech(self, controller: TalkController) -> None:
        try:
            await self._listener.load()
        except AssistantError as error:
            controller.trouble(error)
        else:
            controller.set_up()

    async def _prepare_speaker(self) -> None:
        if self._settings.current.speak_answers != "never":
            try:
                await self._parts.speaker.prepare()
            except AssistantError as error:
                self._tell_once(error)

    async def press(
        self, at: float, conversation_id: str, target: TalkTarget = TalkTarget.CONVERSATION
    ) -> None:
        (await self._talking()).happen(talk_events.Press(at, conversation_id, target))

    async def release(self, at: float) -> None:
        (await self._talking()).happen(talk_events.Release(at))

    async def lost(self, at: float) -> None:
        (await self._talking()).happen(talk_events.Lost(at))

    async def start(self, at: float, conversation_id: str) -> None:
        (await self._talking()).happen(talk_events.Start(at, conversation_id))

    async def finish(self, at: float) -> None:
        (await self._talking()).happen(talk_events.End(at))

    async def toggle(self, at: float, conversation_id: str) -> None:
        (await self._talking()).happen(talk_events.Toggle(at, conversation_id))

    async def cancel(self) -> None:
        (await self._talking()).happen(talk_events.Cancel(self._clock()))

    async def send(self, text: str) -> None:
        await (await self._talking()).send(text)

    async def retry(self) -> None:
        await (await self._talking()).retry()

    # --- the key everywhere
    async def follow_hotkey(self) -> HotkeyState:
        await self._opened()
        if self._hotkeys is None:
            settings = self._settings
            self._hotkeys = HotkeyManager(
                self._parts.hotkey_ways,
                lambda: settings.current.global_hotkey,
                self._emit,
                self._translate,
                clock=self._clock,
            )
        self._hotkeys.follow()
        return self._hotkeys.state

    def settings_changed(self) -> None:
        """Obey settings that are looked at only when they change."""
        if self._hotkeys is not None:
            self._hotkeys.follow()

    # --- reading aloud
    async def say(self, message_id: str) -> None:
        await self._talking()
        assert self._reader is not None and self._host is not None
        await self._reader.say(self._host.message(message_id))

    async def pause(self, paused: bool) -> None:
        if self._reader is not None:
            await self._reader.pause(paused)

    async def hush(self) -> None:
        if self._reader is not None:
            await self._reader.hush()

    # --- choices
    async def microphones(self) -> Sequence[MicrophoneRow]:
        return await self._parts.microphone.rows()

    async def devices_changed(self) -> None:
        await self._parts.microphone.devices_changed()

    async def voices(self) -> Sequence[VoiceRow]:
        return await self._parts.speaker.voices()

    async def speech_models(self) -> Sequence[SpeechModelRow]:
        return await self._parts.models.speech_models()

    async def download_speech_model(self, model_id: str) -> None:
        await self._parts.models.download_speech_model(model_id)

    async def cancel_download(self, model_id: str) -> None:
        await self._parts.models.cancel_download(model_id)

    async def add_speech_model(self, path: Path) -> SpeechModelRow:
        return await self._parts.models.add_speech_model(path)

    async def choose_speech_model(self, model_id: str) -> None:
        await self._parts.models.choose_speech_model(model_id)

    async def remove_speech_model(self, model_id: str) -> None:
        await self._parts.models.remove_speech_model(model_id)

    # --- files
    async def transcribe_file(
        self, path: Path, options: ListenOptions | None = None, model: str = ""
    ) -> Transcript:
        return await self._parts.transcribing.transcribe_file(path, options, model)

    async def recognise_clip(self, samples: bytes, options: ListenOptions, model: str = "") -> Heard:
        return await self._parts.transcribing.recognise_clip(samples, options, model)

    async def cancel_transcription(self) -> None:
        await self._parts.transcribing.cancel_transcription()
