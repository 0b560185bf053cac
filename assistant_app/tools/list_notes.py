"""The notes that are kept."""

from assistant_app.core.text import N_
from assistant_app.core.tools import Risk
from assistant_app.tools.reading.excerpts import numbered
from assistant_app.tools.services import Services
from assistant_app.tools.signature import tool


@tool(
    order=90,
    risk=Risk.READ,
    title=N_("List of notes"),
    summary=N_("Lists your notes."),
)
def list_notes(services: Services) -> str:
    """List the notes."""
    return numbered(list(enumerate(services.notes.notes(), 1)))
