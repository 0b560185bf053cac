"""Search finds words, beginnings of words and Chinese, takes operators literally, and shows where."""

from dataclasses import replace

import pytest

from assistant_app.core.conversation import MessageState, Role, TextPart
from assistant_app.store import index
from assistant_app.store.search_text import Query
from assistant_app.store.store import Store
from tests.fixtures import chats


@pytest.fixture
def filled(store: Store) -> Store:
    for title, texts in (
        ("Cooking", ("How do I boil an Egg?", "Seven minutes. Crème brûlée needs more.")),
        ("中文天气", ("今天北京的天气怎么样？", "今天晴，气温二十度。")),
        ("Mixed", ("用Python读取CSV文件", "Use pandas.read_csv('数据.csv') -> DataFrame")),
        ("Code", ('print("AND OR NOT") NEAR(x*)', "C++ and `foo_bar-baz`: 100% \U0001f642 done")),
    ):
        made = chats.conversation(store, title)
        chats.said(store, made.id, *texts)
    return store


def titles(store: Store, query: str) -> list[str]:
    return [row.title for row in store.search(query)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("egg", ["Cooking"]),
        ("EG", ["Cooking"]),
        ("boil egg", ["Cooking"]),
        ("egg boil", ["Cooking"]),
        ("gg", []),
        ("creme brulee", ["Cooking"]),
        ("cook", ["Cooking"]),
        ("天气", ["中文天气"]),
        ("天", ["中文天气"]),
        ("度", ["中文天气"]),
        ("样", ["中文天气"]),
        ("今天晴", ["中文天气"]),
        ("京的天气怎", ["中文天气"]),
        ("气天", []),
        ("读取 python", ["Mixed"]),
        ("用Python读取", ["Mixed"]),
        ("ＣＳＶ", ["Mixed"]),
        ("数据", ["Mixed"]),
        ("pandas.read_csv", ["Mixed"]),
        ("->", ["Mixed"]),
        ("AND", ["Code"]),
        ("NOT x", ["Code"]),
        ("NEAR(x*)", ["Code"]),
        ('"AND OR', ["Code"]),
        ("foo_bar", ["Code"]),
        ("bar-baz", ["Code"]),
        ("body:foo", []),
        ("\U0001f642", ["Code"]),
        ("100%", ["Code"]),
        ('("', ["Code"]),
        ("'", ["Mixed"]),
        ("???", []),
        ("？", ["中文天气"]),
        ("   ", []),
        ("", []),
        ("\x00", []),
        ("\ud800", []),
    ],
)
def test_search(filled: Store, query: str, expected: list[str]) -> None:
    assert titles(filled, query) == expected


def test_hits_in_titles_come_first_and_messages_say_which(filled: Store) -> None:
    made = chats.conversation(filled, "Other")
    _, answer = chats.said(filled, made.id, "what", "mixed feelings")
    by_title, by_message = filled.search("mixed")
    assert (by_title.title, by_title.message_id, by_title.snippet) == ("Mixed", None, "\x02Mixed\x03")
    assert (by_message.message_id, by_message.snippet) == (answer.id, "\x02mixed\x03 feelings")
    assert by_message.message_count == 2
    assert len(filled.search("mixed", limit=1)) == 1


def test_hidden_branches_are_found_and_trash_is_not(filled: Store) -> None:
    made = chats.conversation(filled, "Branches")
    (question,) = chats.said(filled, made.id, "which")
    hidden = chats.message(made.id, "xylophone", question.id, Role.ASSISTANT)
    shown = chats.message(made.id, "trumpet", question.id, Role.ASSISTANT)
    filled.add_message(hidden)
    filled.add_message(shown)
    assert [row.message_id for row in filled.search("xylophone")] == [hidden.id]
    trash_id = filled.trash_messages(hidden.id)
    assert filled.search("xylophone") == []
    filled.restore_trash(trash_id)
    assert len(filled.search("xylophone")) == 1
    filled.trash_conversation(made.id)
    assert filled.search("xylophone") == [] and filled.search("Branches") == []


def test_the_index_follows_changes(filled: Store) -> None:
    made = chats.conversation(filled, "Old name")
    (only,) = chats.said(filled, made.id, "albatross")
    filled.update_conversation(made.id, title="New name 新名")
    filled.finish_message(replace(only, parts=(TextPart("pelican"),)))
    assert titles(filled, "Old") == [] and titles(filled, "albatross") == []
    assert titles(filled, "名") == ["New name 新名"] == titles(filled, "pelican")


def test_a_broken_index_does_not_stop_anyone_and_is_made_anew(filled: Store) -> None:
    with filled._db.write() as connection:
        connection.execute("UPDATE message_search_data SET block = zeroblob(40) WHERE id > 1")
    made = chats.conversation(filled, "After")
    chats.said(filled, made.id, "saved all the same 照样")
    assert [m.text for m in filled.tree(made.id).messages.values()] == ["saved all the same 照样"]
    assert filled.maintain() == []
    assert titles(filled, "egg") == ["Cooking"]
    assert titles(filled, "照样") == ["After"]


def test_messages_written_during_a_rebuild_are_found_once_it_is_done(store: Store) -> None:
    made = chats.conversation(store, "Long")
    before = chats.said(store, made.id, *(f"sentence {number}" for number in range(450)))
    streaming = chats.message(made.id, "", before[0].id, Role.ASSISTANT, MessageState.STREAMING)
    store.add_message(streaming)
    with store._db.write() as connection:
        index.mark_for_rebuild(connection)
    (unseen,) = chats.said(store, made.id, "beetle while broken")
    with store._db.write() as connection:
        index._begin(connection)
        assert index._step(connection)
    # The rebuild stands between the first and the last message.
    store.finish_message(replace(before[0], parts=(TextPart("butterfly early"),)))
    store.finish_message(replace(before[-1], parts=(TextPart("butterfly late"),)))
    store.finish_message(replace(streaming, parts=(TextPart("moth"),), state=MessageState.DONE))
    store.update_conversation(made.id, title="Insects")
    assert store.maintain() == []
    found = {
        query: [row.message_id for row in store.search(query)] for query in ("moth", "beetle", "sentence")
    }
    assert found == {"moth": [streaming.id], "beetle": [unseen.id], "sentence": [before[-2].id]}
    with store._db.read() as connection:
        hits = [hit for _, hit in index.messages_matching(connection, Query("butterfly"))]
        assert hits == [before[-1].id, before[0].id]
        assert index.is_sound(connection) and not index.needs_rebuild(connection)
    assert titles(store, "insects") == ["Insects"] and titles(store, "long") == []
