"""How moments are written in results."""

from datetime import datetime

from assistant_app.core.reminders import Reminder, ReminderKind


def stamp(moment: datetime) -> str:
    """Return date and time, local: 2026-11-25 18:00."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def what(reminder: Reminder) -> str:
    """Return what a reminder is about; of a timer, how long it was set for."""
    return f"timer {reminder.text}" if reminder.kind is ReminderKind.TIMER else reminder.text


def line(reminder: Reminder) -> str:
    """Return a reminder as one line: 2026-11-25 18:00: call mum."""
    return f"{stamp(datetime.fromtimestamp(reminder.due_at))}: {what(reminder)}"
