"""Snapshots: taken, thinned, read; one conversation or everything comes back as it was."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from assistant_app.core.conversation import MessageState, Role, TextPart
from assistant_app.paths import Paths
from assistant_app.store import schema
from assistant_app.store.errors import NewerDatabase, SnapshotUnusable
from assistant_app.store.store import Store
from tests.fixtures import chats


def test_one_conversation_comes_back_as_a_copy_with_its_tree(store: Store) -> None:
    made = chats.conversation(store, "Plan 计划")
    question, answer, more = chats.said(store, made.id, "q", "a", "more")
    other = chats.message(made.id, "other answer", question.id, Role.ASSISTANT)
    store.add_message(other, make_leaf=False)
    store.finish_message(other, chats.receipt(other.id))
    store.save_summary(made.id, answer.id, "so far")
    store.save_draft(made.id, "half a")
    streaming = chats.message(made.id, "unfin", more.id, Role.ASSISTANT, MessageState.STREAMING)
    store.add_message(streaming)
    snapshot = store.take_snapshot()
    store.finish_message(replace(streaming, parts=(TextPart("finished"),), state=MessageState.DONE))
    chats.said(store, made.id, "later", parent_id=more.id)
    (row,) = store.snapshot_conversations(snapshot.id)
    assert (row.id, row.message_count) == (made.id, 5)

    copy_id = store.restore_conversation(snapshot.id, made.id)

    copy, tree = store.conversation(copy_id), store.tree(copy_id)
    assert copy.title.startswith("Plan 计划 (")
    assert not set(tree.messages) & set(store.tree(made.id).messages)
    path = tree.path(copy.leaf_id)
    assert [m.text for m in path] == ["q", "a", "more", "unfin"]
    assert path[-1].state is MessageState.INTERRUPTED
    versions = tree.siblings(path[1].id)
    assert [tree.messages[v].text for v in versions] == ["a", "other answer"]
    assert store.receipt(versions[1]).message_id == versions[1]
    assert store.summary(copy_id) == (path[1].id, "so far")
    assert store.draft(copy_id) == "half a"
    assert len(store.tree(made.id).messages) == 6
    assert {r.id for r in store.search("计划")} == {made.id, copy_id}
    assert store.list_conversations()[0].id == copy_id


def test_everything_comes_back_and_the_present_is_saved_first(store: Store) -> None:
    made = chats.conversation(store, "Then")
    chats.said(store, made.id, "yesterday")
    snapshot = store.take_snapshot()
    chats.said(store, made.id, "today")
    later = chats.conversation(store, "Now")
    store.restore_all(snapshot.id)
    assert [(r.title, r.message_count) for r in store.list_conversations()] == [("Then", 1)]
    assert store.search("today") == [] and len(store.search("yesterday")) == 1
    saved = next(s for s in store.snapshots() if s.reason == "before-restore")
    store.restore_all(saved.id)
    assert {r.title for r in store.list_conversations()} == {"Then", "Now"}
    chats.said(store, later.id, "and life goes on")
    assert store.maintain() == []


def test_the_daily_copy_is_taken_once_a_day(store: Store) -> None:
    chats.conversation(store)
    store.maintain()
    store.maintain()
    assert [s.reason for s in store.snapshots()] == ["daily"]
    (snapshot,) = store.snapshots()
    assert abs(snapshot.created_at - time.time()) < 60
    assert snapshot.schema_version == schema.LATEST and snapshot.size_bytes > 4096


def test_maintenance_thins_what_piled_up(store: Store, paths: Paths) -> None:
    chats.conversation(store)
    snapshot = store.take_snapshot()
    original = paths.snapshots / f"{snapshot.id}.db"
    for day in range(1, 120):
        moment = datetime.fromtimestamp(time.time() - day * 86400, UTC)
        copy = paths.snapshots / f"{moment:%Y%m%dT%H%M%S%f}-daily-v{schema.LATEST}.db"
        copy.write_bytes(original.read_bytes())
    original.unlink()
    store.maintain()
    assert 11 <= len(store.snapshots()) <= 17


def test_a_damaged_or_newer_snapshot_is_refused_and_nothing_changes(store: Store, paths: Paths) -> None:
    made = chats.conversation(store, "Safe")
    for _ in range(30):
        chats.said(store, made.id, "x" * 3000)
    bad, newer = store.take_snapshot(), store.take_snapshot()
    path = paths.snapshots / f"{bad.id}.db"
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    path = paths.snapshots / f"{newer.id}.db"
    data = bytearray(path.read_bytes())
    data[60:64] = (schema.LATEST + 1).to_bytes(4, "big")
    path.write_bytes(data)
    for snapshot, error in ((bad, SnapshotUnusable), (newer, NewerDatabase)):
        with pytest.raises(error):
            store.restore_all(snapshot.id)
        with pytest.raises(error):
            store.restore_conversation(snapshot.id, made.id)
    assert [row.title for row in store.list_conversations()] == ["Safe"]
