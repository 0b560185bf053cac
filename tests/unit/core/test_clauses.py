"""How an answer is cut into the pieces that are read aloud, while it is being written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_app.core.clauses import Clauses, Piece, split


def texts(markdown: str, language: str = "en") -> list[str]:
    return [piece.text for piece in split(markdown, language)]


def written(markdown: str, language: str = "en") -> list[tuple[int, str]]:
    """Feed it letter by letter; return after how many letters each piece came."""
    clauses = Clauses(language)
    pieces = [
        (place, piece.text) for place, letter in enumerate(markdown, 1) for piece in clauses.feed(letter)
    ]
    return pieces + [(len(markdown) + 1, piece.text) for piece in clauses.finish()]


def test_a_sentence_is_spoken_as_soon_as_it_is_complete() -> None:
    assert written("Yes. It is so! Really? Fine") == [
        (5, "Yes."),
        (15, "It is so!"),
        (23, "Really?"),
        (28, "Fine"),
    ]


def test_the_first_piece_may_end_at_a_comma_later_ones_are_longer() -> None:
    assert texts("Well, I think the answer is simple, and short, so here it is, my friend.") == [
        "Well, I think the answer is simple,",
        "and short, so here it is, my friend.",
    ]


def test_chinese_sentences_end_without_a_space() -> None:
    assert written("你好，今天天气非常好，我们去公园吧。再见！") == [
        (11, "你好，今天天气非常好，"),
        (18, "我们去公园吧。"),
        (21, "再见！"),
    ]
    assert texts("他说：“好。”然后走了；没有回来。") == ["他说：“好。”", "然后走了；", "没有回来。"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Pi is 3.14 or so.",
        "Dr. Smith met Mr. Jones etc. and left.",
        "J. R. R. Tolkien wrote it.",
        "Use e.g. this one, i.e. the first.",
        "It is version 2.0 of app.py.",
        "The time is 10:30 now.",
        "It costs 1,000,000 euros for all of them together.",
    ],
)
def test_points_within_a_sentence_do_not_end_it(sentence: str) -> None:
    assert texts(sentence) == [sentence]


def test_a_number_may_end_a_sentence() -> None:
    assert texts("It is 42. Next one.") == ["It is 42.", "Next one."]
    assert texts("1. One\n2. Two") == ["1, One", "2, Two"]
    assert written("It is 42.")[-1] == (10, "It is 42.")


def test_quotation_marks_belong_to_the_sentence_before() -> None:
    assert texts('He said "Go." Then he went.') == ['He said "Go."', "Then he went."]


def test_items_and_headings_are_pieces_of_their_own() -> None:
    assert texts("# Fruit\n- apples\n- pears\n\nThat is all") == ["Fruit", "apples", "pears", "That is all"]


def test_a_sentence_without_end_is_cut_between_words() -> None:
    pieces = texts("word " * 200)
    assert all(len(piece) <= 241 for piece in pieces)
    assert " ".join(pieces) == ("word " * 200).strip()
    assert all(len(piece) <= 81 for piece in texts("字" * 300))


def test_the_voice_changes_with_the_language() -> None:
    assert [(piece.text, piece.language) for piece in split("Hello there. 你好。Bye.")] == [
        ("Hello there.", "en"),
        ("你好。", "zh"),
        ("Bye.", "en"),
    ]


def test_a_piece_knows_which_part_of_the_answer_it_speaks() -> None:
    answer = "**Bold** words. See [docs](http://x.org/y). Then:\n```py\ncode()\n```\nDone."
    first, second, third, code, last = split(answer)
    assert answer[first.start : first.end] == "Bold** words."
    assert answer[second.start : second.end] == "See [docs](http://x.org/y)."
    assert answer[: third.end].endswith("Then:")
    # Whoever stops during it has not got the code: the answer is cut before it, never within.
    assert code == Piece("Code block.", "en", answer.index("```"), answer.index("```"))
    assert answer[last.start :] == "Done."


MARKS = st.text(alphabet="ab A1.,!\n*`#-|你好。，", max_size=80)


@given(MARKS, st.integers(1, 9))
def test_whatever_comes_pieces_are_in_order_and_have_something_to_say(text: str, step: int) -> None:
    clauses = Clauses()
    pieces = [p for place in range(0, len(text), step) for p in clauses.feed(text[place : place + step])]
    pieces += clauses.finish()
    ends = [bound for piece in pieces for bound in (piece.start, piece.end)]
    assert ends == sorted(ends)
    assert all(any(letter.isalnum() for letter in piece.text) for piece in pieces)
    assert all(0 <= bound <= len(text) for bound in ends)
