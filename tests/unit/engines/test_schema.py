"""Schemas and grammars: bounded, escaped, and accepted by llama.cpp."""

import pytest

from assistant_app.core.errors import RequestInvalid
from assistant_app.core.generation import ToolSpec
from assistant_app.engines.llama import sampler, schema
from assistant_app.engines.llama.library import C
from assistant_app.engines.llama.model import Model


def _allowed(model: Model, grammar: str, text: str) -> bool:
    return sampler.grammar_allows(model.vocabulary, grammar, model.vocabulary.plain_text(text))


def test_bounds_are_cut_and_patterns_dropped() -> None:
    cleaned = schema.clean({"type": "string", "maxLength": 10**9, "minLength": 900, "pattern": "(?=x)"})
    assert cleaned == {"type": "string", "maxLength": 500, "minLength": 500}


@pytest.mark.parametrize(
    "grammar",
    [
        "root ::= missing",
        'root ::= "a',
        "root ::= root",
        "root ::= (",
        "",
        "nothing",
        "root ::= \x00",
    ],
)
def test_faulty_grammar_is_refused_not_a_crash(model: Model, grammar: str) -> None:
    with pytest.raises(RequestInvalid):
        C.llama_sampler_free(sampler.grammar_sampler(model.vocabulary, grammar))


def test_names_with_quotes_and_backslashes_are_escaped(model: Model) -> None:
    name = 'a"b\\c\nd'
    grammar = schema.grammar_of_schema(
        {"type": "object", "properties": {name: {"type": "boolean"}}, "required": [name]}
    )
    assert _allowed(model, grammar, '{"a\\"b\\\\c\\nd":true}')
    assert not _allowed(model, grammar, '{"a"')


def test_lists_obey_their_counts(model: Model) -> None:
    grammar = schema.grammar_of_schema(
        {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 3}
    )
    assert _allowed(model, grammar, "[1,2,3]")
    assert not _allowed(model, grammar, "[1]")
    assert not _allowed(model, grammar, "[1,2,3,4")
    empty = schema.grammar_of_schema({"type": "array", "items": {"type": "integer"}, "maxItems": 0})
    assert _allowed(model, empty, "[]")


def test_strings_of_five_hundred_characters_parse(model: Model) -> None:
    grammar = schema.grammar_of_schema({"type": "string", "maxLength": 500})
    assert _allowed(model, grammar, '"' + "a" * 500 + '"')
    assert not _allowed(model, grammar, '"' + "a" * 501)


def test_recursive_definitions_work(model: Model) -> None:
    node = {
        "type": "object",
        "properties": {"child": {"$ref": "#/$defs/node"}},
        "additionalProperties": False,
    }
    grammar = schema.grammar_of_schema({"$ref": "#/$defs/node", "$defs": {"node": node}})
    assert _allowed(model, grammar, '{"child":{"child":{}}}')


def test_tools_with_definitions_of_the_same_name_are_kept_apart(model: Model) -> None:
    def tool(name: str, values: list[str]) -> ToolSpec:
        parameters = {
            "type": "object",
            "properties": {"x": {"$ref": "#/$defs/item"}},
            "$defs": {"item": {"enum": values}},
            "required": ["x"],
        }
        return ToolSpec(name, "", parameters)

    grammar = schema.grammar_of_tools([tool("one", ["a"]), tool("two", ["b"]), ToolSpec("three", "", {})])
    assert _allowed(model, grammar, '\n{"name":"one","arguments":{"x":"a"}}\n</tool_call>')
    assert _allowed(model, grammar, '{"name":"two","arguments":{"x":"b"}}')
    assert _allowed(model, grammar, '{"name":"three","arguments":{}}')
    assert not _allowed(model, grammar, '{"name":"two","arguments":{"x":"a"')
    assert not _allowed(model, grammar, '{"name":"four"')


def test_sixty_four_optional_properties_parse(model: Model) -> None:
    wide = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(64)}}
    grammar = schema.grammar_of_schema(wide)
    assert _allowed(model, grammar, '{"p3":"x","p63":"y"}')
