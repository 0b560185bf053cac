"""Who computes: on few cores Whisper and llama.cpp never at once, and reading ahead goes last."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

FEW_CORES = 3
"""Up to here two engines at once make each other 2 to 10 times slower (measured on 2 cores)."""


class ReadsAhead(Protocol):
    """The language model, as far as it works for voice."""

    @property
    def answering(self) -> bool:
        """Whether it works on an answer."""

    async def read_ahead(self, conversation_id: str, known: str) -> bool:
        """Read what stands before the next question; whether it got to the end."""

    def stop_reading(self) -> None:
        """Stop reading ahead; loading the model goes on."""

    async def give_way(self) -> None:
        """Stop reading ahead; returns when the engine is at rest."""


class ComputeToken:
    """Held while speech is recognised. Nothing is read ahead meanwhile where cores are few."""

    def __init__(self, language: ReadsAhead, cores: int) -> None:
        """Take what has to give way, and how many physical cores there are."""
        self._language = language
        self.few_cores = cores <= FEW_CORES
        self._holders = 0
        self._free = asyncio.Event()
        self._free.set()

    @property
    def taken(self) -> bool:
        """Whether reading ahead has to wait."""
        return not self._free.is_set()

    @property
    def may_guess(self) -> bool:
        """Whether a partial may be recognised now: not while the model answers on few cores."""
        return not (self.few_cores and self._language.answering)

    async def free(self) -> None:
        """Wait until nobody recognises."""
        await self._free.wait()

    @asynccontextmanager
    async def recognising(self) -> AsyncIterator[None]:
        """Hold the token; waits for nothing but the end of a reading ahead that is stopped."""
        if not self.few_cores:
            yield
            return
        self._holders += 1
        self._free.clear()
        try:
            await self._language.give_way()
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                self._free.set()


class Ahead:
    """Reads the prompt of the next question while it is being spoken."""

    def __init__(self, language: ReadsAhead, token: ComputeToken) -> None:
        self._language = language
        self._token = token
        self._known = ""
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self, conversation_id: str) -> None:
        """Read the conversation up to its next question."""
        self.end()
        self._known = ""
        self._news.clear()
        self._task = asyncio.create_task(self._run(conversation_id))

    def learn(self, known: str) -> None:
        """Take the part of the question that will not change any more; few cores have no time for it."""
        if known and not self._token.few_cores and known != self._known:
            self._known = known
            self._news.set()

    def end(self) -> None:
        """Stop; what was read stays in the model's memory."""
        if self._task is not None:
            self._language.stop_reading()
            self._task.cancel()
            self._task = None

    async def _run(self, conversation_id: str) -> None:
        while True:
            await self._token.free()
            self._news.clear()
            # Stopped through `stop_reading` only: a cancelled call would cancel the loading of the model.
            reading = asyncio.create_task(self._language.read_ahead(conversation_id, self._known))
            try:
                whole = await asyncio.shield(reading)
            except asyncio.CancelledError:
                self._language.stop_reading()  # it may have begun only after `end` had stopped what ran
                raise
            if whole:
                await self._news.wait()
            elif not self._token.taken:
                return  # a turn began, or it cannot be read: the turn will tell
