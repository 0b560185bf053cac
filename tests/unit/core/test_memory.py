"""What reaches the model when a conversation no longer fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_app.core import memory
from assistant_app.core.conversation import Message, Role, TextPart
from assistant_app.core.errors import PromptTooLong
from assistant_app.core.events import Visibility


def turns(count: int) -> list[Message]:
    """Return `count` questions, each but the last followed by an answer."""
    result = []
    for i in range(count):
        result.append(Message(f"q{i}", "c", None, Role.USER, (TextPart(f"Question {i}. More."),)))
        result.append(Message(f"a{i}", "c", None, Role.ASSISTANT, (TextPart(f"Answer {i}."),)))
    return result[:-1]


def test_everything_is_kept_while_it_fits() -> None:
    messages = turns(5)
    assert memory.plan(messages, [10] * 9, 90) == memory.Window(0, False)


def test_the_window_moves_in_large_steps_and_begins_with_a_question() -> None:
    messages = turns(10)
    window = memory.plan(messages, [10] * 19, 180)
    assert window.moved
    assert messages[window.start].role is Role.USER
    assert sum([10] * (19 - window.start)) <= 180 * memory.REFILL_SHARE


def test_the_window_stays_where_it_was_as_long_as_it_fits() -> None:
    messages = turns(12)
    assert memory.plan(messages, [10] * 23, 180, previous_start=8) == memory.Window(8, False)


def test_at_most_the_wanted_number_of_turns_is_kept() -> None:
    window = memory.plan(turns(10), [1] * 19, 1000, max_turns=3)
    assert window.start == 14


def test_a_question_that_does_not_fit_is_refused_with_figures() -> None:
    with pytest.raises(PromptTooLong) as caught:
        memory.plan(turns(2), [5, 5, 500], 100)
    assert "500" in str(caught.value) and "100" in str(caught.value)


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=31).filter(lambda c: len(c) % 2 == 1),
    st.integers(50, 400),
    st.integers(0, 40),
    st.integers(0, 5),
)
def test_what_is_kept_always_fits_and_includes_the_question(
    costs: list[int], room: int, previous: int, max_turns: int
) -> None:
    messages = turns((len(costs) + 1) // 2)
    window = memory.plan(
        messages, costs, room, previous_start=min(previous, len(costs) - 1), max_turns=max_turns
    )
    assert sum(costs[window.start :]) <= room
    assert window.start < len(messages)


def test_the_summary_quotes_first_sentences_newest_first_when_room_is_short() -> None:
    messages = turns(3)
    text, included = memory.summarise(messages, 10_000)
    assert text.splitlines()[0] == "- user: Question 0."
    assert included == {m.id for m in messages}
    short, few = memory.summarise(messages, 45)
    assert "Question 2" in short and "Question 0" not in short
    assert few < included


def test_the_view_names_whole_summarised_and_dropped() -> None:
    messages = turns(3)
    items = memory.context_items("Be kind.", 7, messages, [5] * 5, 4, frozenset({"q1", "a1"}))
    seen = {item.message_id: item.visibility for item in items}
    assert seen[""] is Visibility.WHOLE
    assert seen["q0"] is Visibility.DROPPED
    assert seen["q1"] is Visibility.SUMMARISED
    assert seen["q2"] is Visibility.WHOLE


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("One. Two.", "One."),
        ("你好。再见。", "你好。"),
        ("", ""),
        ("\n\nx\ny", "x"),
        ("a" * 200, "a" * 159 + "…"),
    ],
)
def test_an_excerpt_is_the_first_sentence(text: str, short: str) -> None:
    assert memory.excerpt(text) == short


def test_the_reserve_for_the_answer_is_bounded() -> None:
    assert memory.answer_reserve(8192, None) == 1024
    assert memory.answer_reserve(1024, None) == 256
    assert memory.answer_reserve(8192, 100) == 100
