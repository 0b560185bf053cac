"""Keeping a note."""

from assistant_app.core.text import N_
from assistant_app.core.tools import Risk, ToolError
from assistant_app.tools.services import Services
from assistant_app.tools.signature import tool


@tool(
    order=80,
    risk=Risk.WRITE,
    title=N_("New note"),
    summary=N_("Keeps a note on this computer."),
)
def add_note(services: Services, text: str) -> str:
    """Keep a note.

    Args:
        text: the note
    """
    kept = " ".join(text.split())
    if not kept:
        raise ToolError(N_("The note is empty; say what to write down."))
    return services.notes.add_note(kept).text
