"""The training data's own promises: one seed gives one file, and what is held out stays out."""

import random
import sys
from datetime import datetime
from typing import Any

import pytest

from assistant_app.tools.reading.durations import read_duration
from assistant_app.tools.reading.expression import DividedByZero, NotArithmetic, TooLarge, evaluate
from assistant_app.tools.reading.moments import read_moment
from assistant_app.tools.reading.numbers import read_number
from assistant_app.tools.reading.units import unit

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


@pytest.fixture(scope="module")
def words(scripts: Any) -> Any:
    """Return the module `words` of the training scripts."""
    return sys.modules["words"]


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
def test_held_out_requests_are_never_drawn_for_training(scripts: Any, language: str) -> None:
    def said(kind: str, count: int, held: bool) -> set[str]:
        requests = _requests(scripts, language, 12, held)
        return {requests.draw(kind).user.lower().rstrip(".?!。？！") for _ in range(count)}

    for kind in ("date_time_here", "list_reminders", "cancel_timer", "list_notes"):
        assert not said(kind, 200, held=True) & said(kind, 3000, held=False), kind


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
    copied = {"place", "text", "when", "from_unit", "to_unit", "query"}
    for _ in range(1500):
        request = requests.draw()
        if request.kind == "cancel_timer":
            continue
        for name in copied & set(request.arguments):
            assert request.arguments[name] in request.user, request


@pytest.mark.parametrize("language", LANGUAGES)
def test_values_of_conversions_were_said(scripts: Any, words: Any, language: str) -> None:
    requests = _requests(scripts, language, 9)
    for _ in range(500):
        request = requests.draw("convert_units")
        value = request.arguments["value"]
        said = [f"{value:.10g}"]
        if isinstance(value, int) and value < 1000:
            said.append(words.spoken(value, language))
        if language == "zh":
            said += {2: ["两"], 0.5: ["半"]}.get(value, [])
        single = value == 1 and any(f"{word} " in request.user.lower() for word in ("a", "an", "one"))
        assert single or any(text in request.user for text in said), request


def test_words_in_a_call_begin_with_the_space_that_stood_before_them(scripts: Any) -> None:
    """The same tokens can be copied; other ones have to be known by heart. The application cuts it off."""
    seen = set()
    for _ in range(300):
        request = _requests(scripts, "en", len(seen)).draw("convert_units")
        call = request.messages()[1]["tool_calls"][0]["function"]["arguments"]
        assert call["from_unit"].strip() == request.arguments["from_unit"]
        assert call["from_unit"] in request.user
        seen.add(call["from_unit"][0])
    assert seen == {" "}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("table", ["math", "order"])
def test_the_calculator_understands_every_way_to_say_a_sum(scripts: Any, language: str, table: str) -> None:
    def value(text: str) -> str:
        try:
            return evaluate(text)
        except (DividedByZero, TooLarge) as error:
            return type(error).__name__

    requests = _requests(scripts, language, 10)
    for phrase, meant in scripts.load("calls")[table][language]:
        for _ in range(25):
            said, signs = requests.sum(phrase, meant)
            try:
                assert value(said) == value(signs), said
            except NotArithmetic:
                pytest.fail(f"the calculator does not understand {said!r}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tools_understand_durations_moments_and_units(scripts: Any, language: str) -> None:
    requests = _requests(scripts, language, 11)
    now = datetime(2026, 1, 31, 11, 30).astimezone()
    for _ in range(1500):
        duration = requests.draw("set_timer").arguments["duration"]
        assert read_duration(duration), duration
        when = requests.draw("set_reminder").arguments["when"]
        assert read_moment(when, now), when
    names = [name for group in scripts.load("calls")["units"][language] for name in group.split(", ")]
    for name in names:
        assert unit(name), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_in_words_are_those_that_the_tools_read(words: Any, language: str) -> None:
    for number in range(1000):
        assert read_number(words.spoken(number, language)) == number


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
