"""Reminders and timers: what one is, and what keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class ReminderKind(StrEnum):
    """What the user asked for."""

    REMINDER = "reminder"
    TIMER = "timer"


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something to tell the user at a moment."""

    id: str
    kind: ReminderKind
    text: str
    """What to remind of; of a timer, its duration in the user's words."""
    due_at: float
    """Seconds since the epoch."""


class Reminders(Protocol):
    """Keeps reminders durably. Methods may be called from any thread and raise AssistantError."""

    def add_reminder(self, kind: ReminderKind, text: str, due_at: float) -> Reminder:
        """Keep a reminder; it is told once when it is due."""

    def reminders(self) -> Sequence[Reminder]:
        """Return those that have not been told yet, soonest first."""

    def cancel_reminder(self, reminder_id: str) -> None:
        """Forget a reminder. Raises NotFound when it was told or cancelled meanwhile."""
