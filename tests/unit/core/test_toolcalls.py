"""Finding and reading tool calls in what a model writes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_app.core.toolcalls import (
    UNREADABLE,
    CallSplitter,
    MalformedCall,
    WrittenCall,
    answer_key,
    parse_call,
    split_answer,
)

ADD = '{"name": "calculator", "arguments": {"expression": "12 + 7"}}'
CALL = f"<tool_call>\n{ADD}\n</tool_call>"


def split(pieces: list[str]) -> list[str | WrittenCall]:
    """Return text and calls in order, neighbouring texts joined."""
    splitter = CallSplitter()
    found: list[str | WrittenCall] = []
    for piece in [*(p for text in pieces for p in splitter.feed(text)), *splitter.finish()]:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        else:
            found.append(piece)
    return found


def call(body: str = f"\n{ADD}\n", closed: bool = True) -> WrittenCall:
    return WrittenCall(body, closed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Just text.\n", ["Just text.\n"]),
        (CALL, [call()]),
        (f"Let me see.\n\n{CALL}", ["Let me see.", call()]),
        (f"{CALL}\n{CALL}", [call(), call()]),
        (f"{CALL}\n\nThere.", [call(), "There."]),
        (f"<tool_call>\n{ADD}\n<tool_call>\n{ADD}\n</tool_call>", [call(), call()]),
        (f"<tool_call>{ADD}", [call(ADD, closed=False)]),
        ("a < b <tool_cal", ["a < b <tool_cal"]),
        (f"```json\n{CALL}\n```\nSo.", [f"```json\n{CALL}\n```\nSo."]),
        (f"~~~~\n```\n{CALL}\n~~~~", [f"~~~~\n```\n{CALL}\n~~~~"]),
        (f"```\ncode\n```\n{CALL}", ["```\ncode\n```", call()]),
        (f"```py\n`x`\n```\n{CALL}", ["```py\n`x`\n```", call()]),
        ("Write `<tool_call>` first.", ["Write `<tool_call>` first."]),
        ("Write ``<tool_call> ` `` first.", ["Write ``<tool_call> ` `` first."]),
        (f"A lonely ` here\n{CALL}", ["A lonely ` here", call()]),
        (f"```inline``` and\n{CALL}", ["```inline``` and", call()]),
        (
            '<tool_call>{"name": "add_note", "arguments": {"text": "</tool_call>"}}</tool_call>',
            [call('{"name": "add_note", "arguments": {"text": "</tool_call>"}}')],
        ),
        ('<tool_call>{"name": "x</tool_call> rest', [call('{"name": "x'), "rest"]),
        ("</tool_call> alone", ["</tool_call> alone"]),
    ],
)
def test_text_stays_text_and_calls_are_found(text: str, expected: list[str | WrittenCall]) -> None:
    assert split([text]) == expected
    assert split(list(text)) == expected


@given(
    st.lists(
        st.sampled_from(
            ["<tool_call>", "</tool_call>", ADD, "`", "``", "```", "~~~", "\n", " ", "a", "<", '"', "tool"]
        ),
        max_size=14,
    ),
    st.data(),
)
def test_any_way_of_cutting_finds_the_same(words: list[str], data: st.DataObject) -> None:
    text = "".join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert split(pieces) == split([text])


def test_text_before_a_call_is_shown_while_the_call_is_written() -> None:
    splitter = CallSplitter()
    assert list(splitter.feed("Let me see. <tool_call>\n{")) == ["Let me see."]
    assert list(splitter.feed('"name": "x"}</tool_call>')) == [WrittenCall('\n{"name": "x"}')]


@pytest.mark.parametrize(
    ("body", "arguments"),
    [
        (ADD, {"expression": "12 + 7"}),
        ('{"name": "calculator", "arguments": {"expression": "12 + 7",},}', {"expression": "12 + 7"}),
        ("{'name': 'calculator', 'arguments': {'expression': '12 + 7'}}", {"expression": "12 + 7"}),
        ("{'name': 'calculator', 'arguments': {'a': True, 'b': None}}", {"a": True, "b": None}),
        ('{"name": "calculator", "arguments": "{\\"expression\\": \\"12 + 7\\"}"}', {"expression": "12 + 7"}),
        ('{"name": "calculator", "arguments": {"expression": "12 + 7"}', {"expression": "12 + 7"}),
        (f"```json\n{ADD}\n```", {"expression": "12 + 7"}),
        ('{name: "calculator", arguments: {expression: "12 + 7"}}', {"expression": "12 + 7"}),
        ('{"name": "calculator", "parameters": {"n": -1.5e3}}', {"n": -1500.0}),
        ('{"type": "function", "function": {"name": "calculator", "arguments": {}}}', {}),
        ('{"name": "calculator"}', {}),
        ('{"name": "calculator", "arguments": ""}', {}),
        ('{"name": "calculator", "arguments": {"text": "two\nlines"}}', {"text": "two\nlines"}),
        ('{"name": "calculator", "arguments": {"text": \'say "hi" \\u4f60\'}}', {"text": 'say "hi" 你'}),
        ('{"name": "calculator", "arguments": {"list": [1, 2,]}}', {"list": [1, 2]}),
        ('{"name": "calculator", "arguments": {"text": " milk ", "n": 1}}', {"text": "milk", "n": 1}),
    ],
)
def test_what_small_models_get_wrong_is_mended(body: str, arguments: dict[str, Any]) -> None:
    assert parse_call(body) == ("calculator", arguments)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "it is empty"),
        ("calculator(12 + 7)", "unexpected"),
        ('{"name": "calculator", "arguments": {"expression": "12', "no end"),
        ('{"arguments": {}}', 'no "name"'),
        ('{"name": "calculator", "arguments": [1]}', "not a JSON object"),
        ("[1, 2]", "not a JSON object"),
        ("[" * 5000, "deeper"),
        ('{"name": "x", "arguments": {"n": ' + "9" * 5000 + "}}", "too long"),
        ('{"name": "x", "arguments": {"n": NaN}}', "unexpected"),
        ('{"name": "x"} and more', "after the JSON"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_reason(body: str, reason: str) -> None:
    with pytest.raises(MalformedCall, match=reason):
        parse_call(body)
    assert WrittenCall(body).named() == (UNREADABLE, {"text": body.strip()})


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(body: str) -> None:
    name, arguments = WrittenCall(body).named()
    assert name and isinstance(arguments, dict)


def test_answers_that_say_the_same_have_the_same_key() -> None:
    spelled = (
        "Let me see.\n<tool_call>{'arguments': {'expression': '12 + 7'}, 'name': 'calculator'}</tool_call>"
    )
    key = answer_key("Let me see.", [("calculator", {"expression": "12 + 7"})])
    assert answer_key(*split_answer(spelled)) == key
    assert answer_key(*split_answer("Let me see.")) != key


def test_a_continued_answer_remembers_that_it_is_inside_of_code() -> None:
    splitter = CallSplitter.after("Like this:\n```\n")
    assert [*splitter.feed(CALL), *splitter.finish()] == [CALL]
    splitter = CallSplitter.after("Let me see. ")
    assert [*splitter.feed(f" So:\n{CALL}"), *splitter.finish()] == [" So:", call()]
