"""How stored messages become turns."""

from assistant_app.core.conversation import (
    AudioTranscriptPart,
    Message,
    ReasoningPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from assistant_app.core.generation import ChatMessage
from assistant_app.core.prompt import assemble, chat_messages, system_text


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
