"""What is remembered between checks for updates: when, what was seen, which notice was closed."""

import logging
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant_app.core.text import N_
from assistant_app.core.updates import MOST_BYTES, UpdateRefused
from assistant_app.private_file import write_private

log = logging.getLogger(__name__)

_NOT_KEPT = N_(
    "The date of the last check for updates cannot be saved ({reason}), so nobody was asked and nothing was"
    " changed. Make room or check who owns the data folder, and try again."
)


class UpdateMemory(BaseModel):
    """A small JSON file beside the database, not in it: going back to a snapshot does not forget it."""

    model_config = ConfigDict(frozen=True, strict=True)

    tried_at: float = 0.0
    """When the server was last asked, with whatever success, in seconds since 1970."""
    checked_at: float = 0.0
    """When its answer could last be trusted."""
    envelope: str = Field("", max_length=MOST_BYTES)
    """That answer. It is checked anew whenever it is used, so what else writes this file can fake nothing."""
    dismissed: str = ""
    """The version whose notice was closed."""


def recall(path: Path) -> UpdateMemory:
    """Read the file; a missing or unreadable one is an empty memory."""
    try:
        return UpdateMemory.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return UpdateMemory()
    except (OSError, ValidationError) as error:
        log.warning("what was known about updates is unreadable: %s", type(error).__name__)
        return UpdateMemory()


def keep(path: Path, memory: UpdateMemory) -> None:
    """Write the file. Raises UpdateRefused where that is impossible."""
    try:
        write_private(path, memory.model_dump_json(indent=1))
    except OSError as error:
        raise UpdateRefused(_NOT_KEPT, reason=error.strerror or str(error), detail=str(error)) from error
