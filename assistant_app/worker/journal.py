"""Writes answers to the store while they stream, and keeps them when the store cannot take them."""

import asyncio
import logging
from collections.abc import Callable

from assistant_app.core.conversation import Message
from assistant_app.core.errors import StoreError
from assistant_app.core.events import Notice
from assistant_app.core.views import Receipt
from assistant_app.store.store import Store

log = logging.getLogger(__name__)

FLUSH_INTERVAL_S = 0.5
"""Half of the second that may be lost at most."""
RETRY_INTERVAL_S = 2.0


class Journal:
    """Owns every message that is not in the database yet in its newest form.

    A full disk must not end an answer: the text stays in memory, the user is told once, and the
    journal tries again until it succeeds.
    """

    def __init__(
        self, store: Store, notify: Callable[[Notice], None], translate: Callable[[str], str]
    ) -> None:
        self._store = store
        self._notify = notify
        self._translate = translate
        self._streaming: dict[str, Message] = {}
        self._final: dict[str, tuple[Message, Receipt | None]] = {}
        self._told = False
        self._flusher: asyncio.Task[None] | None = None
        self._retrier: asyncio.Task[None] | None = None

    def streaming(self, message: Message) -> None:
        """Take the newest form of a streaming message; it is written within FLUSH_INTERVAL_S."""
        self._streaming[message.id] = message
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush_soon())

    def finish(self, message: Message, receipt: Receipt | None) -> None:
        """Write the final form of a message now, or as soon as the store can take it."""
        self._streaming.pop(message.id, None)
        self._final[message.id] = (message, receipt)
        if not self._write_final() and (self._retrier is None or self._retrier.done()):
            self._retrier = asyncio.create_task(self._retry())

    def newest(self, message: Message) -> Message:
        """Return the newest form of a message that was read from the store."""
        if message.id in self._final:
            return self._final[message.id][0]
        return self._streaming.get(message.id, message)

    def close(self) -> None:
        """Write everything that is left; called once, at the end."""
        for task in (self._flusher, self._retrier):
            if task is not None:
                task.cancel()
        self._flush()
        self._write_final()

    async def _flush_soon(self) -> None:
        await asyncio.sleep(FLUSH_INTERVAL_S)
        self._flush()

    def _flush(self) -> None:
        for message in list(self._streaming.values()):
            try:
                self._store.update_message(message)
            except StoreError as error:
                self._tell(error)
                return
        self._streaming.clear()

    def _write_final(self) -> bool:
        for message_id, (message, receipt) in list(self._final.items()):
            try:
                self._store.finish_message(message, receipt)
            except StoreError as error:
                self._tell(error)
                return False
            del self._final[message_id]
        self._told = False
        return True

    async def _retry(self) -> None:
        while self._final:
            await asyncio.sleep(RETRY_INTERVAL_S)
            self._write_final()

    def _tell(self, error: StoreError) -> None:
        log.warning("not saved: %s %s", error, error.detail)
        if not self._told:
            self._told = True
            self._notify(Notice(error.code, error.sentence(self._translate)))
