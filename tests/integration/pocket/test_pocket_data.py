"""The training data's own promises: one seed gives one file, and what is held out stays out."""

import random
import sys
from typing import Any

import pytest

from .conftest import POCKET_SCRIPTS

LANGUAGES = ("en", "zh")


@pytest.fixture(scope="module")
def scripts() -> Any:
    """Return the module `data` of the training scripts, which needs the standard library only."""
    sys.path.insert(0, str(POCKET_SCRIPTS))
    try:
        import data
    finally:
        sys.path.remove(str(POCKET_SCRIPTS))
    return data


def _intents(scripts: Any) -> list[dict[str, Any]]:
    return [*scripts.load("app")["intent"], *scripts.load("smalltalk")["intent"]]


def _requests(scripts: Any, language: str, seed: int, held: bool = False) -> Any:
    return scripts.Requests(scripts.Families(language, random.Random(seed), held=held))


def test_one_seed_gives_the_same_dialogues(scripts: Any) -> None:
    def draw() -> list[Any]:
        rng = random.Random(3)
        return [scripts.dialogue(rng) for _ in range(200)]

    assert draw() == draw()


@pytest.mark.parametrize("language", LANGUAGES)
def test_held_out_phrasings_are_never_drawn_for_training(scripts: Any, language: str) -> None:
    held = scripts.Families(language, random.Random(1), held=True)
    trained = scripts.Families(language, random.Random(2))
    for kind in ("app", "smalltalk", "decline"):
        questions = {getattr(held, kind)().user for _ in range(1000)}
        assert not questions & {getattr(trained, kind)().user for _ in range(4000)}, kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_held_out_requests_are_other_templates(scripts: Any, language: str) -> None:
    for kind, parts in scripts.load("tools").items():
        part = parts[language]
        assert part["held"], kind
        assert not set(part["held"]) & set(part["train"]), kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_has_questions_of_both_kinds_and_answers(scripts: Any, language: str) -> None:
    for intent in _intents(scripts):
        part = intent[language]
        assert part["train"], intent["id"]
        assert part["held"], intent["id"]
        assert part["answers"], intent["id"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_copied_into_a_call_was_said(scripts: Any, language: str) -> None:
    requests = _requests(scripts, language, 5)
    copied = {"place", "text", "when", "from_unit", "to_unit", "query", "value"}
    for _ in range(1500):
        request = requests.draw()
        if request.kind == "cancel_timer":
            continue
        for name in copied & set(request.arguments):
            assert str(request.arguments[name]).lower() in request.user.lower(), request


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_say_what_the_tool_returned(scripts: Any, language: str) -> None:
    requests = _requests(scripts, language, 6)
    for _ in range(1500):
        request = requests.draw()
        if request.result.startswith("error: "):
            assert request.answer.endswith(request.result.removeprefix("error: ")), request
        elif request.kind in ("calculator", "convert_units", "add_note", "list_notes", "search_notes"):
            assert request.result == "none" or request.result in request.answer, request


def test_a_tool_that_is_not_offered_is_never_called(scripts: Any) -> None:
    rng = random.Random(8)
    for _ in range(2000):
        dialogue = scripts.dialogue(rng)
        called = {
            call["function"]["name"]
            for message in dialogue["messages"]
            for call in message.get("tool_calls", [])
        }
        assert called <= set(dialogue["tools"])


def test_copied_texts_are_in_the_question(scripts: Any) -> None:
    families = scripts.Families("zh", random.Random(5))
    for _ in range(300):
        turn = families.copying()
        assert turn.answer in turn.user
