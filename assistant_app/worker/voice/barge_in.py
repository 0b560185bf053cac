"""Cuts in on the assistant: silences the voice, stops spoken answers, keeps what was heard of them."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from assistant_app.core.conversation import Message
from assistant_app.core.errors import AssistantError
from assistant_app.core.events import Event, TurnEnded, TurnStarted
from assistant_app.worker.voice.host import VoiceHost
from assistant_app.worker.voice.reading import Interrupted, Reader

log = logging.getLogger(__name__)

Spawn = Callable[[Coroutine[Any, Any, Any]], "asyncio.Task[Any]"]


class BargeIn:
    """Owns which spoken questions are being answered, and the silencing that runs."""

    def __init__(self, host: VoiceHost, reader: Reader, spawn: Spawn) -> None:
        """Take conversations, the voice, and who keeps tasks alive."""
        self._host = host
        self._reader = reader
        self._spawn = spawn
        self._answered: set[str] = set()
        """Conversations in which a spoken question is being answered."""
        self._hushing: asyncio.Task[Any] | None = None
        self._stopping: asyncio.Task[Any] | None = None

    @property
    def answering(self) -> bool:
        """Whether a spoken question is being answered."""
        return bool(self._answered)

    def happened(self, event: Event) -> bool:
        """Follow the answers to what was spoken; return whether one began or ended."""
        if isinstance(event, TurnStarted) and self._is_spoken(event.message):
            self._answered.add(event.conversation_id)
            return True
        if isinstance(event, TurnEnded) and event.conversation_id in self._answered:
            self._answered.discard(event.conversation_id)
            return True
        return False

    def begin(self, *, stop: bool, cut: bool) -> None:
        """Silence the voice now.

        Args:
            stop: Stop those answers too.
            cut: Keep of the one that is read aloud only what was heard.
        """
        sounding = self._reader.sounding
        hushing = self._spawn(self._reader.hush())
        # Only what has been heard is waited for: a voice that is still being made takes seconds.
        self._hushing = hushing if sounding else None
        if stop:
            self._stopping = self._spawn(self._stop(hushing, set(self._answered), cut))

    async def silent(self) -> None:
        """Return when the voice that was heard has fallen silent."""
        if self._hushing is not None:
            await asyncio.wait({self._hushing})

    async def stopped(self) -> None:
        """Return when the answers that were to be stopped are stored."""
        if self._stopping is not None:
            await asyncio.wait({self._stopping})

    async def _stop(self, hushing: "asyncio.Task[Interrupted | None]", answered: set[str], cut: bool) -> None:
        """Stop what was being answered; with `cut` only that part stays that was read aloud."""
        interrupted = await hushing
        if interrupted is not None and cut:
            answered.discard(interrupted.conversation_id)
            try:
                await self._host.cut(interrupted.message_id, interrupted.spoken_chars)
            except AssistantError as error:
                log.warning("an answer could not be cut: %s %s", error, error.detail)
                answered.add(interrupted.conversation_id)
        for conversation_id in answered:
            try:
                await self._host.stop(conversation_id)
            except AssistantError as error:
                log.warning("an answer could not be stopped: %s %s", error, error.detail)

    def _is_spoken(self, answer: Message) -> bool:
        try:
            return self._host.answers_speech(answer)
        except AssistantError as error:
            log.warning("the question of an answer is gone: %s %s", error, error.detail)
            return False
