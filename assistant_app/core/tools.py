"""What a tool is: its description for the model, its risk, how it is called, what comes back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from assistant_app.core.errors import AssistantError
from assistant_app.core.generation import ToolSpec
from assistant_app.core.text import N_
from assistant_app.core.views import ToolRow

DEFAULT_TIMEOUT_S = 10.0


class Risk(StrEnum):
    """The worst that a tool can do."""

    READ = "read"
    """Looks at the user's own data, changes nothing."""
    WRITE = "write"
    """Changes the user's data inside this application."""
    EXECUTE = "execute"
    """Runs programs or changes files outside."""
    NETWORK = "network"
    """Sends something out of this computer."""


class ToolError(AssistantError):
    """A tool could not do what was asked; the sentence goes to the model as the result."""

    code = "tool"
    default_sentence = N_("The tool could not do that.")


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool, ready to be called."""

    spec: ToolSpec
    risk: Risk
    title: str
    """English label for people, a translation key."""
    run: Callable[[Mapping[str, Any]], Awaitable[str]]
    """Takes the arguments as the model wrote them, returns the text for it. Raises ToolError, also for
    arguments that do not fit the schema: the sentence says what to write instead."""
    timeout_s: float = DEFAULT_TIMEOUT_S


class Toolbox(Protocol):
    """The tools that an answer may use; asked anew for each turn, so that switches count at once."""

    def tools(self) -> tuple[Tool, ...]:
        """Return the tools that are switched on, always in the same order."""

    def rows(self) -> tuple[ToolRow, ...]:
        """Return every tool, also those that are switched off, for the settings."""
