"""Puts a prompt together: system prompt, examples, what is left of older turns, the newest turns."""

from collections.abc import Iterable, Sequence

from assistant_app.core.conversation import Message, Role, ToolCallPart, ToolResultPart
from assistant_app.core.generation import ChatMessage

SUMMARY_HEADING = "Earlier in this conversation (shortened):"


def chat_messages(message: Message) -> list[ChatMessage]:
    """Return a stored message as the turns that a template sees.

    Reasoning is left out: models are trained to read answers without it. A tool message becomes
    one turn for each result. A message without anything to say becomes no turn at all.
    """
    if message.role is Role.TOOL:
        return [
            ChatMessage("tool", part.content, tool_call_id=part.call_id, name=part.name)
            for part in message.parts
            if isinstance(part, ToolResultPart)
        ]
    calls = tuple(
        {"id": p.call_id, "type": "function", "function": {"name": p.name, "arguments": dict(p.arguments)}}
        for p in message.parts
        if isinstance(p, ToolCallPart)
    )
    if not message.text and not calls:
        return []
    return [ChatMessage(message.role.value, message.text, tool_calls=calls)]


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
        turns.extend(chat_messages(message))
    return turns
