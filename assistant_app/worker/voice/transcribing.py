"""Long sound files to text: window by window, with times, in a speech process of its own."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from assistant_app.core.errors import AssistantError, Busy, Cancelled
from assistant_app.core.events import Event, FileProgress
from assistant_app.core.text import N_
from assistant_app.core.voice import (
    SAMPLE_RATE,
    Heard,
    ListenOptions,
    Segment,
    SpeechMissing,
    SpeechNotInstalled,
    SpeechPlan,
    Transcript,
    TranscriptIncomplete,
)
from assistant_app.speech.files import SoundReader, open_sound
from assistant_app.worker.voice.speech_models import OwnRecogniser

log = logging.getLogger(__name__)

WINDOW_S = 30.0
"""What Whisper hears at once."""
_BYTES_PER_S = SAMPLE_RATE * 2
_LEAST_STEP_S = 1.0
"""A window that consumed less would be heard over and over."""


class FileTranscriber:
    """Implements worker.voice.parts.Transcribing.

    Its engine is not the one that listens to the microphone: that one keeps a single utterance, which a
    file would drop. The process ends with the file; clips share one until `close`.
    """

    def __init__(
        self,
        plan: Callable[[str], SpeechPlan],
        recogniser: Callable[[], OwnRecogniser],
        options: Callable[[], ListenOptions],
        emit: Callable[[Event], None],
    ) -> None:
        """Prepare; nothing is started.

        Args:
            plan: Returns how to load a model by its name or path; empty for the chosen one.
            recogniser: Makes an engine.
            options: The settings' language and words.
            emit: Takes events.
        """
        self._plan = plan
        self._make = recogniser
        self._options = options
        self._emit = emit
        self._engine: OwnRecogniser | None = None
        self._clips: OwnRecogniser | None = None
        self._turn = asyncio.Lock()
        self._busy = False
        self._stopped = False

    async def transcribe_file(
        self, path: Path, options: ListenOptions | None = None, model: str = ""
    ) -> Transcript:
        """Turn a sound file into text.

        Raises TranscriptIncomplete where some text is there when it is stopped, when the file turns out
        to be damaged, or when the engine dies; Busy while another file is transcribed.
        """
        if self._busy and not self._stopped:
            raise Busy(N_("Another recording is being transcribed; stop it or wait for its end."))
        async with self._turn:  # one that was stopped needs a moment to end
            return await self._transcribe(path, options, model)

    async def _transcribe(self, path: Path, options: ListenOptions | None, model: str) -> Transcript:
        self._busy, self._stopped = True, False
        try:
            plan = self._resolved(model)
            reader = await asyncio.to_thread(open_sound, path)
            try:
                async with self._engine_for(plan) as engine:
                    return await self._windows(engine, reader, path, options or self._options())
            finally:
                await asyncio.to_thread(reader.close)
        finally:
            self._busy = False

    async def recognise_clip(self, samples: bytes, options: ListenOptions, model: str = "") -> Heard:
        """Recognise a clip as push-to-talk would."""
        plan = self._resolved(model)
        if self._clips is None:
            self._clips = self._make()
        await self._clips.load(plan)
        return await self._clips.final(uuid4().hex, samples, options)

    async def cancel_transcription(self) -> None:
        """Stop, also within a window."""
        self._stopped = self._busy
        if self._engine is not None:
            await self._engine.cancel()

    async def close(self) -> None:
        """End the processes."""
        await self.cancel_transcription()
        for engine in (self._engine, self._clips):
            if engine is not None:
                await engine.stop()
        self._clips = None

    def _resolved(self, model: str) -> SpeechPlan:
        try:
            return self._plan(model)
        except SpeechNotInstalled:
            raise
        except SpeechMissing as error:
            if not model and "name" not in error.params:
                raise SpeechMissing(
                    N_("There is no speech model yet; get one under Models → Speech, then try again.")
                ) from error
            raise SpeechMissing(
                N_("There is no speech model {name} on this computer; choose another one."),
                name=model or error.params["name"],
            ) from error

    @asynccontextmanager
    async def _engine_for(self, plan: SpeechPlan) -> AsyncIterator[OwnRecogniser]:
        self._engine = engine = self._make()
        try:
            await engine.load(plan)
            yield engine
        finally:
            self._engine = None
            await engine.stop()

    async def _windows(
        self, engine: OwnRecogniser, reader: SoundReader, path: Path, options: ListenOptions
    ) -> Transcript:
        options = replace(options, timestamps=True, full_window=True)
        segments: list[Segment] = []
        language, at_s, pending, ended = options.language, 0.0, bytearray(), False

        def so_far() -> Transcript:
            spoken = "en" if options.translate else language
            return Transcript(str(path), spoken, at_s + len(pending) / _BYTES_PER_S, tuple(segments))

        try:
            self._tell(path, reader, so_far(), 0.0)
            while True:
                while not ended and len(pending) < WINDOW_S * _BYTES_PER_S:
                    block = await asyncio.to_thread(reader.read)
                    ended = not block
                    pending += block
                self._check_stopped()
                if not pending:
                    break
                window = bytes(pending[: int(WINDOW_S * _BYTES_PER_S)])
                heard = await engine.final(uuid4().hex, window, options)
                self._check_stopped()
                segments += _moved(heard, at_s)
                if not language and heard.language and heard.no_text is None:
                    language = heard.language
                    options = replace(options, language=language)
                consumed = _consumed(heard, len(window))
                del pending[:consumed]
                at_s += consumed / _BYTES_PER_S
                self._tell(path, reader, so_far(), at_s)
        except AssistantError as error:
            stopped = isinstance(error, Cancelled)
            if not segments:
                raise
            log.info("%s was transcribed up to %.1f s: %r", path.name, at_s, error)
            params: dict[str, Any] = {} if stopped else dict(error.params)
            raise TranscriptIncomplete(
                None if stopped else error.template,
                transcript=so_far(),
                stopped=stopped,
                detail=error.detail,
                **params,
            ) from error
        self._emit(FileProgress(str(path), 1.0, so_far().text, tuple(segments)))
        return so_far()

    def _check_stopped(self) -> None:
        if self._stopped:
            raise Cancelled()

    def _tell(self, path: Path, reader: SoundReader, transcript: Transcript, at_s: float) -> None:
        fraction = min(0.999, at_s / reader.duration_s) if reader.duration_s else 0.0
        self._emit(FileProgress(str(path), fraction, transcript.text, transcript.segments))


def _moved(heard: Heard, by_s: float) -> list[Segment]:
    """Return the segments of a window by the time of the file."""
    if heard.no_text is not None:
        return []
    return [replace(one, start_s=one.start_s + by_s, end_s=one.end_s + by_s) for one in heard.segments]


def _consumed(heard: Heard, window_bytes: int) -> int:
    """Return how many bytes of a window need not be heard again."""
    seconds = heard.consumed_s or window_bytes / _BYTES_PER_S
    return min(window_bytes, int(max(seconds, _LEAST_STEP_S) * SAMPLE_RATE) * 2)
