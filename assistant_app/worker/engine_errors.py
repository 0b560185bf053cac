"""Turns a refusal that came over the wire back into the exception that it was in the engine."""

from assistant_app.core import errors, voice
from assistant_app.core.errors import AssistantError
from assistant_app.engines.protocol import Failed

_CLASSES: dict[str, type[AssistantError]] = {
    kind.code: kind
    for kind in (*vars(errors).values(), *vars(voice).values())
    if isinstance(kind, type) and issubclass(kind, AssistantError)
}
_RESERVED = {"sentence", "detail"}


def error_of(failed: Failed) -> AssistantError:
    """Return the error that a Failed stands for; one that makes no sense becomes a plain AssistantError."""
    kind = _CLASSES.get(failed.code, AssistantError)
    params = {name: value for name, value in failed.params.items() if name not in _RESERVED}
    try:
        return kind(failed.sentence or None, detail=failed.detail, **params)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        return AssistantError(
            detail=f"{failed.code}: {failed.sentence!r} with {params}: {error!r}; {failed.detail}"
        )
