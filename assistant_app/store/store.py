"""The store: everything that must not be lost, behind one object for the worker thread."""

import contextlib
import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from filelock import Timeout

from assistant_app.core.conversation import Conversation, ConversationTree, Message
from assistant_app.core.errors import AssistantError, NotFound, StoreError
from assistant_app.core.events import Notice
from assistant_app.core.ids import new_id
from assistant_app.core.notes import Note
from assistant_app.core.reminders import Reminder, ReminderKind
from assistant_app.core.sampling import Sampling
from assistant_app.core.text import N_
from assistant_app.core.views import ConversationRow, QueuedMessage, Receipt, Snapshot, TrashRow
from assistant_app.i18n import _
from assistant_app.paths import Paths
from assistant_app.store import (
    composer,
    conversations,
    erasing,
    index,
    messages,
    notes,
    reminders,
    schema,
    snapshots,
    trash,
)
from assistant_app.store.conversations import LEAVE, Leave
from assistant_app.store.copying import copy_conversation
from assistant_app.store.database import Database, mark_suspect, plain_errors
from assistant_app.store.errors import StoreBusy, StoreDamaged, is_damage
from assistant_app.store.opening import Opened, interrupted, open_database
from assistant_app.store.repair import repair
from assistant_app.store.sessions import opening_lock
from assistant_app.store.snapshots import BEFORE_RESTORE, DAILY

log = logging.getLogger(__name__)

OPEN_CONVERSATION = "open-conversation"
"""Key of the state that holds the identifier of the conversation on screen."""
TRASH_DAYS = 30
"""What was deleted longer ago than this is erased by `maintain`."""


class Store:
    """Conversations, messages and all that belongs to them, in one SQLite file.

    Every change is durable when its method returns. All methods raise AssistantError only (NotFound,
    StoreError and its kinds). They may be called from any thread and wait for each other; `maintain`,
    `take_snapshot` and `purge_trash` work on a connection of their own and are meant for the background.

    Attributes:
        notices: what opening had to do, to be shown once.
        writable: False when a newer version owns the file.
        persistent: False when everything is in memory only.
    """

    def __init__(self, paths: Paths, opened: Opened) -> None:
        """Take over what `open_database` gave; use `Store.open`."""
        self._paths = paths
        self._db: Database = opened.database
        self._session = opened.session
        self._session_id = opened.session.id if opened.session else new_id()
        self.notices: list[Notice] = opened.notices
        self.writable = opened.database.refusal is None
        self.persistent = opened.database.path is not None

    @classmethod
    def open(cls, paths: Paths) -> Self:
        """Open the database of a profile: created, migrated, repaired or replaced as needed.

        Raises StoreBusy when another process is still migrating or repairing it after a minute.
        """
        return cls(paths, open_database(paths))

    def close(self) -> None:
        """End the session; answers still streaming become INTERRUPTED at the next start."""
        self._db.close()
        if self._session is not None:
            self._session.close()

    # --- conversations
    def list_conversations(self, limit: int = 200, offset: int = 0) -> list[ConversationRow]:
        """Return what is not in the trash, pinned first, newest next."""
        with self._db.read() as connection:
            return conversations.rows(connection, limit, offset)

    def search(self, query: str, limit: int = 50) -> list[ConversationRow]:
        """Return one row per conversation whose title (first) or messages, in any branch, hold all words.

        Words are taken literally, without case and accents, and match beginnings of words; Chinese,
        Japanese, Korean and Thai match anywhere.
        """
        with self._db.read() as connection:
            try:
                return conversations.search(connection, query, limit)
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                log.warning("search failed: %s", error)
        with self._db.write() as connection:
            index.mark_for_rebuild(connection)
        raise StoreError(
            N_(
                "The search index is damaged and is being made anew; your conversations are safe."
                " Try again soon."
            )
        )

    def create_conversation(self, conversation: Conversation) -> None:
        """Store a new conversation."""
        with self._db.write() as connection:
            conversations.insert(connection, conversation)

    def conversation(self, conversation_id: str) -> Conversation:
        """Return a conversation, also one in the trash (`deleted_at`). Raises NotFound."""
        with self._db.read() as connection:
            return conversations.get(connection, conversation_id)

    def update_conversation(
        self,
        conversation_id: str,
        *,
        title: str | Leave = LEAVE,
        pinned: bool | Leave = LEAVE,
        system_prompt: str | Leave | None = LEAVE,
        sampling: Sampling | Leave | None = LEAVE,
        model: str | Leave | None = LEAVE,
        leaf_id: str | Leave | None = LEAVE,
    ) -> Conversation:
        """Change what is given and return the result. Raises NotFound."""
        with self._db.write() as connection:
            conversations.update(
                connection,
                conversation_id,
                title=title,
                pinned=pinned,
                system_prompt=system_prompt,
                sampling=sampling,
                model=model,
                leaf_id=leaf_id,
            )
            return conversations.get(connection, conversation_id)

    def latest_conversation(self) -> str | None:
        """Return the conversation that was on screen last (state OPEN_CONVERSATION), else the newest."""
        with self._db.read() as connection:
            last = composer.get_state(connection, OPEN_CONVERSATION)
            if isinstance(last, str):
                with contextlib.suppress(NotFound):
                    if conversations.get(connection, last).deleted_at is None:
                        return last
            return conversations.latest(connection)

    # --- messages
    def tree(self, conversation_id: str) -> ConversationTree:
        """Return all branches of a conversation, without what is in the trash. Empty for an unknown one."""
        with self._db.read() as connection:
            return messages.tree(connection, conversation_id)

    def message(self, message_id: str) -> Message:
        """Return one message. Raises NotFound, also for one in the trash."""
        with self._db.read() as connection:
            return messages.get(connection, message_id)

    def add_message(self, message: Message, *, make_leaf: bool = True) -> None:
        """Store a new message, by default as the end of the branch on screen. Raises NotFound."""
        with self._db.write() as connection:
            messages.insert(connection, message, self._session_id, make_leaf=make_leaf)

    def update_message(self, message: Message) -> None:
        """Store what changed in a message; cheap while it is STREAMING. Raises NotFound."""
        with self._db.write() as connection:
            messages.update(connection, message, self._session_id)

    def finish_message(self, message: Message, receipt: Receipt | None = None) -> None:
        """Store the final state, make it searchable, keep its receipt. Raises NotFound."""
        with self._db.write() as connection:
            messages.update(connection, message, self._session_id)
            messages.touch(connection, message.conversation_id, time.time())
            if receipt is not None:
                messages.save_receipt(connection, receipt)

    def receipt(self, message_id: str) -> Receipt:
        """Return how an answer came about. Raises NotFound."""
        with self._db.read() as connection:
            return messages.receipt(connection, message_id)

    # --- composer and state
    def draft(self, conversation_id: str) -> str:
        """Return what stood in the composer; "" is the conversation that does not exist yet."""
        with self._db.read() as connection:
            return composer.draft(connection, conversation_id)

    def save_draft(self, conversation_id: str, text: str) -> None:
        """Keep what stands in the composer; empty drops it."""
        with self._db.scratch() as connection:
            composer.save_draft(connection, conversation_id, text)

    def queued(self, conversation_id: str) -> list[QueuedMessage]:
        """Return the messages that wait for the running answer, first typed first."""
        with self._db.read() as connection:
            return composer.queued(connection, conversation_id)

    def enqueue(self, conversation_id: str, text: str) -> QueuedMessage:
        """Add a waiting message. Raises NotFound."""
        with self._db.write() as connection:
            return composer.enqueue(connection, conversation_id, text)

    def edit_queued(self, queued_id: str, text: str) -> None:
        """Change a waiting message; an empty text removes it. Raises NotFound."""
        with self._db.write() as connection:
            composer.edit_queued(connection, queued_id, text)

    def take_queued(self, conversation_id: str) -> QueuedMessage | None:
        """Remove and return the message that waited longest."""
        with self._db.write() as connection:
            return composer.take_queued(connection, conversation_id)

    def summary(self, conversation_id: str) -> tuple[str, str] | None:
        """Return (identifier of the last message it covers, text), or None."""
        with self._db.read() as connection:
            return composer.summary(connection, conversation_id)

    def save_summary(self, conversation_id: str, up_to_message_id: str, text: str) -> None:
        """Keep the summary of what fell out of the window. Raises NotFound."""
        with self._db.write() as connection:
            composer.save_summary(connection, conversation_id, up_to_message_id, text)

    def get_state(self, key: str) -> Any:
        """Return a JSON value kept under `key`, or None."""
        with self._db.read() as connection:
            return composer.get_state(connection, key)

    def set_state(self, key: str, value: Any) -> None:
        """Keep a JSON value; None removes it."""
        with self._db.scratch() as connection:
            composer.set_state(connection, key, value)

    # --- notes and reminders
    def add_note(self, text: str) -> Note:
        """Keep a note."""
        with self._db.write() as connection:
            return notes.insert(connection, text)

    def notes(self) -> list[Note]:
        """Return all notes, newest last."""
        with self._db.read() as connection:
            return notes.rows(connection)

    def search_notes(self, query: str) -> list[tuple[int, Note]]:
        """Return (place in the list, from 1; note) of those that hold every word, newest last."""
        with self._db.read() as connection:
            return notes.search(connection, query)

    def add_reminder(self, kind: ReminderKind, text: str, due_at: float) -> Reminder:
        """Keep a reminder, due at that second since the epoch."""
        with self._db.write() as connection:
            return reminders.insert(connection, kind, text, due_at)

    def reminders(self) -> list[Reminder]:
        """Return those that have not been told yet, soonest first."""
        with self._db.read() as connection:
            return reminders.untold(connection)

    def cancel_reminder(self, reminder_id: str) -> None:
        """Forget a reminder that has not been told yet. Raises NotFound."""
        with self._db.write() as connection:
            reminders.cancel(connection, reminder_id)

    def next_due_at(self) -> float | None:
        """Return when the soonest reminder is due."""
        with self._db.read() as connection:
            return reminders.next_due_at(connection)

    def take_due_reminder(self, now: float) -> Reminder | None:
        """Mark the soonest that is due as told and return it: to one caller only, in any process."""
        if not self.writable:
            return None
        with self._db.write() as connection:
            return reminders.take_due(connection, now)

    # --- trash
    def trash_conversation(self, conversation_id: str) -> str:
        """Put a conversation into the trash; return the identifier of the item. Raises NotFound."""
        with self._db.write() as connection:
            return trash.trash_conversation(connection, conversation_id)

    def trash_messages(self, message_id: str) -> str:
        """Put a message and everything below it into the trash; return the item. Raises NotFound.

        A branch on screen that ran through it moves to the nearest version beside it, or to its parent.
        """
        with self._db.write() as connection:
            return trash.trash_messages(connection, message_id)

    def trash(self) -> list[TrashRow]:
        """Return what can come back, newest deletion first."""
        with self._db.read() as connection:
            return trash.rows(connection)

    def restore_trash(self, trash_id: str) -> str:
        """Bring an item back where it was; return the identifier of its conversation. Raises NotFound."""
        with self._db.write() as connection:
            return trash.restore(connection, trash_id)

    def purge_trash(self, trash_id: str | None = None) -> None:
        """Erase one item, or all, here and in every snapshot, with its recordings; this may take seconds.

        Raises NotFound.
        """
        erasing.purge(self._db, self._paths.snapshots, self._paths.recordings, trash_id)

    # --- snapshots
    def snapshots(self) -> list[Snapshot]:
        """Return the saved copies, newest first."""
        with plain_errors():
            return snapshots.listed(self._paths.snapshots)

    def take_snapshot(self, reason: str = DAILY) -> Snapshot:
        """Save a checked copy of everything. Raises StoreError."""
        with self._db.separate() as connection:
            return snapshots.take(connection, self._paths.snapshots, reason)

    def snapshot_conversations(self, snapshot_id: str) -> list[ConversationRow]:
        """Return all conversations of a snapshot. Raises NotFound, SnapshotUnusable."""
        with self._snapshot(snapshot_id) as source:
            return conversations.rows(source, -1, 0)

    def restore_conversation(self, snapshot_id: str, conversation_id: str) -> str:
        """Bring one conversation back as a copy; return its identifier. Raises NotFound, SnapshotUnusable."""
        with self._snapshot(snapshot_id) as source:
            title = conversations.get(source, conversation_id).title
            if title:
                day = f"{self._created(snapshot_id):%Y-%m-%d}"
                title = _("{title} (as of {day})").format(title=title, day=day)
            with self._db.write() as target:
                return copy_conversation(source, target, conversation_id, title)

    def restore_all(self, snapshot_id: str) -> None:
        """Bring everything back as it was, after saving how it is now. No answer may be streaming.

        Raises NotFound, SnapshotUnusable, StoreError; then nothing is changed.
        """
        path = snapshots.path_of(self._paths.snapshots, snapshot_id)
        self.take_snapshot(BEFORE_RESTORE)
        with self._alone(), snapshots.opened(path) as source:
            with self._db.read() as connection:
                told = reminders.told(connection)
            with self._db.replacing() as connection:
                source.backup(connection)
            with self._db.write() as connection:
                # An older state does not know what it told since.
                reminders.mark_told(connection, told)
            interrupted(self._db, lambda session_id: False)

    def _created(self, snapshot_id: str) -> datetime:
        created = next(s.created_at for s in self.snapshots() if s.id == snapshot_id)
        return datetime.fromtimestamp(created)

    @contextmanager
    def _snapshot(self, snapshot_id: str) -> Iterator[sqlite3.Connection]:
        with plain_errors():
            path: Path = snapshots.path_of(self._paths.snapshots, snapshot_id)
        with snapshots.opened(path) as connection:
            yield connection

    # --- maintenance
    def maintain(self) -> list[Notice]:
        """Check and repair the file and the index, save the daily copy, thin old ones, prune the trash.

        For a background thread, soon after start and then every few hours. Returns what the user should
        read; raises nothing but logs what could not be done.
        """
        if not self.writable or not self.persistent:
            return []
        notices: list[Notice] = []
        try:
            notices += self._check()
            if any(notice.code == StoreDamaged.code for notice in notices):
                return notices
            if self._session is not None:
                notices += interrupted(self._db, self._session.is_alive)
            self._mend_index()
            erasing.finish(self._db, self._paths.snapshots)
            now = time.time()
            erasing.prune(self._db, self._paths.recordings, now - TRASH_DAYS * 86400)
            with self._db.write() as connection:
                reminders.forget(connection, now - TRASH_DAYS * 86400)
            if snapshots.is_due(self._paths.snapshots, now):
                self._take_daily()
                snapshots.thin(self._paths.snapshots, now)
            with self._db.separate() as connection:
                connection.execute("PRAGMA optimize")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except (OSError, AssistantError) as error:
            log.warning("maintenance could not finish: %s", error)
            if isinstance(error, StoreError):
                notices.append(Notice(error.code, error.sentence(_)))
        return notices

    def _check(self) -> list[Notice]:
        try:
            with self._db.separate() as connection:
                wrong = schema.damage(connection) or schema.loose_ends(connection)
        except StoreDamaged as error:
            wrong = error.detail
        if not wrong:
            return []
        log.error("the check found: %s", wrong)
        mark_suspect(self._paths.database)
        if self._session is None or self._session.others_alive():
            sentence = _(
                "The file with your conversations is damaged; close every Assistant window"
                " and start again, and it will be repaired."
            )
            return [Notice(StoreDamaged.code, sentence)]
        with self._alone(), self._db.suspended(), plain_errors():
            return [repair(self._paths)]

    def _mend_index(self) -> None:
        with self._db.separate() as connection:
            if index.needs_rebuild(connection):
                index.rebuild_in_steps(connection, self._db.turn)

    def _take_daily(self) -> None:
        """Save the daily copy, and use it to examine the search index where that keeps nobody waiting."""
        sound = True

        def look(copy: sqlite3.Connection) -> None:
            nonlocal sound
            sound = index.is_sound(copy)

        with self._db.separate() as connection:
            snapshots.take(connection, self._paths.snapshots, DAILY, look)
        if not sound:
            with self._db.write() as connection:
                index.mark_for_rebuild(connection)
            self._mend_index()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold off other processes that want to open the database."""
        lock = opening_lock(self._paths.runtime)
        try:
            lock.acquire()
        except Timeout as error:
            raise StoreBusy(detail=str(error)) from error
        try:
            with plain_errors():
                yield
        finally:
            lock.release()
