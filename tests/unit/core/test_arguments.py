"""Arguments of tool calls, fitted to what the tools declare."""

from typing import Any

import pytest

from assistant_app.core.arguments import ArgumentError, fitted

SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "value": {"type": "number"},
        "count": {"type": "integer"},
        "loud": {"type": "boolean"},
        "page": {"type": "string", "enum": ["help", "about"]},
    },
    "required": ["text"],
}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"text": "a"}, {"text": "a"}),
        ({"text": 12}, {"text": "12"}),
        ({"text": "a", "value": "1.5", "count": "3"}, {"text": "a", "value": 1.5, "count": 3}),
        ({"text": "a", "count": 3.0, "loud": "True"}, {"text": "a", "count": 3, "loud": True}),
        ({"text": "a", "value": None}, {"text": "a"}),
        ({"text": "a", "page": "help"}, {"text": "a", "page": "help"}),
    ],
)
def test_what_is_plainly_meant_is_mended(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert fitted(SCHEMA, given) == expected


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, 'The argument "text" is missing.'),
        (
            {"text": "a", "word": "b"},
            'There is no argument "word"; there are: text, value, count, loud, page.',
        ),
        ({"text": None}, 'The argument "text" must be string.'),
        ({"text": "a", "value": "many"}, 'The argument "value" must be number.'),
        ({"text": "a", "value": float("inf")}, 'The argument "value" must be number.'),
        ({"text": "a", "count": 2.5}, 'The argument "count" must be integer.'),
        ({"text": "a", "page": "sky"}, 'The argument "page" must be help | about.'),
    ],
)
def test_the_rest_is_refused_in_a_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        fitted(SCHEMA, given)
    assert caught.value.sentence() == sentence
