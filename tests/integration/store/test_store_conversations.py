"""Conversations, messages, drafts, queue, summary and state survive closing and opening."""

import stat
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from assistant_app.core.conversation import MessageState, ReasoningPart, Role, TextPart, UsageSummary
from assistant_app.core.errors import NotFound
from assistant_app.core.sampling import Sampling
from assistant_app.paths import Paths
from assistant_app.store.store import OPEN_CONVERSATION, Store
from tests.fixtures import chats

Open = Callable[[], Store]


def test_everything_of_a_conversation_comes_back(open_store: Open) -> None:
    store = open_store()
    made = chats.conversation(store, "Weather 天气")
    question, answer = chats.said(store, made.id, "Will it rain?", "Perhaps.")
    other = chats.message(made.id, "No.", question.id, Role.ASSISTANT)
    store.add_message(other, make_leaf=False)
    usage = UsageSummary(3, 1, 2, 0.1, 0.2, 7)
    finished = replace(other, parts=(ReasoningPart("hm"), TextPart("No!")), usage=usage, model="P")
    store.finish_message(finished, chats.receipt(other.id))
    store.update_conversation(
        made.id, title="Rain", pinned=True, system_prompt="Be brief", sampling=Sampling(top_k=1), model="x"
    )
    store.save_draft(made.id, "And to\x00morrow\ud800?")
    store.save_draft("", "a new one")
    store.enqueue(made.id, "first")
    store.enqueue(made.id, "second")
    store.save_summary(made.id, question.id, "They spoke of rain.")
    store.set_state("window", {"width": 900})
    store.close()

    store = open_store()
    assert store.notices == []
    read = store.conversation(made.id)
    assert (read.title, read.pinned, read.system_prompt, read.model) == ("Rain", True, "Be brief", "x")
    assert read.sampling == Sampling(top_k=1)
    assert read.leaf_id == answer.id
    tree = store.tree(made.id)
    assert tree.siblings(answer.id) == [answer.id, other.id]
    assert tree.messages[other.id] == finished
    assert [m.text for m in tree.path(read.leaf_id)] == ["Will it rain?", "Perhaps."]
    assert store.receipt(other.id) == chats.receipt(other.id)
    assert store.draft(made.id) == "And to\x00morrow\ufffd?"
    assert store.draft("") == "a new one"
    assert [q.text for q in store.queued(made.id)] == ["first", "second"]
    assert store.summary(made.id) == (question.id, "They spoke of rain.")
    assert store.get_state("window") == {"width": 900}
    (row,) = store.list_conversations()
    assert (row.title, row.message_count, row.pinned) == ("Rain", 3, True)


def test_only_what_is_given_changes_and_none_is_a_value(store: Store) -> None:
    made = chats.conversation(store, "Title")
    store.update_conversation(made.id, system_prompt="own", model="m")
    read = store.update_conversation(made.id, system_prompt=None)
    assert (read.title, read.system_prompt, read.model) == ("Title", None, "m")
    assert store.update_conversation(made.id) == read


def test_pinned_come_first_then_the_newest(store: Store) -> None:
    first, second, third = (chats.conversation(store, name) for name in "abc")
    chats.said(store, first.id, "newest message")
    store.update_conversation(second.id, pinned=True)
    assert [row.id for row in store.list_conversations()] == [second.id, first.id, third.id]
    assert [row.id for row in store.list_conversations(1, 1)] == [first.id]


def test_queue_is_taken_in_order_and_can_be_edited(store: Store) -> None:
    made = chats.conversation(store)
    one, two, three = (store.enqueue(made.id, text) for text in ("1", "2", "3"))
    store.edit_queued(one.id, "one")
    store.edit_queued(two.id, "  ")
    taken = [store.take_queued(made.id) for _ in range(3)]
    assert [q and q.text for q in taken] == ["one", "3", None]
    with pytest.raises(NotFound):
        store.edit_queued(three.id, "x")


def test_what_does_not_exist_is_not_found(store: Store) -> None:
    made = chats.conversation(store)
    for call in (
        lambda: store.conversation("x"),
        lambda: store.message("x"),
        lambda: store.receipt("x"),
        lambda: store.update_conversation("x", title="t"),
        lambda: store.add_message(chats.message("x", "hi")),
        lambda: store.add_message(chats.message(made.id, "hi", "no parent")),
        lambda: store.update_message(chats.message(made.id, "hi")),
        lambda: store.enqueue("x", "hi"),
        lambda: store.trash_conversation("x"),
        lambda: store.trash_messages("x"),
        lambda: store.restore_trash("x"),
        lambda: store.purge_trash("x"),
        lambda: store.snapshot_conversations("../assistant"),
        lambda: store.restore_all("x"),
    ):
        with pytest.raises(NotFound):
            call()
    assert store.tree("x").messages == {}
    assert store.tree(made.id).messages == {}


def test_the_conversation_on_screen_is_the_latest_else_the_newest(store: Store) -> None:
    assert store.latest_conversation() is None
    first, second = chats.conversation(store), chats.conversation(store)
    assert store.latest_conversation() == second.id
    store.set_state(OPEN_CONVERSATION, first.id)
    assert store.latest_conversation() == first.id
    store.trash_conversation(first.id)
    assert store.latest_conversation() == second.id


def test_only_the_owner_can_read_the_files(open_store: Open, paths: Paths) -> None:
    paths.data.mkdir(parents=True)
    paths.database.touch(0o644)
    store = open_store()
    chats.conversation(store)
    store.take_snapshot()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in paths.data.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {stat.S_IMODE(f.stat().st_mode) for f in (paths.data, paths.snapshots, paths.runtime)} == {0o700}


def test_settings_of_the_connection_hold(store: Store) -> None:
    with store._db.read() as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "trusted_schema")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "trusted_schema": 0,
    }


def test_threads_share_one_store(store: Store) -> None:
    made = chats.conversation(store)
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for step in range(20):
                store.add_message(chats.message(made.id, f"{number}.{step}"), make_leaf=False)
                store.list_conversations()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(store.tree(made.id).messages) == 80


def test_a_streaming_answer_is_kept_and_becomes_interrupted(open_store: Open) -> None:
    store = open_store()
    made = chats.conversation(store)
    (question,) = chats.said(store, made.id, "Tell me")
    answer = chats.message(made.id, "", question.id, Role.ASSISTANT, MessageState.STREAMING)
    store.add_message(answer)
    store.update_message(replace(answer, parts=(TextPart("Once upon a thyme"),)))
    assert store.search("thyme") == []
    store.close()
    store = open_store()
    assert [n.code for n in store.notices] == ["store-interrupted"]
    read = store.message(answer.id)
    assert (read.state, read.text) == (MessageState.INTERRUPTED, "Once upon a thyme")
    assert [row.message_id for row in store.search("thyme")] == [answer.id]
    # Continuing takes it out of the index while it is written, and in again afterwards.
    store.update_message(replace(read, state=MessageState.STREAMING))
    assert store.search("thyme") == []
    store.finish_message(replace(read, parts=(TextPart("a sage"),), state=MessageState.DONE))
    assert store.search("thyme") == [] and len(store.search("sage")) == 1
