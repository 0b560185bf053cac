"""What is still to come: reminders and timers."""

from assistant_app.core.text import N_
from assistant_app.core.tools import Risk
from assistant_app.tools.reading.stamps import line
from assistant_app.tools.services import Services
from assistant_app.tools.signature import tool

MOST = 20
"""More would not fit into the context of a small model."""


@tool(
    order=60,
    risk=Risk.READ,
    title=N_("List of reminders"),
    summary=N_("Lists the reminders and timers that are still to come."),
)
def list_reminders(services: Services) -> str:
    """List the reminders and timers."""
    return "\n".join(line(reminder) for reminder in services.reminders.reminders()[:MOST]) or "none"
