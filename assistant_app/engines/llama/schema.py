"""JSON schemas made harmless before they become a grammar, and the grammar of tool calls.

llama.cpp's grammar parser ends the process on some inputs and returns nothing on others: every
number that reaches it is bounded here, and what cannot be bounded is refused with a sentence.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llama_cpp.llama_grammar import PRIMITIVE_RULES, RESERVED_NAMES, SchemaConverter

from assistant_app.core.errors import RequestInvalid
from assistant_app.core.generation import ToolSpec
from assistant_app.core.text import N_

MAX_DEPTH = 20
MAX_PROPERTIES = 64
MAX_ENUM = 200
MAX_LENGTH = 500
MAX_GRAMMAR_BYTES = 100_000
MAX_NODES = 2_000

OPEN_TAG = "<tool_call>"
CLOSE_TAG = "</tool_call>"

_REFUSED = N_("This request cannot be used: {reason}.")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems")
_SCHEMAS = ("items", "additionalProperties", "not")
_SCHEMA_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SCHEMA_MAPS = ("properties", "$defs", "definitions")
_TYPES = frozenset(("object", "array", "string", "number", "integer", "boolean", "null"))


def grammar_of_schema(schema: Mapping[str, Any]) -> str:
    """Return the GBNF grammar of a schema. Raises RequestInvalid."""
    cleaned = clean(schema)
    try:
        grammar = _Converter().convert(cleaned)
    except (Exception, RecursionError) as error:  # foreign code with asserts on foreign data
        raise RequestInvalid(
            _REFUSED, reason="the JSON schema has a form that is not supported", detail=str(error)[:300]
        ) from None
    if len(grammar.encode()) > MAX_GRAMMAR_BYTES:
        raise RequestInvalid(_REFUSED, reason="the JSON schema is too large")
    return grammar


def grammar_of_tools(tools: Sequence[ToolSpec]) -> str:
    """Return the grammar of what follows `<tool_call>`: one call, perhaps more. Raises RequestInvalid."""
    calls = [
        {
            "type": "object",
            "properties": {"name": {"const": tool.name}, "arguments": {"$ref": f"#/$defs/tool{index}"}},
            "required": ["name", "arguments"],
        }
        for index, tool in enumerate(tools)
    ]
    definitions = {f"tool{index}": _arguments(tool, index) for index, tool in enumerate(tools)}
    grammar = grammar_of_schema({"$defs": definitions, "oneOf": calls})
    grammar = "\n".join(
        "call" + rule.removeprefix("root") if rule.startswith("root ::=") else rule
        for rule in grammar.split("\n")
    )
    gap = "[ \\n]{0,2}"
    body = f'{gap} call {gap} "{CLOSE_TAG}"'
    return f'root ::= {body} ({gap} "{OPEN_TAG}" {body})*\n{grammar}'


def _arguments(tool: ToolSpec, index: int) -> Any:
    parameters = dict(tool.parameters)
    parameters.setdefault("type", "object")
    if parameters["type"] == "object":
        parameters.setdefault("properties", {})
    return _moved(parameters, f"#/$defs/tool{index}/")


def _moved(value: Any, place: str, depth: int = 0) -> Any:
    """Return a schema whose references are relative to `place`, where it is put into a larger one."""
    if depth > 2 * MAX_DEPTH:
        raise RequestInvalid(_REFUSED, reason=f"the JSON schema is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        moved = {key: _moved(item, place, depth + 1) for key, item in value.items()}
        if str(value.get("$ref")).startswith("#/"):
            moved["$ref"] = place + value["$ref"][2:]
        return moved
    if isinstance(value, list | tuple):
        return [_moved(item, place, depth + 1) for item in value]
    return value


class _Converter(SchemaConverter):
    """llama.cpp's converter, mended.

    Literals are escaped, definitions of the same name in two tools are kept apart, and repetitions
    are written as counts: the original nests one pair of brackets for each, up to 500 deep.
    """

    def __init__(self) -> None:
        untyped: Any = super()
        untyped.__init__(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
        self._names_of_refs: dict[str, str] = {}

    def convert(self, schema: dict[str, Any]) -> str:
        untyped: Any = self
        self._refs = dict(_references(schema, schema))
        self.visit(schema, "")
        grammar: str = untyped.format_grammar()
        return grammar

    def visit(self, schema: dict[str, Any], name: str) -> str:
        untyped: Any = super()
        kind = schema.get("type")
        rule = ""
        if kind == "string" and not schema.keys() & {"enum", "const", "anyOf", "oneOf"}:
            if "minLength" in schema or "maxLength" in schema:
                char = untyped._add_primitive("char", PRIMITIVE_RULES["char"])
                rule = f'"\\"" {char}{_count(schema, "Length")} "\\"" space'
        elif kind == "array" and isinstance(schema.get("items"), dict):
            item = self.visit(schema["items"], f"{name}-item" if name else "item")
            low, high = int(schema.get("minItems", 0)), int(schema.get("maxItems", MAX_LENGTH))
            if high > 0:
                more = f'{item} ("," space {item}){{{max(0, low - 1)},{high - 1}}}'
                rule = f'"[" space {more if low else f"({more})?"} "]" space'
            else:
                rule = '"[" space "]" space'
        if not rule:
            made: str = untyped.visit(schema, name)
            return made
        added: str = untyped._add_rule(f"{name}-" if name in RESERVED_NAMES else name or "root", rule)
        return added

    def _format_literal(self, literal: str) -> str:
        for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r")):
            literal = literal.replace(plain, escaped)
        return f'"{literal}"'

    def _resolve_ref(self, ref: str) -> str:
        if ref not in self._names_of_refs:
            name = self._names_of_refs[ref] = f"definition-{len(self._names_of_refs)}"
            made = self.visit(self._refs[ref], name)
            if made != name:
                self._rules[name] = made
        return self._names_of_refs[ref]


def _references(value: Any, document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every reference in a schema with what it stands for. Raises KeyError for one to nothing."""
    if isinstance(value, dict):
        if isinstance(ref := value.get("$ref"), str):
            target: Any = document
            for step in ref.split("/")[1:]:
                target = target[step.replace("~1", "/").replace("~0", "~")]
            yield ref, target
        for item in value.values():
            yield from _references(item, document)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item, document)


def _count(schema: Mapping[str, Any], what: str) -> str:
    return f"{{{int(schema.get(f'min{what}', 0))},{int(schema.get(f'max{what}', MAX_LENGTH))}}}"


def clean(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema with everything bounded or dropped that could harm the grammar parser.

    Patterns, formats, names and examples are dropped; counts are cut to 500.
    Too many properties, alternatives or levels are refused, not cut: a schema that means something
    else than was asked for would be worse. Raises RequestInvalid.
    """
    return _Cleaner().clean(schema, 0)


class _Cleaner:
    def __init__(self) -> None:
        self._nodes = 0

    def clean(self, schema: Any, depth: int) -> dict[str, Any]:
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise RequestInvalid(_REFUSED, reason=f"the JSON schema is nested deeper than {MAX_DEPTH} levels")
        if self._nodes > MAX_NODES:
            raise RequestInvalid(_REFUSED, reason="the JSON schema is too large")
        if schema is True:
            return {}
        if not isinstance(schema, Mapping):
            raise RequestInvalid(_REFUSED, reason="the JSON schema is not an object")
        result: dict[str, Any] = {}
        for key, value in schema.items():
            self._member(result, str(key), value, depth)
        for low, high in (("minLength", "maxLength"), ("minItems", "maxItems")):
            if low in result and high in result:
                result[low] = min(result[low], result[high])
        if "required" in result:
            known = result.get("properties", {})
            result["required"] = [name for name in result["required"] if name in known]
        return result

    def _member(self, result: dict[str, Any], key: str, value: Any, depth: int) -> None:
        if key == "$ref":
            if not isinstance(value, str) or not value.startswith("#/"):
                raise RequestInvalid(_REFUSED, reason="the JSON schema refers to another document")
            result[key] = value
        elif key == "type":
            names = value if isinstance(value, list) else [value]
            if not names or not all(isinstance(name, str) and name in _TYPES for name in names):
                raise RequestInvalid(_REFUSED, reason="the JSON schema has an unknown type")
            result[key] = value
        elif key in _COUNTS:
            if isinstance(value, int | float) and not isinstance(value, bool):
                result[key] = max(0, min(int(value), MAX_LENGTH))
        elif key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            if isinstance(value, int | float) and abs(value) < 2**53:
                result[key] = value
        elif key in _SCHEMA_MAPS:
            self._check_count(value, Mapping, MAX_PROPERTIES, "properties")
            result[key] = {str(name): self.clean(item, depth + 1) for name, item in value.items()}
        elif key in _SCHEMA_LISTS:
            self._check_count(value, list | tuple, MAX_PROPERTIES, "alternatives")
            result[key] = [self.clean(item, depth + 1) for item in value]
        elif key in _SCHEMAS:
            if isinstance(value, list | tuple):
                self._check_count(value, list | tuple, MAX_PROPERTIES, "items")
                result[key] = [self.clean(item, depth + 1) for item in value]
            elif key == "items" or (key == "additionalProperties" and isinstance(value, Mapping)):
                result[key] = self.clean(value, depth + 1)
            elif isinstance(value, bool):
                result[key] = value
        elif key == "enum":
            self._check_count(value, list | tuple, MAX_ENUM, "enumerated values")
            self._check_values(value)
            result[key] = list(value)
        elif key == "const":
            self._check_values([value])
            result[key] = value
        elif key == "required":
            self._check_count(value, list | tuple, MAX_PROPERTIES, "required properties")
            result[key] = [str(name) for name in value]

    @staticmethod
    def _check_count(value: Any, kind: Any, limit: int, what: str) -> None:
        if not isinstance(value, kind):
            raise RequestInvalid(_REFUSED, reason="the JSON schema is malformed")
        if len(value) > limit:
            raise RequestInvalid(_REFUSED, reason=f"the JSON schema has more than {limit} {what}")

    @staticmethod
    def _check_values(values: Sequence[Any]) -> None:
        if any(len(json.dumps(value)) > MAX_LENGTH * 4 for value in values):
            raise RequestInvalid(_REFUSED, reason="the JSON schema has a constant that is too long")
