"""Ways to get an answer, one file each, and the table of them."""

from importlib import import_module
from typing import Any

from assistant_app.core.errors import NotFound

BACKENDS = {"local": "assistant_app.backends.local:LocalBackend"}
"""Name → module and class. A class is imported when it is first asked for: a client costs start-up time."""


def backend_class(name: str) -> type[Any]:
    """Return the class of a backend, which implements core.generation.ChatBackend. Raises NotFound."""
    try:
        module, class_name = BACKENDS[name].split(":")
    except KeyError:
        raise NotFound(detail=f"backend {name!r}") from None
    found: type[Any] = getattr(import_module(module), class_name)
    return found
