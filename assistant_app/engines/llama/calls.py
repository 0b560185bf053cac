"""Finds in a rendered prompt where the tool calls of earlier answers stand.

A template writes a call in its own way, from a name and arguments. Where it writes it between
`<tool_call>` tags, the place can be found, and the tokens that were sampled can stand there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant_app.core.generation import ChatMessage
from assistant_app.core.toolcalls import CLOSE_TAG, OPEN_TAG
from assistant_app.engines.llama.template import Segment

_TAG = re.compile(f"{re.escape(OPEN_TAG)}|{re.escape(CLOSE_TAG)}")


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a list of segments."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Span:
    """Where the answer of one message stands, calls included: from `start` up to `end`."""

    message: int
    start: Place
    end: Place


def find_calls(segments: Sequence[Segment], messages: Sequence[ChatMessage]) -> list[Span]:
    """Return the place of each answer that has calls; nothing where it is not beyond doubt.

    Only tags that the template wrote count, and only pairs with something from outside between them:
    an explanation of the format has none.
    """
    regions = _regions(segments)
    if len(regions) != sum(len(message.tool_calls) for message in messages):
        return []
    spans: list[Span] = []
    for index, message in enumerate(messages):
        mine, regions = regions[: len(message.tool_calls)], regions[len(message.tool_calls) :]
        if not mine or message.role != "assistant":
            continue
        span = _span(segments, index, message, mine)
        if span is not None:
            spans.append(span)
    return spans


def _regions(segments: Sequence[Segment]) -> list[tuple[Place, Place]]:
    regions: list[tuple[Place, Place]] = []
    opened: Place | None = None
    for index, segment in enumerate(segments):
        if not segment.trusted:
            continue
        for tag in _TAG.finditer(segment.text):
            if tag.group() == OPEN_TAG:
                opened = Place(index, tag.start())
            elif opened is not None:
                if opened.segment != index:
                    regions.append((opened, Place(index, tag.end())))
                opened = None
    return regions


def _span(
    segments: Sequence[Segment], index: int, message: ChatMessage, regions: Sequence[tuple[Place, Place]]
) -> Span | None:
    """Join the calls of one message and the text before them, if there is only white space between."""
    start, end = regions[0]
    for first, last in regions[1:]:
        if _between(segments, end, first).strip():
            return None
        end = last
    if not message.content.strip():
        start = _answer_start(segments, start)
    else:
        content = [i for i, segment in enumerate(segments) if segment.message == index]
        if len(content) != 1 or content[0] >= start.segment:
            return None
        if _between(segments, Place(content[0] + 1, 0), start).strip():
            return None
        start = Place(content[0], 0)
    return Span(index, start, end)


def _answer_start(segments: Sequence[Segment], call: Place) -> Place:
    """Return where an answer begins whose first word is a call.

    Some templates put a line break there that they do not put where an answer is to be generated.
    """
    prompt_end = segments[-1].text
    wanted = prompt_end[len(prompt_end.rstrip()) :]
    before = segments[call.segment].text[: call.offset]
    space = before[len(before.rstrip()) :]
    if not space.startswith(wanted):
        return call
    return Place(call.segment, call.offset - len(space) + len(wanted))


def _between(segments: Sequence[Segment], start: Place, end: Place) -> str:
    if start.segment == end.segment:
        return segments[start.segment].text[start.offset : end.offset]
    inner = "".join(segment.text for segment in segments[start.segment + 1 : end.segment])
    return segments[start.segment].text[start.offset :] + inner + segments[end.segment].text[: end.offset]


def replace_spans(segments: Sequence[Segment], texts: Sequence[tuple[Span, str]]) -> list[Segment]:
    """Return the segments with each span replaced by one outside segment of its message."""
    result: list[Segment] = []
    at = Place(0, 0)
    for span, text in texts:
        result.extend(_cut(segments, at, span.start))
        result.append(Segment(text, trusted=False, message=span.message))
        at = span.end
    result.extend(_cut(segments, at, Place(len(segments), 0)))
    return [segment for segment in result if segment.text]


def _cut(segments: Sequence[Segment], start: Place, end: Place) -> list[Segment]:
    pieces: list[Segment] = []
    for index in range(start.segment, min(end.segment + 1, len(segments))):
        segment = segments[index]
        low = start.offset if index == start.segment else 0
        high = end.offset if index == end.segment else len(segment.text)
        pieces.append(Segment(segment.text[low:high], segment.trusted, segment.message))
    return pieces
