"""Sentences and names."""

import pickle

import pytest

from assistant_app.core.errors import EngineStopped, PromptTooLong
from assistant_app.core.ids import new_id
from assistant_app.core.titles import title_from


def test_a_sentence_is_translated_before_it_is_filled() -> None:
    error = PromptTooLong(needed=10, available=5)
    assert error.sentence(lambda template: "{needed} > {available}") == "10 > 5"


def test_an_error_survives_a_process_border() -> None:
    error = pickle.loads(pickle.dumps(EngineStopped(reason="x", detail="y")))
    assert (str(error), error.detail) == (str(EngineStopped(reason="x")), "y")


def test_identifiers_sort_by_time_and_do_not_repeat() -> None:
    made = [new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert all(len(i) == 26 for i in made)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("What is 2+2?", "What is 2+2?"),
        ("\n\n# **Plan** `x`\nmore", "Plan x"),
        ("", ""),
        ("```\n```", ""),
        ("word " * 30, " ".join(["word"] * 12) + "…"),
        ("长" * 100, "长" * 59 + "…"),
    ],
)
def test_a_conversation_is_named_after_its_first_words(text: str, title: str) -> None:
    assert title_from(text) == title
