"""An answer on a disk that is full: told once, kept, saved when there is room again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant_app.core.conversation import Conversation, Message, MessageState, Role, TextPart
from assistant_app.core.events import Notice
from assistant_app.i18n import translate
from assistant_app.paths import Paths
from assistant_app.store.store import Store
from assistant_app.worker import journal as module
from assistant_app.worker.journal import Journal


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(Paths.under(tmp_path / "home"))
    store.create_conversation(Conversation("c"))
    yield store
    store.close()


def limit_pages(store: Store, pages: int) -> None:
    """Let the database grow to so many pages at most: SQLite then says SQLITE_FULL, as on a full disk."""
    with store._db.write() as connection:
        connection.execute(f"PRAGMA max_page_count = {pages}")


def answer(text: str, state: MessageState = MessageState.STREAMING) -> Message:
    return Message("m", "c", None, Role.ASSISTANT, (TextPart(text),), state, created_at=1.0)


async def test_a_full_disk_is_told_once_and_nothing_is_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FLUSH_INTERVAL_S", 0.01)
    monkeypatch.setattr(module, "RETRY_INTERVAL_S", 0.01)
    notices: list[Notice] = []
    journal = Journal(store, notices.append, translate)
    store.add_message(answer(""))
    limit_pages(store, 1)

    long = "many words " * 50_000
    journal.streaming(answer(long))
    while not notices:
        await asyncio.sleep(0.01)
    assert journal.newest(store.message("m")).text == long
    journal.finish(answer(long + "the end", MessageState.DONE), None)
    assert journal.newest(store.message("m")).text.endswith("the end")
    assert store.message("m").text == ""
    assert [notice.code for notice in notices] == ["store-full"]

    limit_pages(store, 1_000_000)
    while store.message("m").state is not MessageState.DONE:
        await asyncio.sleep(0.01)
    assert store.message("m").text == long + "the end"
    journal.close()


async def test_what_streams_reaches_the_disk_without_being_asked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FLUSH_INTERVAL_S", 0.01)
    journal = Journal(store, lambda notice: None, translate)
    store.add_message(answer(""))
    journal.streaming(answer("half"))
    while store.message("m").text != "half":
        await asyncio.sleep(0.01)
    assert store.message("m").state is MessageState.STREAMING
    journal.close()


async def test_closing_writes_what_is_left(store: Store) -> None:
    journal = Journal(store, lambda notice: None, translate)
    store.add_message(answer(""))
    journal.streaming(answer("last words"))
    journal.close()
    assert store.message("m").text == "last words"
