"""What is left of an answer whose reading aloud was interrupted."""

from collections.abc import Sequence

from assistant_app.core.conversation import Part, ReasoningPart, TextPart

CUT_MARK = " —"
"""How an answer ends that the user cut short."""


def cut_to_spoken(parts: Sequence[Part], chars: int) -> tuple[Part, ...]:
    """Return the parts of an answer with as much of its text as was spoken, and a dash where it was cut.

    Calls of tools and their results stay where they happened. The model sees then what the user
    heard; all that it wrote is in the receipt (`Receipt.answer`).

    Args:
        parts: Of the whole answer.
        chars: Length of what was spoken, counted over the text parts as they follow each other.
    """
    if not spoken_text(parts)[max(0, chars) :].strip():
        return tuple(parts)
    kept: list[Part] = []
    for part in parts:
        if not isinstance(part, TextPart):
            kept.append(part)
            continue
        text, chars = part.text[: max(0, chars)], chars - len(part.text)
        if text.strip():
            kept.append(TextPart(text if chars > 0 else text.rstrip()))
    last = max((i for i, part in enumerate(kept) if isinstance(part, TextPart)), default=None)
    if last is None:
        # Nothing was heard: what the model thought about it has no answer to stand before.
        return tuple(part for part in kept if not isinstance(part, ReasoningPart))
    part = kept[last]
    assert isinstance(part, TextPart)
    kept[last] = TextPart(part.text.rstrip() + CUT_MARK)
    return tuple(kept)


def spoken_text(parts: Sequence[Part]) -> str:
    """Return the text of an answer that is read aloud, as its deltas came."""
    return "".join(part.text for part in parts if isinstance(part, TextPart))
