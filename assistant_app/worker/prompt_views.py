"""The prompt before it is sent: shown to who asks, and read ahead of time by the model."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

from assistant_app.core.conversation import Conversation, MessageState
from assistant_app.core.errors import AssistantError
from assistant_app.core.events import ContextReport
from assistant_app.core.sampling import Sampling
from assistant_app.worker.parts import Parts
from assistant_app.worker.prompting import Prepared, Prompter, with_draft
from assistant_app.worker.turns import Turns

log = logging.getLogger(__name__)

_UNKNOWN = "?"
"""Stands for a question of which nothing is known yet."""


class SamplingChoice:
    """Which sampling an answer is written with."""

    def __init__(self, parts: Parts, overrides: dict[str, Any]) -> None:
        self._parts = parts
        self._overrides = overrides

    def __call__(self, conversation_id: str, model_id: str) -> Sampling:
        """Return the conversation's sampling, else the settings' with what the model's makers recommend."""
        parts = self._parts
        sampling = parts.store.conversation(conversation_id).sampling if conversation_id else None
        if sampling is None:
            sampling = parts.settings.current.sampling(parts.catalogue.sampling(model_id))
        return replace(sampling, **self._overrides)


class PromptViews:
    """Builds the prompt that the next question would have."""

    def __init__(self, parts: Parts, prompter: Prompter, turns: Turns, sampling: SamplingChoice) -> None:
        self._parts = parts
        self._prompter = prompter
        self._turns = turns
        self._sampling = sampling
        self._reading: asyncio.Task[None] | None = None
        self._wish: object = None
        """Which reading ahead is wanted; None: none."""

    async def report(self, conversation_id: str, draft: str) -> ContextReport:
        """Return what the model would see if `draft` were sent now."""
        async with self._turns.looking():
            return (await self._prepare(conversation_id, draft)).report

    async def text(self, conversation_id: str, draft: str) -> str:
        """Return exactly what would be sent, template applied."""
        async with self._turns.looking():
            prepared = await self._prepare(conversation_id, draft)
            return (await self._parts.backend.render(prepared.turns, prepared.tools)).text

    async def read_ahead(self, conversation_id: str, known: str = "") -> bool:
        """Let the model read what stands before the next question, and the question as far as it is known.

        Gives way at once to a turn that begins and to `stop_reading`; what was read stays read, and a
        model that is being loaded meanwhile is loaded to the end, for it is needed anyway.

        Returns:
            Whether all of it is in memory now. Never raises: whoever reads ahead has time, and the
            turn itself meets the same trouble and tells it.
        """
        wish = self._wish = object()
        try:
            async with self._turns.looking(on_turn=self.stop_reading):
                prepared = await self._prepare(conversation_id, known or _UNKNOWN)
                *before, question = prepared.turns
                turns = [*before, replace(question, content=known)]
                if self._wish is not wish:
                    return False
                reading = self._reading = asyncio.create_task(
                    self._parts.backend.prefill(turns, prepared.tools, conversation_id)
                )
                try:
                    await asyncio.wait({reading})
                finally:
                    reading.cancel()
                    self._reading = None
                return not reading.cancelled() and reading.exception() is None
        except AssistantError as error:
            log.info("nothing was read ahead: %s %s", error, error.detail)
            return False

    def stop_reading(self) -> None:
        """Stop reading ahead: the engine comes to rest, and whoever waits for it is next."""
        self._wish = None
        if self._reading is not None:
            self._reading.cancel()

    async def give_way(self) -> None:
        """Stop reading ahead; returns when the engine is at rest."""
        self.stop_reading()
        if self._reading is not None:
            await asyncio.wait({self._reading})

    async def _prepare(self, conversation_id: str, draft: str) -> Prepared:
        parts = self._parts
        settings = parts.settings.current
        conversation = parts.store.conversation(conversation_id) if conversation_id else Conversation("")
        path = parts.store.tree(conversation_id).path(conversation.leaf_id) if conversation_id else []
        path = [message for message in path if message.state is not MessageState.STREAMING]
        info = await parts.backend.load(conversation.model or settings.model)
        tools = await self._prompter.offered(parts.toolbox, conversation, info, settings)
        return await self._prompter.prepare(
            conversation,
            with_draft(conversation, path, draft),
            info,
            settings,
            self._sampling(conversation_id, info.id),
            tools=[tool.spec for tool in tools],
            keep_window=False,
        )
