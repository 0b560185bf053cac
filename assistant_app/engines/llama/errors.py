"""How the engine ends a request early: stopped, or refused with a sentence."""

from assistant_app.core.errors import AssistantError
from assistant_app.core.text import N_


class Cancelled(AssistantError):
    """The stop byte was set; raised from wherever the work was."""

    code = "cancelled"
    default_sentence = N_("Stopped.")
