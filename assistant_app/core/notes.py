"""Notes that the user keeps: what one is, and what keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Note:
    """One note."""

    id: str
    text: str
    created_at: float
    """Seconds since the epoch."""


class Notes(Protocol):
    """Keeps notes durably. Methods may be called from any thread and raise AssistantError."""

    def add_note(self, text: str) -> Note:
        """Keep a note."""

    def notes(self) -> Sequence[Note]:
        """Return all notes, newest last."""

    def search_notes(self, query: str) -> Sequence[tuple[int, Note]]:
        """Return (place in the list, from 1; note) of those that hold every word, newest last."""
