"""What is left of an answer that was cut short by its listener."""

from hypothesis import given
from hypothesis import strategies as st

from assistant_app.core.conversation import (
    Message,
    Part,
    ReasoningPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from assistant_app.core.prompt import chat_messages, well_formed
from assistant_app.core.spoken import CUT_MARK, cut_to_spoken, spoken_text

CALL = ToolCallPart("1", "calculator", {"expression": "12 + 7"})
RESULT = ToolResultPart("1", "calculator", "19")


def test_the_text_ends_where_the_voice_was_hushed() -> None:
    assert cut_to_spoken([TextPart("One two. Three four.")], 8) == (TextPart("One two. —"),)
    assert cut_to_spoken([TextPart("One two. Three four.")], 9) == (TextPart("One two. —"),)


def test_what_was_heard_whole_stays_as_it_is() -> None:
    parts = (TextPart("One two.\n"),)
    assert cut_to_spoken(parts, 8) == parts
    assert cut_to_spoken(parts, 99) == parts


def test_of_what_was_not_heard_nothing_is_left() -> None:
    assert cut_to_spoken([ReasoningPart("Hm."), TextPart("One.")], 0) == ()


def test_tools_stay_where_they_were_used() -> None:
    parts = [TextPart("Let me see."), CALL, RESULT, TextPart("It is nineteen. Anything else?")]
    assert cut_to_spoken(parts, 4) == (TextPart("Let —"), CALL, RESULT)
    heard = len("Let me see.") + len("It is nineteen.")
    assert cut_to_spoken(parts, heard) == (
        TextPart("Let me see."),
        CALL,
        RESULT,
        TextPart("It is nineteen. —"),
    )


TEXTS = st.text("ab c.\n", max_size=12).map(TextPart)
TOOL_PARTS: list[Part] = [ReasoningPart("hm"), CALL, RESULT]


@given(st.lists(st.one_of(TEXTS, st.sampled_from(TOOL_PARTS)), max_size=6), st.integers(-1, 80))
def test_it_is_a_beginning_of_what_was_written_and_well_formed(parts: list[Part], chars: int) -> None:
    cut = cut_to_spoken(parts, chars)
    kept, whole = spoken_text(cut), spoken_text(parts)
    if cut != tuple(parts):
        kept = kept.removesuffix(CUT_MARK)
        assert len(kept) <= max(0, chars)
    assert "".join(whole.split()).startswith("".join(kept.split()))
    message = Message("m", "c", None, Role.ASSISTANT, well_formed(cut))
    for turn in chat_messages(message):
        assert turn.content or turn.tool_calls
