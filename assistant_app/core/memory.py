"""Window memory: which turns reach the model whole, which as a summary, which not at all.

The window moves in large steps. A window that moved with every turn would change the beginning of
the prompt every time, and the model would have to read everything again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant_app.core.conversation import Message, Role
from assistant_app.core.errors import PromptTooLong
from assistant_app.core.events import ContextItem, Visibility

REFILL_SHARE = 0.6
"""After a cut, the kept turns fill at most this share of the room, so that the next cut is far away."""

SUMMARY_SHARE = 0.125
"""At most this share of the context goes to the summary."""

_EXCERPT_CHARS = 160
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|(?<=[。！？])|\n")


@dataclass(frozen=True, slots=True)
class Window:
    """The outcome of `plan`."""

    start: int
    """Index of the first message that is kept whole."""
    moved: bool
    """Whether the start is another one than before, so that the summary must be made anew."""


def answer_reserve(n_ctx_tokens: int, max_tokens: int | None) -> int:
    """Return how many tokens of the context are held free for the answer."""
    wanted = min(1024, n_ctx_tokens // 4)
    return min(wanted, max_tokens) if max_tokens else wanted


def plan(
    messages: Sequence[Message],
    tokens: Sequence[int],
    room: int,
    *,
    previous_start: int = 0,
    max_turns: int = 0,
) -> Window:
    """Choose the first message that is sent whole.

    Args:
        messages: The branch, root first, the new question last.
        tokens: What each of them costs.
        room: Tokens left for messages, after system prompt, examples, summary and answer.
        previous_start: Where the window began last time.
        max_turns: At most this many user turns are kept; 0 is no limit.

    Raises:
        PromptTooLong: The newest question does not fit by itself.
    """
    turn_starts = [i for i, m in enumerate(messages) if m.role is Role.USER] or [0]
    newest = turn_starts[-1]
    if sum(tokens[newest:]) > room:
        raise PromptTooLong(needed=sum(tokens[newest:]), available=max(room, 0))
    start = min(previous_start, newest)

    def fits(first: int, limit: float) -> bool:
        turns = sum(1 for i in turn_starts if i >= first)
        return sum(tokens[first:]) <= limit and (not max_turns or turns <= max_turns)

    if fits(start, room):
        return Window(start, start != previous_start)
    for candidate in turn_starts:
        if candidate > start and fits(candidate, room * REFILL_SHARE):
            return Window(candidate, True)
    return Window(newest, True)


def excerpt(text: str, limit: int = _EXCERPT_CHARS) -> str:
    """Return the first sentence of a text on one line, at most `limit` characters long."""
    first = next((s.strip() for s in _SENTENCE_END.split(text) if s and s.strip()), "")
    return first if len(first) <= limit else first[: limit - 1].rstrip() + "…"


def summarise(messages: Sequence[Message], max_chars: int) -> tuple[str, frozenset[str]]:
    """Shorten messages to one line each, newest kept first when there is not room for all.

    It quotes and never paraphrases: what the model reads about older turns was really said.

    Returns:
        The summary, oldest line first, and the identifiers of the messages that are in it.
    """
    lines: list[str] = []
    included: set[str] = set()
    used = 0
    for message in reversed(messages):
        short = excerpt(message.text)
        if not short or message.role not in (Role.USER, Role.ASSISTANT):
            continue
        line = f"- {message.role.value}: {short}"
        if used + len(line) + 1 > max_chars:
            break
        lines.append(line)
        included.add(message.id)
        used += len(line) + 1
    lines.reverse()
    return "\n".join(lines), frozenset(included)


def context_items(
    system_prompt: str,
    system_tokens: int,
    messages: Sequence[Message],
    tokens: Sequence[int],
    start: int,
    summarised: frozenset[str],
) -> tuple[ContextItem, ...]:
    """Return the model's view of a conversation: the system turn (prompt and tools), then each message."""
    items = []
    if system_prompt or system_tokens:
        items.append(ContextItem("", "system", excerpt(system_prompt), system_tokens, Visibility.WHOLE))
    for index, message in enumerate(messages):
        if index >= start:
            seen = Visibility.WHOLE
        elif message.id in summarised:
            seen = Visibility.SUMMARISED
        else:
            seen = Visibility.DROPPED
        cost = tokens[index] if seen is Visibility.WHOLE else 0
        items.append(ContextItem(message.id, message.role.value, excerpt(message.text), cost, seen))
    return tuple(items)
