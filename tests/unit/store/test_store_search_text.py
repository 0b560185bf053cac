"""Text becomes tokens, queries become literal expressions, hits are marked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant_app.core.segments import segment
from assistant_app.store.database import MEMORY, connect
from assistant_app.store.index import create
from assistant_app.store.search_text import Query


def test_chinese_becomes_overlapping_pairs() -> None:
    assert segment("你好世界").split() == ["你好", "好世", "世界", "界"]
    assert segment("说Python语言!").split() == ["说", "Python", "语言", "言", "!"]
    assert segment("Ｈｅｌｌｏ").split() == ["Hello"]


@pytest.mark.parametrize(
    ("typed", "expression"),
    [
        ("hello", '"hello" *'),
        ("quick bro", '"quick" * AND "bro" *'),
        ("你", '"你" *'),
        ("你好", '"你好"'),
        ("你好吗", '"你好 好吗"'),
        ("用python写", '"用" * AND "python" * AND "写" *'),
        ("foo_bar", '"foo_bar" *'),
        ("AND OR", '"AND" * AND "OR" *'),
        ('say "hi"', '"say" * AND "hi" *'),
        ("NEAR(a b)", '"NEAR(a" * AND "b" *'),
        ("a a a", '"a" *'),
        ("!!! ???", ""),
        ("", ""),
    ],
)
def test_what_is_typed_is_literal(typed: str, expression: str) -> None:
    assert Query(typed).match == expression


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_no_query_is_a_syntax_error(typed: str) -> None:
    connection = connect(MEMORY)
    create(connection)
    query = Query(typed)
    if query.match:
        connection.execute("SELECT rowid FROM message_search WHERE message_search MATCH ?", (query.match,))
    query.snippet("some text " + typed)
    connection.close()


def test_a_pasted_book_is_a_short_query() -> None:
    assert Query("some words of a book " * 10_000).match.count("AND") < 16
    assert len(Query("天地玄黄" * 100_000).match) < 4000


def test_snippet_marks_every_hit_in_its_window() -> None:
    text = "x " * 200 + "The Quick brown fox met another quick fox. " + "y " * 200
    snippet = Query("quick").snippet(text)
    assert snippet.startswith("…") and snippet.endswith("…")
    assert snippet.count("\x02") == 2 and "\x02Quick\x03 brown fox" in snippet
    assert len(snippet) < 140


def test_snippet_finds_what_the_index_folds() -> None:
    assert Query("cafe").snippet("Un Café noir") == "Un \x02Café\x03 noir"
    assert Query("hello").snippet("Ｈｅｌｌｏ there") == "\x02Ｈｅｌｌｏ\x03 there"
    assert Query("你好").snippet("他说你好。") == "他说\x02你好\x03。"
    assert Query("->").snippet("a -> b") == "a \x02->\x03 b"


def test_marks_in_the_text_itself_cannot_forge_a_hit() -> None:
    assert Query("b").snippet("a\x02a\x03 b") == "aa \x02b\x03"
    assert Query("zzz").snippet("nothing here") == "nothing here"
