"""Whatever is deleted can come back as it was; what is erased is gone from every file."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assistant_app.core.conversation import AudioTranscriptPart, Role
from assistant_app.core.errors import NotFound
from assistant_app.paths import Paths
from assistant_app.store.store import Store
from tests.fixtures import chats


def test_a_conversation_comes_back_with_all_that_belongs_to_it(store: Store) -> None:
    made = chats.conversation(store, "Trip")
    chats.said(store, made.id, "Where to?", "Lisbon.")
    store.save_draft(made.id, "and then")
    store.enqueue(made.id, "waiting")
    before = (store.conversation(made.id), store.tree(made.id).messages, store.list_conversations())
    trash_id = store.trash_conversation(made.id)
    assert store.list_conversations() == []
    assert store.conversation(made.id).deleted_at is not None
    (row,) = store.trash()
    assert (row.id, row.kind, row.title, row.message_count) == (trash_id, "conversation", "Trip", 2)
    with pytest.raises(NotFound):
        store.trash_conversation(made.id)
    assert store.restore_trash(trash_id) == made.id
    assert (store.conversation(made.id), store.tree(made.id).messages, store.list_conversations()) == before
    assert store.draft(made.id) == "and then"
    assert [q.text for q in store.queued(made.id)] == ["waiting"]
    assert store.trash() == []


def test_a_deleted_version_gives_way_to_its_sibling_and_comes_back_on_screen(store: Store) -> None:
    made = chats.conversation(store)
    (question,) = chats.said(store, made.id, "Why?")
    first = chats.message(made.id, "Because.", question.id, Role.ASSISTANT)
    second = chats.message(made.id, "Who knows.", question.id, Role.ASSISTANT)
    store.add_message(first)
    (more,) = chats.said(store, made.id, "Go on", parent_id=first.id)
    store.add_message(second)
    (below,) = chats.said(store, made.id, "I see", parent_id=second.id)
    assert store.conversation(made.id).leaf_id == below.id

    trash_id = store.trash_messages(second.id)
    assert store.conversation(made.id).leaf_id == more.id
    assert set(store.tree(made.id).messages) == {question.id, first.id, more.id}
    (row,) = store.trash()
    assert (row.kind, row.title, row.message_count) == ("messages", "Who knows.", 2)
    with pytest.raises(NotFound):
        store.message(below.id)
    store.restore_trash(trash_id)
    assert store.conversation(made.id).leaf_id == below.id
    assert store.tree(made.id).siblings(first.id) == [first.id, second.id]


def test_without_a_sibling_the_parent_is_shown_and_at_the_root_nothing(store: Store) -> None:
    made = chats.conversation(store)
    question, answer = chats.said(store, made.id, "Why?", "Because.")
    store.trash_messages(answer.id)
    assert store.conversation(made.id).leaf_id == question.id
    root = store.trash_messages(question.id)
    assert store.conversation(made.id).leaf_id is None
    assert store.tree(made.id).messages == {}
    store.restore_trash(root)
    assert store.conversation(made.id).leaf_id == question.id


def test_a_branch_that_is_not_on_screen_does_not_move_it(store: Store) -> None:
    made = chats.conversation(store)
    (question,) = chats.said(store, made.id, "Why?")
    hidden = chats.message(made.id, "1", question.id, Role.ASSISTANT)
    shown = chats.message(made.id, "2", question.id, Role.ASSISTANT)
    store.add_message(hidden)
    store.add_message(shown)
    store.restore_trash(store.trash_messages(hidden.id))
    assert store.conversation(made.id).leaf_id == shown.id


def test_an_item_inside_another_brings_back_what_it_hangs_on(store: Store) -> None:
    made = chats.conversation(store)
    a, b, c = chats.said(store, made.id, "a", "b", "c")
    inner = store.trash_messages(c.id)
    store.trash_messages(b.id)
    store.trash_conversation(made.id)
    assert len(store.trash()) == 3
    store.restore_trash(inner)
    assert store.trash() == []
    assert set(store.tree(made.id).messages) == {a.id, b.id, c.id}
    assert store.conversation(made.id).deleted_at is None


def test_a_chain_of_thousands_can_be_deleted_restored_and_erased(store: Store) -> None:
    made = chats.conversation(store)
    with store._db.write() as connection:
        from assistant_app.store import messages

        parent = None
        chain = [chats.message(made.id, str(n)) for n in range(3000)]
        for node in chain:
            messages.insert(
                connection,
                type(node)(node.id, made.id, parent, node.role, node.parts, node.state, node.created_at),
                "",
                make_leaf=True,
            )
            parent = node.id
    store.restore_trash(store.trash_messages(chain[0].id))
    assert len(store.tree(made.id).path(chain[-1].id)) == 3000
    store.purge_trash(store.trash_messages(chain[1].id))
    assert list(store.tree(made.id).messages) == [chain[0].id]


def everywhere(paths: Paths) -> bytes:
    return b"".join(path.read_bytes() for path in Path(paths.data).rglob("*") if path.is_file())


def test_erased_text_is_in_no_file_any_more(store: Store, paths: Paths) -> None:
    keep = chats.conversation(store, "Kept")
    chats.said(store, keep.id, "an ordinary sentence", "another one")
    secret = chats.conversation(store, "Zanzibarsecret")
    question, answer = chats.said(store, secret.id, "quetzalsecret 机密文件", "the answer is xyloidsecret")
    store.finish_message(answer, chats.receipt(answer.id, prompt="quetzalsecret"))
    store.save_draft(secret.id, "draftsecret")
    store.enqueue(secret.id, "queuesecret")
    store.save_summary(secret.id, question.id, "summarysecret")
    snapshot = store.take_snapshot()
    other = store.take_snapshot("before-restore")
    words = [
        "anzibarsecret",
        "uetzalsecret",
        "机密",
        "yloidsecret",
        "draftsecret",
        "queuesecret",
        "summarysecret",
    ]
    for word in words:
        assert word.encode() in everywhere(paths), word

    store.purge_trash(store.trash_conversation(secret.id))

    left = everywhere(paths)
    for word in words:
        assert word.encode() not in left, word
    assert [row.title for row in store.list_conversations()] == ["Kept"]
    assert {s.id for s in store.snapshots()} == {snapshot.id, other.id}
    for kept in (snapshot, other):
        assert [row.title for row in store.snapshot_conversations(kept.id)] == ["Kept"]
    assert store.maintain() == []
    assert [row.title for row in store.search("ordinary")] == ["Kept"]


def test_erasing_everything_takes_nested_items_along(store: Store) -> None:
    made = chats.conversation(store)
    _, b, c = chats.said(store, made.id, "a", "b", "c")
    store.trash_messages(c.id)
    store.trash_messages(b.id)
    gone = chats.conversation(store, "gone")
    store.trash_conversation(gone.id)
    store.purge_trash()
    assert store.trash() == []
    assert [m.text for m in store.tree(made.id).messages.values()] == ["a"]
    with pytest.raises(NotFound):
        store.conversation(gone.id)


def test_recordings_are_erased_with_the_last_message_that_names_them(store: Store, paths: Paths) -> None:
    paths.recordings.mkdir(parents=True)
    own, shared, foreign = paths.recordings / "own.wav", paths.recordings / "shared.wav", paths.data / "a.wav"
    made, kept = chats.conversation(store), chats.conversation(store)
    for conversation, sound in ((made, own), (made, shared), (made, foreign), (kept, shared)):
        sound.write_bytes(b"sound")
        message = chats.message(conversation.id, "hello")
        store.add_message(replace(message, parts=(AudioTranscriptPart("hello", recording=str(sound)),)))
    trash_id = store.trash_conversation(made.id)
    assert own.exists(), "what is in the trash can come back"
    store.purge_trash(trash_id)
    assert not own.exists() and shared.exists() and foreign.exists()


def test_old_trash_is_pruned_but_its_snapshots_stay_whole(
    store: Store, open_store: Callable[[], Store]
) -> None:
    old, young = chats.conversation(store, "old"), chats.conversation(store, "young")
    snapshot = store.take_snapshot()
    store.trash_conversation(old.id)
    store.trash_conversation(young.id)
    with store._db.write() as connection:
        connection.execute("UPDATE trash SET deleted_at = deleted_at - 31 * 86400 WHERE title = 'old'")
    assert store.maintain() == []
    assert [row.title for row in store.trash()] == ["young"]
    assert {row.title for row in store.snapshot_conversations(snapshot.id)} == {"old", "young"}
