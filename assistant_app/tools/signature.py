"""A typed function with a docstring becomes a tool: its JSON schema, the check of its arguments."""

import asyncio
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from assistant_app.core.errors import AssistantError
from assistant_app.core.generation import ToolSpec
from assistant_app.core.text import N_
from assistant_app.core.tools import DEFAULT_TIMEOUT_S, Risk, Tool, ToolError
from assistant_app.tools.reading.numbers import read_number
from assistant_app.tools.services import Services

MAX_TEXT = 4000
"""Longest text argument in characters: a model that repeats itself must not fill the database."""

_SERVICES = "services"
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a tool's file says about it; `bind` makes it callable.

    Attributes:
        order: place in the list; the model is told the tools in this order.
        summary: what it does, in one English sentence for people; a translation key.
    """

    function: Callable[..., Any]
    spec: ToolSpec
    risk: Risk
    title: str
    summary: str
    order: int
    timeout_s: float

    def bind(self, services: Services) -> Tool:
        """Return the tool, working with these services."""

        async def run(arguments: Mapping[str, Any]) -> str:
            given: dict[str, Any] = checked(self.spec, arguments)
            if _SERVICES in inspect.signature(self.function).parameters:
                given[_SERVICES] = services
            try:
                if inspect.iscoroutinefunction(self.function):
                    result = await self.function(**given)
                else:
                    result = await asyncio.to_thread(self.function, **given)
            except ToolError:
                raise
            except AssistantError as error:
                raise ToolError(error.template, detail=error.detail, **error.params) from error
            return str(result)

        return Tool(self.spec, self.risk, self.title, run, self.timeout_s)


def tool(
    *, order: int, risk: Risk, title: str, summary: str, timeout_s: float = DEFAULT_TIMEOUT_S
) -> Callable[[F], F]:
    """Declare a function as a tool. Its name, types, defaults and docstring are what the model is told.

    A plain function runs in a thread of its own, a coroutine on the worker's loop.

    Args:
        order: place in the list of tools.
        risk: the worst that it can do.
        title: label for people (`N_`).
        summary: what it does, one sentence for people (`N_`).
        timeout_s: after this long the call is given up.
    """

    def declare(function: F) -> F:
        spec = spec_of(function)
        declaration = Declaration(function, spec, risk, title, summary, order, timeout_s)
        function.__tool__ = declaration  # type: ignore[attr-defined]
        return function

    return declare


def spec_of(function: Callable[..., Any]) -> ToolSpec:
    """Return how a model is told about a function. Raises TypeError for a type that has no JSON form."""
    hints = get_type_hints(function)
    description, notes = _documentation(function)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name == _SERVICES:
            continue
        schema = _schema(hints[name])
        if name in notes:
            schema["description"] = notes[name]
        if parameter.default is inspect.Parameter.empty:
            required.append(name)
        else:
            schema["default"] = parameter.default
        properties[name] = schema
    parameters: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        parameters["required"] = required
    parameters["additionalProperties"] = False
    return ToolSpec(function.__name__, description, parameters)


def _schema(kind: Any) -> dict[str, Any]:
    if get_origin(kind) is Literal:
        return {"type": "string", "enum": [str(value) for value in get_args(kind)]}
    if kind not in _TYPES:
        raise TypeError(f"a tool's argument cannot be {kind!r}")
    return {"type": _TYPES[kind]}


def _documentation(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """Return the first paragraph of the docstring and what it says under "Args:"."""
    text = inspect.getdoc(function) or ""
    head, _colon, arguments = text.partition("\nArgs:\n")
    found = re.findall(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", arguments, re.MULTILINE)
    return " ".join(head.split("\n\n")[0].split()), {name: " ".join(note.split()) for name, note in found}


def checked(spec: ToolSpec, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with the types of the schema; harmless differences are mended.

    Raises ToolError with a sentence from which a model can learn what to send instead.
    """
    properties: Mapping[str, Any] = spec.parameters["properties"]
    unknown = [name for name in arguments if name not in properties]
    if unknown:
        raise ToolError(
            N_("{tool} has no argument {name}; it takes: {known}."),
            tool=spec.name,
            name=unknown[0],
            known=", ".join(properties) or "-",
        )
    values: dict[str, Any] = {}
    for name, schema in properties.items():
        value = arguments.get(name)
        if value is None:
            if name in spec.parameters.get("required", ()):
                raise ToolError(N_("{tool} needs the argument {name}."), tool=spec.name, name=name)
            values[name] = schema["default"]
        else:
            values[name] = _value(spec.name, name, schema, value)
    return values


def _value(tool_name: str, name: str, schema: Mapping[str, Any], value: Any) -> Any:
    kind = schema["type"]
    if kind == "string":
        mended = _text(value)
        if mended is not None and "enum" in schema:
            wanted = mended.casefold().replace(" ", "-").replace("_", "-")
            mended = next((choice for choice in schema["enum"] if choice.casefold() == wanted), None)
    else:
        mended = _MEND[kind](value)
    if mended is not None:
        return mended
    if "enum" in schema:
        expected = ", ".join(schema["enum"])
    else:
        expected = {"string": "text", "integer": "a whole number", "number": "a number"}.get(kind, kind)
    raise ToolError(
        N_("{name} of {tool} cannot be {value}; send: {expected}."),
        tool=tool_name,
        name=name,
        value=str(value)[:60],
        expected=expected,
    )


def _text(value: Any) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return value.strip()[:MAX_TEXT] if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = read_number(value)
    if not isinstance(value, int | float) or not -1e300 < value < 1e300:
        return None
    return float(value)


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number.is_integer() else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else _WORDS.get(str(value).strip().casefold())


_MEND: Mapping[str, Callable[[Any], Any]] = {"number": _number, "integer": _whole, "boolean": _truth}
