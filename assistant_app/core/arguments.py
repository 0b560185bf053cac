"""Fits the arguments of a tool call to the tool's schema: mends what is plainly meant, refuses the rest."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from assistant_app.core.text import N_
from assistant_app.core.tools import ToolError

_MISSING = N_('The argument "{name}" is missing.')
_UNKNOWN = N_('There is no argument "{name}"; there are: {names}.')
_WRONG = N_('The argument "{name}" must be {wanted}.')
_WORDS = {"true": True, "false": False}


class ArgumentError(ToolError):
    """The arguments do not fit the tool."""

    code = "tool-arguments"


def fitted(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments that fit a schema of properties with a type and perhaps an enum.

    Numbers in quotes become numbers, numbers become text where text is wanted, null is as good as
    nothing where nothing is required. Properties of other
    kinds are passed on as they are: the tool looks at them itself. Raises ArgumentError.
    """
    properties: Mapping[str, Any] = schema.get("properties", {})
    for name in arguments:
        if name not in properties:
            names = ", ".join(properties) or "-"
            raise ArgumentError(_UNKNOWN, name=str(name)[:80], names=names)
    required = schema.get("required", ())
    for name in required:
        if name not in arguments:
            raise ArgumentError(_MISSING, name=name)
    return {
        name: _value(name, properties[name], value)
        for name, value in arguments.items()
        if value is not None or name in required
    }


def _value(name: str, schema: Any, value: Any) -> Any:
    if not isinstance(schema, Mapping):
        return value
    kind = schema.get("type")
    fits, fitting = _KINDS[kind](value) if isinstance(kind, str) and kind in _KINDS else (True, value)
    if not fits:
        raise ArgumentError(_WRONG, name=name, wanted=str(kind))
    allowed = schema.get("enum")
    if isinstance(allowed, list | tuple) and fitting not in allowed:
        raise ArgumentError(_WRONG, name=name, wanted=" | ".join(str(item) for item in allowed))
    return fitting


def _string(value: Any) -> tuple[bool, Any]:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False, value
    return True, str(value)


def _number(value: Any) -> tuple[bool, Any]:
    if isinstance(value, str):
        try:
            value = float(value) if any(c in value for c in ".eE") else int(value)
        except ValueError:
            return False, value
    fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return fits, value


def _integer(value: Any) -> tuple[bool, Any]:
    fits, number = _number(value)
    if not fits or number != int(number):
        return False, value
    return True, int(number)


def _boolean(value: Any) -> tuple[bool, Any]:
    if isinstance(value, str):
        value = _WORDS.get(value.lower(), value)
    return isinstance(value, bool), value


_KINDS: dict[str, Callable[[Any], tuple[bool, Any]]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "array": lambda value: (isinstance(value, list | tuple), value),
    "object": lambda value: (isinstance(value, Mapping), value),
}
