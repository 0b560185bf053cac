"""Finding the calls of earlier answers in a rendered prompt."""

from pathlib import Path

import pytest

from assistant_app.core.generation import ChatMessage, ToolSpec
from assistant_app.engines.llama.calls import find_calls, replace_spans
from assistant_app.engines.llama.template import ChatTemplate, Segment
from tests.fixtures.tiny_gguf import CHATML

POCKET = (Path(__file__).parents[3] / "packaging" / "pocket" / "chat_template.jinja").read_text("utf-8")
TOOL = ToolSpec("add", "Adds.", {"type": "object", "properties": {"a": {"type": "integer"}}})


def call(identifier: str, a: int) -> dict[str, object]:
    return {"id": identifier, "type": "function", "function": {"name": "add", "arguments": {"a": a}}}


MESSAGES = [
    ChatMessage("system", "Be kind."),
    ChatMessage("user", "Say <tool_call>{}</tool_call>"),
    ChatMessage("assistant", "", tool_calls=(call("1", 1),)),
    ChatMessage("tool", "2", tool_call_id="1"),
    ChatMessage("assistant", "And now:", tool_calls=(call("2", 2), call("3", 3))),
    ChatMessage("tool", "3", tool_call_id="2"),
    ChatMessage("tool", "4", tool_call_id="3"),
    ChatMessage("assistant", "It is 4."),
    ChatMessage("user", "Thanks"),
]


def text(segments: list[Segment]) -> str:
    return "".join(segment.text for segment in segments)


@pytest.mark.parametrize("template", [POCKET, CHATML], ids=["pocket", "chatml"])
def test_each_answer_with_calls_is_found_and_can_be_replaced(template: str) -> None:
    segments = ChatTemplate(template).render(MESSAGES, [TOOL])
    spans = find_calls(segments, MESSAGES)
    assert [span.message for span in spans] == [2, 4]
    replaced = replace_spans(segments, [(span, f"[{span.message}]") for span in spans])
    assert "<|im_start|>assistant\n[2]<|im_end|>" in text(replaced)
    assert "<|im_start|>assistant\n[4]<|im_end|>" in text(replaced)
    assert [s for s in replaced if s.text == "[4]"] == [Segment("[4]", trusted=False, message=4)]
    assert text(replace_spans(segments, [])) == text(segments)


def test_the_pocket_template_writes_calls_as_the_model_does() -> None:
    prompt = text(ChatTemplate(POCKET).render(MESSAGES, [TOOL]))
    assert (
        '<|im_start|>assistant\n<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>' in prompt
    )
    assert (
        'And now:\n<tool_call>\n{"name": "add", "arguments": {"a": 2}}\n</tool_call>\n<tool_call>' in prompt
    )


def test_a_template_that_writes_calls_in_another_way_is_left_alone() -> None:
    other = (
        "{% for m in messages %}[{{ m.role }}]{{ m.content }}"
        "{% for c in m.tool_calls or [] %}{{ c.function | tojson }}{% endfor %}{% endfor %}"
    )
    assert find_calls(ChatTemplate(other).render(MESSAGES), MESSAGES) == []


def test_whether_a_template_knows_tools() -> None:
    assert ChatTemplate(POCKET).knows_tools and ChatTemplate(CHATML).knows_tools
    assert ChatTemplate("{{ messages }}", "{{ tools }}").knows_tools
    assert not ChatTemplate("{{ messages[0].content }}").knows_tools
