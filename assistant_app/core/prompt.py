"""Puts a prompt together: system prompt, examples, what is left of older turns, the newest turns."""

from collections.abc import Iterable, Sequence
from typing import Any

from assistant_app.core.conversation import (
    AudioTranscriptPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from assistant_app.core.generation import ChatMessage

SUMMARY_HEADING = "Earlier in this conversation (shortened):"
STOPPED_RESULT = "error: stopped"
"""What the model reads as the result of a call that did not get to its end."""
_TOOL_PARTS = ToolCallPart | ToolResultPart


def chat_messages(message: Message, *, with_tools: bool = True) -> list[ChatMessage]:
    """Return a stored message as the turns that a template sees.

    Reasoning is left out: models are trained to read answers without it. An answer with tool calls
    becomes the turns that it was made of: a call, its results, what the model wrote then. Calls
    without a result were stopped, and the model is told so. A message without anything to say
    becomes no turn at all.

    Args:
        with_tools: False for templates that know no tools and would refuse such turns: only what
            was said is left then.
    """
    if not with_tools:
        return [ChatMessage(message.role.value, message.text)] if message.text else []
    turns: list[ChatMessage] = []
    texts: list[str] = []
    calls: list[ToolCallPart] = []
    results: list[ToolResultPart] = []

    def end_turn() -> None:
        content = "".join(texts)
        if content or calls:
            turns.append(ChatMessage(message.role.value, content, tool_calls=tuple(map(_call, calls))))
        for part in (*results, *_missing(calls, results)):
            turns.append(ChatMessage("tool", part.content, tool_call_id=part.call_id, name=part.name))
        texts.clear()
        calls.clear()
        results.clear()

    for part in message.parts:
        if isinstance(part, ToolResultPart):
            results.append(part)
            continue
        if results and not isinstance(part, ReasoningPart):
            end_turn()
        if isinstance(part, TextPart | AudioTranscriptPart):
            texts.append(part.text)
        elif isinstance(part, ToolCallPart):
            calls.append(part)
    end_turn()
    return turns


def well_formed(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return parts in which every call has a result: those that have none were stopped."""
    calls = [part for part in parts if isinstance(part, ToolCallPart)]
    results = [part for part in parts if isinstance(part, ToolResultPart)]
    return (*parts, *_missing(calls, results))


def open_end(parts: Sequence[Part]) -> tuple[tuple[Part, ...], str]:
    """Return what is complete of an unfinished answer, up to its last tool result, and the text after it."""
    closed = max((i for i, part in enumerate(parts, 1) if isinstance(part, _TOOL_PARTS)), default=0)
    return tuple(parts[:closed]), "".join(p.text for p in parts[closed:] if isinstance(p, TextPart))


def _call(part: ToolCallPart) -> dict[str, Any]:
    return {
        "id": part.call_id,
        "type": "function",
        "function": {"name": part.name, "arguments": dict(part.arguments)},
    }


def _missing(calls: Sequence[ToolCallPart], results: Sequence[ToolResultPart]) -> list[ToolResultPart]:
    answered = {part.call_id for part in results}
    return [
        ToolResultPart(call.call_id, call.name, STOPPED_RESULT, is_error=True)
        for call in calls
        if call.call_id not in answered
    ]


def system_text(system_prompt: str, summary: str) -> str:
    """Return the content of the system turn.

    The summary stands after the prompt, so that the prompt's own tokens stay the same from turn
    to turn and need not be read again.
    """
    if not summary:
        return system_prompt
    return f"{system_prompt}\n\n{SUMMARY_HEADING}\n{summary}".strip()


def assemble(
    system_prompt: str,
    few_shot: Iterable[tuple[str, str]],
    summary: str,
    history: Sequence[Message],
    *,
    with_tools: bool = True,
) -> list[ChatMessage]:
    """Return the turns to send: system, examples, then the history that is kept whole."""
    turns: list[ChatMessage] = []
    text = system_text(system_prompt, summary)
    if text:
        turns.append(ChatMessage("system", text))
    for question, answer in few_shot:
        turns.append(ChatMessage("user", question))
        turns.append(ChatMessage("assistant", answer))
    for message in history:
        turns.extend(chat_messages(message, with_tools=with_tools))
    return turns
