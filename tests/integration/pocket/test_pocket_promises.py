"""What the card of the pocket model promises, on a small sample of phrasings that were never trained.

The whole evaluation is `packaging/pocket/evaluate.py`; its table stands in `resources/models/README.md`. Here
the same cases guard the shipped file against a worse one. The shares allow for the smallness of the sample.
"""

import random
import sys
from typing import Any

import pytest

from assistant_app.tools.registry import declarations

from .conftest import MODEL_PATH, POCKET_SCRIPTS

CASES = 60


@pytest.fixture(scope="module")
def evaluation() -> Any:
    """Return the module `evaluate` of the training scripts."""
    sys.path.insert(0, str(POCKET_SCRIPTS))
    try:
        import evaluate
    finally:
        sys.path.remove(str(POCKET_SCRIPTS))
    return evaluate


@pytest.fixture(scope="module")
def judge(evaluation: Any) -> Any:
    return evaluation.Judge(MODEL_PATH, 0.0, 1.0)


def test_the_model_was_trained_with_the_tools_of_the_application(evaluation: Any) -> None:
    assert list(evaluation.TOOLS) == [one.spec.name for one in declarations()]


def test_calls_fit_the_schemas_of_the_tools(evaluation: Any) -> None:
    specs = {one.spec.name: one.spec.parameters for one in declarations()}
    for language in ("en", "zh"):
        requests = evaluation.Requests(evaluation.Families(language, random.Random(4)))
        for _ in range(500):
            request = requests.draw()
            if request.tool:
                schema = specs[request.tool]
                assert set(schema.get("required", ())) <= set(request.arguments) <= set(schema["properties"])


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("row", "least"),
    [
        ("right tool and right arguments", 0.9),
        ("no tool when none is needed", 0.93),
        ("exact copy: answers from a tool's result", 0.95),
        ("exact copy: answers from a help passage", 0.9),
        ("exact copy: answers from a text", 0.85),
        ("recalls a fact, next turn", 0.93),
        ("recalls a fact after 4 other turns", 0.87),
        ("says that it was not told", 0.8),
        ("declines what it cannot know", 0.88),
        ("the same, of others, where it may search the help first", 0.85),
        ("questions about the app go to the help search, word for word", 0.8),
    ],
)
def test_held_out_phrasings_are_answered(
    evaluation: Any, judge: Any, language: str, row: str, least: float
) -> None:
    rng = random.Random(f"test {row} {language}")
    families = evaluation.Families(language, rng, held=True)
    wrong = []
    for _ in range(CASES):
        case = evaluation.ROWS[row](families, rng)
        fine, answer = judge.right(case)
        if not fine:
            wrong.append((case.messages[-1]["content"], answer))
    assert len(wrong) <= (1 - least) * CASES, wrong
