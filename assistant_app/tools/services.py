"""What tools work with: everything of the application that a tool may touch."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from assistant_app.core.events import Event
from assistant_app.core.notes import Notes
from assistant_app.core.reminders import Reminders


@dataclass(frozen=True, slots=True)
class Services:
    """Given to a tool whose first parameter is called `services`."""

    notes: Notes
    reminders: Reminders
    emit: Callable[[Event], None]
    """Tells the window something; to be called on the worker's loop."""
    has_window: bool
    now: Callable[[], datetime] = lambda: datetime.now().astimezone()
    """The time here, with its zone."""
