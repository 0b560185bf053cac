"""Telling thoughts from answers while they stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_app.core.reasoning import ReasoningSplitter


def split(pieces: list[str], splitter: ReasoningSplitter | None = None) -> tuple[str, str]:
    splitter = splitter or ReasoningSplitter()
    out = [piece for text in pieces for piece in splitter.feed(text)]
    out += splitter.finish()
    return "".join(t for r, t in out if r), "".join(t for r, t in out if not r)


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("Hello", "", "Hello"),
        ("<think>\nhmm\n</think>\n\nYes", "hmm", "Yes"),
        ("<think></think>Yes", "", "Yes"),
        ("<think>never closed", "never closed", ""),
        ("Use <think> tags", "", "Use <think> tags"),
        ("<thin air", "", "<thin air"),
        ("<", "", "<"),
        (" Paris", "", "Paris"),
        ("    code", "", "    code"),
        ("", "", ""),
    ],
)
def test_the_pieces_do_not_matter(text: str, reasoning: str, answer: str) -> None:
    whole = split([text])
    assert (whole[0].strip(), whole[1]) == (reasoning, answer)
    by_character = split(list(text))
    assert (by_character[0].strip(), by_character[1]) == (reasoning, answer)


def test_a_template_that_opens_the_reasoning_itself() -> None:
    assert split(["so", " it is</think>", "\n\nYes"], ReasoningSplitter.in_reasoning()) == ("so it is", "Yes")


def test_a_continued_answer_has_no_reasoning() -> None:
    assert split(["<think>x"], ReasoningSplitter.in_answer()) == ("", "<think>x")
    assert split([" and"], ReasoningSplitter.in_answer()) == ("", " and")


@given(st.text(alphabet="<>/think \nab", max_size=60), st.data())
def test_any_way_of_cutting_gives_the_same_answer(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert split(pieces)[1] == split([text])[1]
