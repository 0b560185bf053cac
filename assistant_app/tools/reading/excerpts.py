"""How notes are written in results: numbered lines, as many as a small model can read."""

from collections.abc import Sequence

from assistant_app.core.notes import Note

MOST = 20
MOST_CHARACTERS = 200


def numbered(notes: Sequence[tuple[int, Note]]) -> str:
    """Return "1. buy milk" lines, newest last, or "none"; of many, the newest."""
    return "\n".join(f"{place}. {_short(note.text)}" for place, note in notes[-MOST:]) or "none"


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"
