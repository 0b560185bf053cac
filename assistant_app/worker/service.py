"""The product without a face: everything that windows and the terminal may ask, in one place."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant_app.core.conversation import (
    AudioTranscriptPart,
    Conversation,
    Message,
    MessageState,
    Role,
    TextPart,
)
from assistant_app.core.errors import AssistantError, NotFound
from assistant_app.core.events import ContextReport, ConversationChanged, Event, ModelsChanged, Notice
from assistant_app.core.generation import LoadProgress
from assistant_app.core.ids import new_id
from assistant_app.core.sampling import Sampling
from assistant_app.core.text import N_
from assistant_app.core.titles import title_from
from assistant_app.core.updates import NO_KEY, UpdateRefused
from assistant_app.core.views import (
    ConversationRow,
    ConversationView,
    ModelRow,
    Receipt,
    Replay,
    ShownMessage,
    Snapshot,
    ToolRow,
    TrashRow,
)
from assistant_app.core.voice import SpeechMissing
from assistant_app.worker.api import EventSink
from assistant_app.worker.journal import Journal
from assistant_app.worker.parts import Parts
from assistant_app.worker.prompt_views import PromptViews, SamplingChoice
from assistant_app.worker.prompting import Prompter
from assistant_app.worker.queueing import SaidMeanwhile, question_part
from assistant_app.worker.replay import replay_receipt
from assistant_app.worker.turns import Turns
from assistant_app.worker.update_api import UpdateApi
from assistant_app.worker.update_watch import UpdateWatch
from assistant_app.worker.voice.host import VoiceHost
from assistant_app.worker.voice.service import VoiceService
from assistant_app.worker.voice_api import VoiceApi

log = logging.getLogger(__name__)

LAST_OPEN = "last-open-conversation"
MAINTENANCE_INTERVAL_S = 3600.0
IN_TRASH = N_(
    "Your message was not sent, because its conversation is in the trash; restore it, or send the message in"
    " another conversation."
)


class AssistantService:
    """Implements AssistantApi; every method but `subscribe` runs on the worker's loop."""

    def __init__(
        self,
        open_parts: Callable[[EventSink], Parts],
        *,
        translate: Callable[[str], str],
        overrides: dict[str, Any] | None = None,
        diagnose: Callable[[Parts], Sequence[tuple[str, str, bool]]] | None = None,
        voice: Callable[["AssistantService"], VoiceService] | None = None,
        updates: Callable[["AssistantService"], UpdateWatch] | None = None,
    ) -> None:
        """Take how to open the parts; nothing is opened yet.

        Args:
            open_parts: Called once on the worker's loop with the event sink of the engine.
            translate: Turns an English sentence into the user's language.
            overrides: Sampling fields that beat every setting ("seed", "temperature"), for one run.
            diagnose: What `doctor` calls in a thread of its own.
            voice: Makes the voice of this service; None where nobody talks.
            updates: Makes what looks for updates; None where nobody looks.
        """
        self._open_parts = open_parts
        self._translate = translate
        self._overrides = overrides or {}
        self._diagnose = diagnose
        self._sinks: list[EventSink] = []
        self._ready: asyncio.Event = asyncio.Event()
        self._failure: AssistantError | None = None
        self._parts: Parts | None = None
        self._background: set[asyncio.Task[Any]] = set()
        self._voice = voice(self) if voice is not None else None
        self._updates = updates(self) if updates is not None else None

    # --- life
    def subscribe(self, sink: EventSink) -> Callable[[], None]:
        """Call `sink` for each event, on the worker's thread; returns how to end that."""
        self._sinks.append(sink)
        return lambda: self._sinks.remove(sink)

    async def start(self) -> None:
        """Open the parts and tell what had to be repaired."""
        try:
            parts = self._open_parts(self.emit)
            self._parts = parts
            self._journal = Journal(parts.store, self.emit, self._translate)
            self._said_meanwhile = SaidMeanwhile(parts.store)
            prompter = Prompter(parts.store, parts.backend)
            sampling = SamplingChoice(parts, self._overrides)
            self._turns = Turns(parts, self._journal, prompter, self.emit, sampling, self._translate)
            self._prompts = PromptViews(parts, prompter, self._turns, sampling)
            if self._voice is not None:
                self._voice.attach(VoiceHost(self, parts, self._turns, self._prompts))
        except AssistantError as error:
            self._failure = error
            self.emit(Notice(error.code, error.sentence(self._translate)))
            return
        finally:
            self._ready.set()
        for notice in parts.store.notices:
            self.emit(replace(notice, sentence=self._translate(notice.sentence)))
        if parts.settings.notice:
            self.emit(Notice("settings", self._translate(parts.settings.notice)))
        self._spawn(self._maintain())
        if parts.clock is not None:
            self._spawn(parts.clock.run())
        if self._updates is not None:
            self._spawn(self._updates.run())

    async def close(self) -> None:
        """Stop answers, write what is unsaved, end the engine, close the database."""
        for task in list(self._background):
            task.cancel()
        if self._voice is not None:
            await self._voice.close()
        if self._parts is None:
            return
        await self._turns.close()
        self._journal.close()
        await self._parts.engine.stop()
        self._parts.store.close()

    def emit(self, event: Event) -> None:
        """Hand an event to everyone who listens; one who fails does not keep it from the others."""
        for sink in [*self._sinks, *([self._voice.happened] if self._voice is not None else [])]:
            try:
                sink(event)
            except Exception:
                log.exception("an event listener failed")

    @property
    def voice(self) -> VoiceApi:
        """Talking and reading aloud. Raises SpeechMissing where there is none."""
        if self._voice is None:
            raise SpeechMissing()
        return self._voice

    @property
    def updates(self) -> UpdateApi:
        """News about newer versions. Raises UpdateRefused where nobody looks for them."""
        if self._updates is None:
            raise UpdateRefused(NO_KEY)
        return self._updates

    async def opened(self) -> None:
        """Return when the parts are open. Raises the AssistantError that kept them from it."""
        await self._opened()

    def load_progress(self, progress: LoadProgress) -> None:
        """Take the progress of a model load from the backend."""
        if self._parts is not None:
            self._turns.load_progress(progress)

    async def _opened(self) -> Parts:
        await self._ready.wait()
        if self._parts is None:
            raise self._failure or AssistantError()
        return self._parts

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _maintain(self) -> None:
        """Daily snapshot, thinning, checks: now and each hour, off the loop."""
        parts = await self._opened()
        while True:
            try:
                for notice in await asyncio.to_thread(parts.store.maintain):
                    self.emit(replace(notice, sentence=self._translate(notice.sentence)))
                    if notice.code == "store-repaired":
                        self.emit(ConversationChanged(""))
            except AssistantError as error:
                log.warning("maintenance failed: %s %s", error, error.detail)
            await asyncio.sleep(MAINTENANCE_INTERVAL_S)

    # --- conversations
    async def conversations(
        self, query: str = "", limit: int = 200, offset: int = 0
    ) -> list[ConversationRow]:
        store = (await self._opened()).store
        if query.strip():
            return store.search(query, limit)
        return store.list_conversations(limit, offset)

    async def create_conversation(
        self, system_prompt: str | None = None, model: str | None = None
    ) -> Conversation:
        store = (await self._opened()).store
        now = time.time()
        conversation = Conversation(
            new_id(), created_at=now, updated_at=now, system_prompt=system_prompt, model=model
        )
        store.create_conversation(conversation)
        self.emit(ConversationChanged(conversation.id))
        return conversation

    async def open_conversation(self, conversation_id: str, *, last: int | None = None) -> ConversationView:
        store = (await self._opened()).store
        if not conversation_id:
            return ConversationView(Conversation(""), (), draft=store.draft(""))
        conversation = store.conversation(conversation_id)
        tree = store.tree(conversation_id)
        path = tree.path(conversation.leaf_id)
        shown = []
        for message in path[-last:] if last else path:
            versions = tree.siblings(message.id)
            newest = self._journal.newest(message)
            shown.append(ShownMessage(newest, versions.index(message.id) + 1, tuple(versions)))
        store.set_state(LAST_OPEN, conversation_id)
        return ConversationView(
            conversation,
            tuple(shown),
            draft=store.draft(conversation_id),
            queued=tuple(store.queued(conversation_id)),
            answering=self._turns.running(conversation_id),
        )

    async def latest_conversation(self) -> str | None:
        store = (await self._opened()).store
        last = store.get_state(LAST_OPEN)
        if last:
            try:
                if store.conversation(last).deleted_at is None:
                    return str(last)
            except NotFound:
                pass
        return store.latest_conversation()

    async def rename(self, conversation_id: str, title: str) -> None:
        await self._update(conversation_id, title=title.strip())

    async def pin(self, conversation_id: str, pinned: bool) -> None:
        await self._update(conversation_id, pinned=pinned)

    async def configure(
        self, conversation_id: str, *, system_prompt: str | None, sampling: Sampling | None
    ) -> None:
        await self._update(conversation_id, system_prompt=system_prompt, sampling=sampling)

    async def _update(self, conversation_id: str, **changes: Any) -> None:
        (await self._opened()).store.update_conversation(conversation_id, **changes)
        self.emit(ConversationChanged(conversation_id))

    async def trash_conversation(self, conversation_id: str) -> None:
        store = (await self._opened()).store
        await self._turns.stop(conversation_id)
        store.trash_conversation(conversation_id)
        if self._voice is not None:
            self._voice.forget(conversation_id)
        self.emit(ConversationChanged(conversation_id))

    async def save_draft(self, conversation_id: str, text: str) -> None:
        (await self._opened()).store.save_draft(conversation_id, text)

    # --- turns
    async def submit(self, conversation_id: str, said: str | AudioTranscriptPart) -> Message:
        store = (await self._opened()).store
        conversation = store.conversation(conversation_id)
        if conversation.deleted_at is not None:
            raise NotFound(IN_TRASH)
        if self._turns.running(conversation_id):
            queued = self._said_meanwhile.add(conversation_id, said)
            store.save_draft(conversation_id, "")
            self.emit(ConversationChanged(conversation_id))
            return Message(
                queued.id, conversation_id, None, Role.USER, (question_part(said),), MessageState.STREAMING
            )
        if store.queued(conversation_id):
            # What was queued before comes first; the new text waits behind it.
            if question_part(said).text.strip():
                self._said_meanwhile.add(conversation_id, said)
            said = self._said_meanwhile.take(conversation_id) or said
        message = self._ask(conversation, conversation.leaf_id, said)
        store.save_draft(conversation_id, "")
        return message

    async def edit_queued(self, conversation_id: str, queued_id: str, text: str) -> None:
        await self._opened()
        self._said_meanwhile.edit(queued_id, text)
        self.emit(ConversationChanged(conversation_id))

    async def edit(self, message_id: str, text: str) -> Message:
        store = (await self._opened()).store
        original = store.message(message_id)
        await self._turns.stop(original.conversation_id)
        return self._ask(store.conversation(original.conversation_id), original.parent_id, text)

    async def fork(self, message_id: str, text: str) -> Conversation:
        store = (await self._opened()).store
        original = store.message(message_id)
        source = store.conversation(original.conversation_id)
        now = time.time()
        fork = replace(
            source, id=new_id(), title="", created_at=now, updated_at=now, pinned=False, leaf_id=None
        )
        store.create_conversation(fork)
        parent: str | None = None
        for message in store.tree(source.id).path(original.parent_id):
            copy = replace(message, id=new_id(), conversation_id=fork.id, parent_id=parent)
            store.add_message(copy)
            store.finish_message(copy, None)
            parent = copy.id
        self._ask(replace(fork, leaf_id=parent), parent, text)
        return store.conversation(fork.id)

    async def edit_answer(self, message_id: str, text: str) -> Message:
        store = (await self._opened()).store
        original = store.message(message_id)
        message = replace(
            original,
            id=new_id(),
            parts=(TextPart(text),),
            state=MessageState.DONE,
            created_at=time.time(),
            error="",
            usage=None,
        )
        store.add_message(message)
        store.finish_message(message, None)
        self.emit(ConversationChanged(message.conversation_id))
        return message

    async def regenerate(self, message_id: str) -> None:
        store = (await self._opened()).store
        message = store.message(message_id)
        await self._turns.stop(message.conversation_id)
        question = message.id if message.role is Role.USER else message.parent_id
        if question is None:
            raise NotFound(detail=f"no question above {message_id}")
        self._answer(message.conversation_id, question)

    async def continue_answer(self, message_id: str) -> None:
        store = (await self._opened()).store
        message = self._journal.newest(store.message(message_id))
        self._turns.resume(message, self._turn_ended)

    async def stop(self, conversation_id: str) -> None:
        await self._opened()
        await self._turns.stop(conversation_id)

    async def select_version(self, message_id: str) -> None:
        store = (await self._opened()).store
        message = store.message(message_id)
        leaf = store.tree(message.conversation_id).latest_leaf(message_id)
        await self._update(message.conversation_id, leaf_id=leaf)

    async def count_below(self, message_id: str) -> tuple[int, int]:
        store = (await self._opened()).store
        message = store.message(message_id)
        roles = [m.role for m in store.tree(message.conversation_id).subtree(message_id)]
        return roles.count(Role.USER), roles.count(Role.ASSISTANT)

    async def delete_message(self, message_id: str) -> None:
        store = (await self._opened()).store
        message = store.message(message_id)
        await self._turns.stop(message.conversation_id)
        store.trash_messages(message_id)
        if self._voice is not None:
            self._voice.forget(message.conversation_id)
        self.emit(ConversationChanged(message.conversation_id))

    def _ask(
        self, conversation: Conversation, parent_id: str | None, said: str | AudioTranscriptPart
    ) -> Message:
        """Store a question and start its answer."""
        assert self._parts is not None
        store = self._parts.store
        message = Message(
            new_id(), conversation.id, parent_id, Role.USER, (question_part(said),), created_at=time.time()
        )
        store.add_message(message)
        store.finish_message(message, None)
        if not conversation.title:
            store.update_conversation(conversation.id, title=title_from(message.text))
        self.emit(ConversationChanged(conversation.id))
        self._answer(conversation.id, message.id)
        return message

    def _answer(self, conversation_id: str, question_id: str) -> None:
        self._turns.begin(conversation_id, question_id, self._turn_ended)

    def _turn_ended(self, message: Message) -> None:
        """Send what was queued meanwhile, unless the user stopped or the answer failed."""
        assert self._parts is not None
        store = self._parts.store
        if message.state not in (MessageState.DONE, MessageState.LENGTH):
            return
        try:
            said = self._said_meanwhile.take(message.conversation_id)
            if said is not None:
                conversation = store.conversation(message.conversation_id)
                self._ask(conversation, conversation.leaf_id, said)
        except AssistantError as error:
            self.emit(Notice(error.code, error.sentence(self._translate)))

    # --- looking inside
    async def context(self, conversation_id: str, draft: str = "") -> ContextReport:
        await self._opened()
        return await self._prompts.report(conversation_id, draft)

    async def prompt_text(self, conversation_id: str, draft: str = "") -> str:
        await self._opened()
        return await self._prompts.text(conversation_id, draft)

    async def receipt(self, message_id: str) -> Receipt:
        receipt = (await self._opened()).store.receipt(message_id)
        if receipt is None:
            raise NotFound(detail=f"no receipt for {message_id}")
        return receipt

    async def replay(self, message_id: str) -> Replay:
        parts = await self._opened()
        receipt = await self.receipt(message_id)
        conversation_id = parts.store.message(message_id).conversation_id
        async with self._turns.engine_lock:
            return await replay_receipt(receipt, parts.backend, conversation_id)

    # --- trash and time machine
    async def trash(self) -> list[TrashRow]:
        return (await self._opened()).store.trash()

    async def restore_trash(self, trash_id: str) -> None:
        store = (await self._opened()).store
        await asyncio.to_thread(store.restore_trash, trash_id)
        self.emit(ConversationChanged(""))

    async def purge_trash(self, trash_id: str | None = None) -> None:
        store = (await self._opened()).store
        await asyncio.to_thread(store.purge_trash, trash_id)

    async def snapshots(self) -> list[Snapshot]:
        return (await self._opened()).store.snapshots()

    async def snapshot_conversations(self, snapshot_id: str) -> list[ConversationRow]:
        store = (await self._opened()).store
        return await asyncio.to_thread(store.snapshot_conversations, snapshot_id)

    async def restore_snapshot(self, snapshot_id: str, conversation_id: str | None = None) -> None:
        store = (await self._opened()).store
        if conversation_id is None:
            await self._turns.close()
            await asyncio.to_thread(store.restore_all, snapshot_id)
        else:
            await asyncio.to_thread(store.restore_conversation, snapshot_id, conversation_id)
        self.emit(ConversationChanged(""))

    # --- models, tools, settings
    async def models(self) -> list[ModelRow]:
        catalogue = (await self._opened()).catalogue
        return await asyncio.to_thread(catalogue.rows)

    async def choose_model(
        self, model_id: str, conversation_id: str | None = None, *, anyway: bool = False
    ) -> None:
        parts = await self._opened()
        path = str(parts.catalogue.resolve(model_id).path)
        oversized = parts.settings.current.oversized_models
        if anyway and path not in oversized:
            parts.settings.change({"oversized_models": (*oversized, path)})
        if conversation_id:
            await self._update(conversation_id, model=model_id)
        else:
            parts.settings.change({"model": model_id})
        self.emit(ModelsChanged())

    async def add_model(self, path: Path) -> ModelRow:
        parts = await self._opened()
        row = await asyncio.to_thread(parts.catalogue.inspect, path)
        known = parts.settings.current.model_paths
        if row.path not in known:
            parts.settings.change({"model_paths": (*known, row.path)})
        self.emit(ModelsChanged())
        return row

    async def remove_model(self, model_id: str) -> None:
        parts = await self._opened()
        path = str(parts.catalogue.resolve(model_id).path)
        settings = parts.settings.current
        changes: dict[str, Any] = {"model_paths": tuple(p for p in settings.model_paths if p != path)}
        if settings.model == model_id:
            changes["model"] = "pocket"
        parts.settings.change(changes)
        self.emit(ModelsChanged())

    async def tools(self) -> Sequence[ToolRow]:
        return (await self._opened()).toolbox.rows()

    async def settings(self) -> dict[str, Any]:
        return (await self._opened()).settings.current.model_dump()

    async def change_settings(self, changes: dict[str, Any]) -> None:
        (await self._opened()).settings.change(changes)
        if self._voice is not None:
            self._voice.settings_changed()
        if self._updates is not None:
            self._updates.settings_changed()

    async def doctor(self) -> Sequence[tuple[str, str, bool]]:
        parts = await self._opened()
        if self._diagnose is None:
            return ()
        return await asyncio.to_thread(self._diagnose, parts)
