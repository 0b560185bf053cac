"""The training data's own promises: one seed gives one file, and what is held out stays out."""

import random
import re
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
    return list(scripts.load("app")["intent"])


def test_one_seed_gives_the_same_dialogues(scripts: Any) -> None:
    def draw() -> list[Any]:
        rng = random.Random(3)
        return [scripts.dialogue(rng) for _ in range(200)]

    assert draw() == draw()


def test_held_out_phrasings_are_never_drawn_for_training(scripts: Any) -> None:
    for language in LANGUAGES:
        held = scripts.Families(language, random.Random(1), held=True)
        trained = scripts.Families(language, random.Random(2))
        questions = {held.app().user for _ in range(2000)}
        assert not questions & {trained.app().user for _ in range(5000)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_has_questions_of_both_kinds_and_answers(scripts: Any, language: str) -> None:
    for intent in _intents(scripts):
        part = intent[language]
        assert part["train"], intent["id"]
        assert part["held"], intent["id"]
        assert part["answers"], intent["id"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_trained_answers_meet_what_the_evaluation_demands(scripts: Any, language: str) -> None:
    for intent in _intents(scripts):
        for answer in intent[language]["answers"]:
            for demand in intent[language]["must"]:
                assert re.search(demand, answer), (intent["id"], demand, answer)


def test_copied_texts_are_in_the_question(scripts: Any) -> None:
    families = scripts.Families("zh", random.Random(5))
    for _ in range(300):
        turn = families.copying()
        assert turn.answer in turn.user
