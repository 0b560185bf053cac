"""Runs turns: one question in, one stored answer out, whatever happens in between."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from assistant_app.core.conversation import Message, MessageState, Role
from assistant_app.core.errors import AssistantError, Busy
from assistant_app.core.events import (
    ConversationChanged,
    Event,
    TurnEnded,
    TurnPhase,
    TurnProgress,
    TurnStarted,
)
from assistant_app.core.generation import LoadProgress
from assistant_app.core.ids import new_id
from assistant_app.core.prompt import well_formed
from assistant_app.core.sampling import Sampling
from assistant_app.core.spoken import cut_to_spoken
from assistant_app.core.views import Receipt
from assistant_app.worker.answering import Answering, Question
from assistant_app.worker.journal import Journal
from assistant_app.worker.parts import Parts
from assistant_app.worker.prompting import Prompter
from assistant_app.worker.turn import Turn

log = logging.getLogger(__name__)


class Turns:
    """Owns the answers that are being written: at most one a conversation, one at a time in the engine."""

    def __init__(
        self,
        parts: Parts,
        journal: Journal,
        prompter: Prompter,
        emit: Callable[[Event], None],
        sampling_for: Callable[[str, str], Sampling],
        translate: Callable[[str], str],
    ) -> None:
        self._parts = parts
        self._journal = journal
        self._prompter = prompter
        self._emit = emit
        self._sampling_for = sampling_for
        self._translate = translate
        self._turns: dict[str, Turn] = {}
        self._engine_lock = asyncio.Lock()
        self._engine_turn: Turn | None = None
        self._waiting: list[Turn] = []
        self._looking = False
        self._on_turn: Callable[[], None] | None = None

    @property
    def engine_lock(self) -> asyncio.Lock:
        """Held while the model works for anybody."""
        return self._engine_lock

    @property
    def engine_busy(self) -> bool:
        """Whether the model works on an answer now."""
        return self._engine_turn is not None

    @asynccontextmanager
    async def looking(self, on_turn: Callable[[], None] | None = None) -> AsyncIterator[None]:
        """Hold the engine for a look at a prompt. A turn that comes meanwhile may stop the look.

        Args:
            on_turn: Called when a turn wants the engine, to give way.
        """
        async with self._engine_lock:
            self._looking = True
            self._on_turn = on_turn
            if on_turn is not None and self._waiting:
                on_turn()
            try:
                yield
            finally:
                self._looking = False
                self._on_turn = None

    def running(self, conversation_id: str) -> bool:
        """Return whether an answer is being written there."""
        return conversation_id in self._turns

    def begin(self, conversation_id: str, parent_id: str, on_end: Callable[[Message], None]) -> Message:
        """Store an empty answer to `parent_id` and start to fill it. Raises Busy, StoreError."""
        self._refuse_second(conversation_id)
        message = Message(
            new_id(),
            conversation_id,
            parent_id,
            Role.ASSISTANT,
            (),
            MessageState.STREAMING,
            created_at=time.time(),
        )
        self._parts.store.add_message(message)
        self._start(Turn(conversation_id, message, []), on_end)
        return message

    def resume(self, message: Message, on_end: Callable[[Message], None]) -> None:
        """Go on writing an answer that ended too early. Raises Busy, StoreError."""
        self._refuse_second(message.conversation_id)
        parts = well_formed(message.parts)
        resumed = replace(message, parts=parts, state=MessageState.STREAMING, error="")
        self._parts.store.update_message(resumed)
        self._start(Turn(message.conversation_id, resumed, list(parts)), on_end)

    async def stop(self, conversation_id: str, spoken_chars: int | None = None) -> None:
        """End the answer there now, keeping what was written; returns when it is stored.

        Args:
            spoken_chars: The answer was being read aloud and this is how far the user heard it: no more
                of its text is kept. None keeps all of it.
        """
        turn = self._turns.get(conversation_id)
        if turn is None:
            return
        turn.spoken_chars = spoken_chars
        turn.stop.set()
        if self._engine_turn is turn or (self._looking and turn in self._waiting):
            await self._parts.backend.cancel()
        await turn.over.wait()

    async def cut(self, message: Message, spoken_chars: int) -> None:
        """Keep of an answer only what was spoken of it, and stop it if it is still being written.

        The receipt has all that the model wrote (`Receipt.answer`).
        """
        turn = self._turns.get(message.conversation_id)
        if turn is not None and turn.message.id == message.id:
            await self.stop(message.conversation_id, spoken_chars)
            return
        message = self._journal.newest(message)
        parts = cut_to_spoken(message.parts, spoken_chars)
        if parts != message.parts:
            self._journal.finish(replace(message, parts=parts, state=MessageState.STOPPED), None)
            self._emit(ConversationChanged(message.conversation_id))

    def load_progress(self, progress: LoadProgress) -> None:
        """Tell the conversation that waits for a model how far it is."""
        turns = self._waiting if self._looking else [self._engine_turn] if self._engine_turn else []
        for turn in turns:
            self._phase(turn, TurnPhase.LOADING, progress.fraction)

    async def close(self) -> None:
        """Stop every answer and wait until each is stored."""
        tasks = [turn.task for turn in self._turns.values() if turn.task is not None]
        for conversation_id in list(self._turns):
            await self.stop(conversation_id)
        if tasks:
            await asyncio.wait(tasks, timeout=3.0)

    def _refuse_second(self, conversation_id: str) -> None:
        if conversation_id in self._turns:
            raise Busy()

    def _start(self, turn: Turn, on_end: Callable[[Message], None]) -> None:
        self._turns[turn.conversation_id] = turn
        self._emit(TurnStarted(turn.conversation_id, turn.message))
        turn.task = asyncio.create_task(self._run(turn, on_end))

    async def _run(self, turn: Turn, on_end: Callable[[Message], None]) -> None:
        """Wait for the engine, then write until the end, the stop button or a failure.

        A stopped turn is over for the user at once; the engine lock is held on until the engine
        is really idle.
        """
        stopping = asyncio.create_task(turn.stop.wait())
        if not await self._acquire_engine(turn, stopping):
            self._end(turn, turn.snapshot(MessageState.STOPPED), None, on_end)
            return
        self._engine_turn = turn
        writing = asyncio.create_task(self._write(turn))
        try:
            await asyncio.wait({writing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not writing.done():
                self._end(turn, turn.snapshot(MessageState.STOPPED), None, on_end)
            message, receipt = await self._outcome(turn, writing)
            self._end(turn, message, receipt, on_end)
        finally:
            stopping.cancel()
            self._engine_turn = None
            self._engine_lock.release()

    async def _acquire_engine(self, turn: Turn, stopping: "asyncio.Task[Any]") -> bool:
        """Wait for the engine lock; return False, without the lock, when stop came first."""
        if not self._engine_lock.locked():
            return await self._engine_lock.acquire()
        if self._on_turn is not None:
            self._on_turn()
        # A look at the prompt waits for the model only, and so does this turn then.
        self._phase(turn, TurnPhase.LOADING if self._looking else TurnPhase.WAITING)
        self._waiting.append(turn)
        acquiring = asyncio.create_task(self._engine_lock.acquire())
        await asyncio.wait({acquiring, stopping}, return_when=asyncio.FIRST_COMPLETED)
        self._waiting.remove(turn)
        if not stopping.done():
            return True
        if acquiring.done():
            self._engine_lock.release()
        acquiring.cancel()
        return False

    async def _outcome(
        self, turn: Turn, writing: "asyncio.Task[tuple[Message, Receipt | None]]"
    ) -> tuple[Message, Receipt | None]:
        try:
            return await writing
        except AssistantError as error:
            log.warning("turn failed: %s %s", error, error.detail)
            return turn.snapshot(MessageState.ERROR, error=error.sentence(self._translate)), None
        except Exception as error:
            log.exception("turn failed")
            sentence = AssistantError(detail=repr(error)).sentence(self._translate)
            return turn.snapshot(MessageState.ERROR, error=sentence), None

    def _end(
        self, turn: Turn, message: Message, receipt: Receipt | None, on_end: Callable[[Message], None]
    ) -> None:
        if turn.over.is_set():
            if receipt is not None and turn.message.id == message.id:
                self._journal.finish(replace(message, state=MessageState.STOPPED), receipt)
            return
        turn.over.set()
        if self._turns.get(turn.conversation_id) is turn:
            del self._turns[turn.conversation_id]
        self._journal.finish(message, receipt)
        self._emit(TurnEnded(turn.conversation_id, message))
        on_end(message)

    async def _write(self, turn: Turn) -> tuple[Message, Receipt | None]:
        parts, settings = self._parts, self._parts.settings.current
        conversation = parts.store.conversation(turn.conversation_id)
        model_id = conversation.model or settings.model
        self._phase(turn, TurnPhase.LOADING)
        info = await parts.backend.load(model_id)
        turn.message = replace(turn.message, model=info.name)
        question = Question(
            conversation,
            parts.store.tree(conversation.id).path(turn.message.parent_id),
            info,
            self._sampling_for(turn.conversation_id, model_id),
            await self._prompter.offered(parts.toolbox, conversation, info, settings),
        )
        answering = Answering(turn, question, parts, self._prompter, self._journal, self._emit)
        return await answering.run(self._translate)

    def _phase(self, turn: Turn, phase: TurnPhase, fraction: float = 0.0) -> None:
        if not turn.over.is_set():
            self._emit(TurnProgress(turn.conversation_id, turn.message.id, phase, fraction))
