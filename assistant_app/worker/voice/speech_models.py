"""Getting, adding, choosing and removing speech models, as VoiceApi offers it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from assistant_app.core.errors import AssistantError, ModelError
from assistant_app.core.events import Event, SpeechModelsChanged
from assistant_app.core.text import N_
from assistant_app.core.voice import Recogniser, SpeechModelRow, SpeechPlan
from assistant_app.models import speech_catalogue
from assistant_app.models.download import Patience, Stop, fetch
from assistant_app.settings import SettingsFile

_EVERY_S = 0.2
"""Between two events about a download."""


class OwnRecogniser(Recogniser, Protocol):
    """A recogniser that lives for one errand."""

    async def stop(self) -> None:
        """End its process."""


class SpeechModelShelf:
    """Implements worker.voice.parts.SpeechModels. Every method runs on the worker's loop."""

    def __init__(
        self,
        folder: Path,
        settings: SettingsFile,
        emit: Callable[[Event], None],
        recogniser: Callable[[], OwnRecogniser],
        *,
        patience: Patience | None = None,
    ) -> None:
        """Prepare; nothing is read or fetched.

        Args:
            folder: Of downloaded models.
            settings: What the user chose.
            emit: Takes events.
            recogniser: Makes an engine that looks at a file of the user's.
            patience: Of downloads; None for that of a slow line.
        """
        self._settings = settings
        self._emit = emit
        self._recogniser = recogniser
        self._patience = patience
        self._catalogue = speech_catalogue.SpeechCatalogue(folder, lambda: settings.current)
        self._running: dict[str, tuple[Stop, asyncio.Future[None]]] = {}
        self._received: dict[str, int] = {}

    async def speech_models(self) -> Sequence[SpeechModelRow]:
        rows = await asyncio.to_thread(self._catalogue.rows)
        return [replace(row, received_bytes=self._received.get(row.id)) for row in rows]

    async def download_speech_model(self, model_id: str) -> None:
        one = speech_catalogue.source(model_id)
        if model_id in self._running:
            await asyncio.shield(self._running[model_id][1])
            return
        target = self._catalogue.path(one)
        if not target.is_file():
            await self._fetch(one, target)
        if not self._settings.current.speech_model:
            self._settings.change({"speech_model": model_id})
        self._emit(SpeechModelsChanged())

    async def _fetch(self, one: speech_catalogue.SpeechSource, target: Path) -> None:
        loop = asyncio.get_running_loop()
        stop, told = Stop(), 0.0

        def progress(received: int, _total: int) -> None:
            nonlocal told
            now = time.monotonic()
            if now - told >= _EVERY_S:
                told = now
                loop.call_soon_threadsafe(arrived, received)

        def arrived(received: int) -> None:
            if one.id in self._running:
                self._received[one.id] = received
                self._emit(SpeechModelsChanged())

        work = asyncio.ensure_future(
            asyncio.to_thread(
                fetch,
                one.url,
                target,
                one.sha256,
                one.size_bytes,
                on_progress=progress,
                stop=stop,
                patience=self._patience,
            )
        )
        self._running[one.id] = (stop, work)
        self._received[one.id] = 0
        self._emit(SpeechModelsChanged())
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            stop.ask()
            raise
        finally:
            self._running.pop(one.id, None)
            self._received.pop(one.id, None)
            self._emit(SpeechModelsChanged())

    async def cancel_download(self, model_id: str) -> None:
        if model_id in self._running:
            stop, work = self._running[model_id]
            stop.ask()
            with suppress(AssistantError):
                await asyncio.shield(work)

    async def add_speech_model(self, path: Path) -> SpeechModelRow:
        absolute = path.expanduser().absolute()
        if absolute.suffix != ".pt":
            raise ModelError(
                N_("{name} is not a Whisper file; choose one that ends in .pt."), name=absolute.name
            )
        recogniser = self._recogniser()
        try:
            await recogniser.load(SpeechPlan(str(absolute), absolute.stem, quantise=False))
        finally:
            await recogniser.stop()
        current = self._settings.current
        changes: dict[str, object] = {}
        if str(absolute) not in current.speech_model_paths:
            changes["speech_model_paths"] = (*current.speech_model_paths, str(absolute))
        if not current.speech_model:
            changes["speech_model"] = str(absolute)
        self._settings.change(changes)
        self._emit(SpeechModelsChanged())
        return self._row(str(absolute))

    async def choose_speech_model(self, model_id: str) -> None:
        row = self._row(model_id)
        if not row.present:
            raise ModelError(N_("{name} is not on this computer; get it first."), name=row.name)
        self._settings.change({"speech_model": model_id})
        self._emit(SpeechModelsChanged())

    async def remove_speech_model(self, model_id: str) -> None:
        row = self._row(model_id)
        await self.cancel_download(model_id)
        changes: dict[str, object] = {}
        if row.own:
            paths = self._settings.current.speech_model_paths
            changes["speech_model_paths"] = tuple(path for path in paths if path != model_id)
        else:
            try:
                Path(row.path).unlink(missing_ok=True)
                Path(row.path + ".part").unlink(missing_ok=True)
            except OSError as error:
                raise ModelError(
                    N_("{name} cannot be deleted: {reason}."),
                    name=row.name,
                    reason=error.strerror or str(error),
                ) from error
        if row.chosen:
            left = [one.id for one in self._catalogue.rows() if one.present and one.id != model_id]
            changes["speech_model"] = left[0] if left else ""
        self._settings.change(changes)
        self._emit(SpeechModelsChanged())

    async def close(self) -> None:
        """End every download; what has arrived is kept."""
        for model_id in list(self._running):
            await self.cancel_download(model_id)

    def _row(self, model_id: str) -> SpeechModelRow:
        for row in self._catalogue.rows():
            if row.id == model_id:
                return row
        raise ModelError(N_("There is no speech model called {name}."), name=model_id)
