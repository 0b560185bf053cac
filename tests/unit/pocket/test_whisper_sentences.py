"""What the pocket Whisper hears in training: one seed gives one list, one sound has one spelling."""

import itertools
import re
from typing import Any

import pytest


def _draw(spoken: Any, seed: int, count: int, part: str = "training") -> list[str]:
    return list(itertools.islice(spoken.sentences(seed, part), count))


def test_one_seed_gives_the_same_sentences(spoken: Any) -> None:
    assert _draw(spoken, 5, 300) == _draw(spoken, 5, 300)
    assert _draw(spoken, 5, 300) != _draw(spoken, 6, 300)


@pytest.mark.parametrize("part", ["sentences", "phrasings"])
def test_held_out_sentences_are_never_trained(spoken: Any, part: str) -> None:
    held = {spoken.key(text) for text in _draw(spoken, 1, 300, part)}
    trained = {spoken.key(text) for text in _draw(spoken, 2, 3000)}
    assert not held & trained


def test_only_known_words_are_spoken(spoken: Any) -> None:
    for part in ("training", "phrasings"):
        for text in _draw(spoken, 7, 200, part):
            assert spoken.vocabulary().issuperset(re.findall(r"[a-z][a-z'-]*", text.lower())), text


def test_sentences_differ_in_their_words(spoken: Any) -> None:
    texts = _draw(spoken, 3, 2000)
    assert len({spoken.key(text) for text in texts}) == len(texts)


def test_every_sentence_is_what_whisper_can_write(spoken: Any) -> None:
    """Whisper suppresses brackets, colons and the like."""
    for text in _draw(spoken, 4, 2000):
        assert re.fullmatch(r"[A-Z0-9][A-Za-z0-9 ,.?'%-]*[.?]", text), text
        assert len(text) <= spoken.LONGEST


@pytest.mark.parametrize(
    ("template", "written"),
    [
        ("what is 12 + 7", "What is 12 plus 7?"),
        ("What is twelve times three?", "What is 12 times 3?"),
        ("My favorite color is Gray", "My favourite colour is grey."),
        ("how much is 15 percent of 80", "How much is 15% of 80?"),
        ("Note: buy milk!", "Note, buy milk."),
        ("Do not write to ada on monday", "Do not write to ada on monday."),
        ("Is Ada at home On Monday", "Is Ada at home on Monday?"),
        ("set a timer for one minute", "Set a timer for 1 minute."),
        ("open /home/me/a.txt", None),
        ("print('hello')", None),
    ],
)
def test_one_sound_has_one_spelling(spoken: Any, template: str, written: str | None) -> None:
    assert spoken.written(template) == written
