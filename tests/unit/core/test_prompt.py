"""How stored messages become turns."""

from assistant_app.core.conversation import (
    AudioTranscriptPart,
    Message,
    Part,
    ReasoningPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from assistant_app.core.generation import ChatMessage
from assistant_app.core.prompt import assemble, chat_messages, open_end, system_text, well_formed


def test_reasoning_is_not_sent_back() -> None:
    answer = Message("1", "c", None, Role.ASSISTANT, (ReasoningPart("hmm"), TextPart("Yes.")))
    assert chat_messages(answer) == [ChatMessage("assistant", "Yes.")]


def test_spoken_words_are_sent_as_text() -> None:
    spoken = Message("1", "c", None, Role.USER, (AudioTranscriptPart("hello", "en", 1.0),))
    assert chat_messages(spoken) == [ChatMessage("user", "hello")]


def test_tool_calls_and_results_keep_their_identity() -> None:
    call = Message("1", "c", None, Role.ASSISTANT, (ToolCallPart("t1", "add", {"a": 1}),))
    result = Message("2", "c", "1", Role.TOOL, (ToolResultPart("t1", "add", "2"),))
    assert chat_messages(call)[0].tool_calls[0]["function"] == {"name": "add", "arguments": {"a": 1}}
    assert chat_messages(result) == [ChatMessage("tool", "2", tool_call_id="t1", name="add")]


def test_an_empty_answer_is_no_turn() -> None:
    assert chat_messages(Message("1", "c", None, Role.ASSISTANT, ())) == []


def test_the_system_prompt_comes_first_and_is_the_same_with_and_without_a_summary() -> None:
    assert system_text("Be kind.", "- user: Hi").startswith("Be kind.")
    assert system_text("Be kind.", "") == "Be kind."
    assert assemble("", (), "", ()) == []


def test_examples_stand_between_system_prompt_and_history() -> None:
    question = Message("1", "c", None, Role.USER, (TextPart("now"),))
    turns = assemble("S", [("q", "a")], "", [question])
    assert [(t.role, t.content) for t in turns] == [
        ("system", "S"),
        ("user", "q"),
        ("assistant", "a"),
        ("user", "now"),
    ]


def _answer(*parts: Part) -> Message:
    return Message("1", "c", None, Role.ASSISTANT, parts)


CALL = ToolCallPart("t1", "add", {"a": 1})
RESULT = ToolResultPart("t1", "add", "2")


def test_an_answer_with_calls_becomes_the_turns_it_was_made_of() -> None:
    more = (ToolCallPart("t2", "add", {"a": 2}), ToolCallPart("t3", "add", {"a": 3}))
    results = (ToolResultPart("t2", "add", "3"), ToolResultPart("t3", "add", "error: no", is_error=True))
    answer = _answer(
        ReasoningPart("hm"), TextPart("Let me see."), CALL, RESULT, ReasoningPart("so"), *more, *results,
        TextPart("It is 2."),
    )  # fmt: skip
    turns = chat_messages(answer)
    assert [(t.role, t.content, len(t.tool_calls), t.tool_call_id) for t in turns] == [
        ("assistant", "Let me see.", 1, ""),
        ("tool", "2", 0, "t1"),
        ("assistant", "", 2, ""),
        ("tool", "3", 0, "t2"),
        ("tool", "error: no", 0, "t3"),
        ("assistant", "It is 2.", 0, ""),
    ]


def test_a_call_that_was_interrupted_has_a_result_all_the_same() -> None:
    turns = chat_messages(_answer(CALL, ToolCallPart("t2", "add", {}), RESULT))
    assert [(t.role, t.content) for t in turns] == [
        ("assistant", ""),
        ("tool", "2"),
        ("tool", "error: stopped"),
    ]
    assert well_formed((CALL,)) == (CALL, ToolResultPart("t1", "add", "error: stopped", is_error=True))
    assert well_formed((CALL, RESULT)) == (CALL, RESULT)


def test_an_answer_goes_on_after_its_last_tool() -> None:
    assert open_end((TextPart("One"), TextPart(" two"))) == ((), "One two")
    assert open_end((TextPart("One"), CALL, RESULT)) == ((TextPart("One"), CALL, RESULT), "")
    assert open_end((CALL, RESULT, ReasoningPart("x"), TextPart("Two"))) == ((CALL, RESULT), "Two")


def test_text_around_calls_reads_as_paragraphs() -> None:
    assert (
        _answer(TextPart("Let me"), TextPart(" see."), CALL, RESULT, TextPart("2")).text == "Let me see.\n\n2"
    )
    assert _answer(CALL, RESULT, TextPart("2")).text == "2"


def test_a_template_without_tools_gets_what_was_said() -> None:
    answer = _answer(TextPart("Let me see."), CALL, RESULT, TextPart("It is 2."))
    assert chat_messages(answer, with_tools=False) == [ChatMessage("assistant", "Let me see.\n\nIt is 2.")]
    assert chat_messages(_answer(CALL, RESULT), with_tools=False) == []
