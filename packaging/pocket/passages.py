"""Passages as the help search returns them: sentences of the bundled help pages, mixed and varied.

The model is to copy whatever passage it is given, so they are varied until none can be known by heart.
"""

import random
import re
from functools import lru_cache
from pathlib import Path

from words import Filler, load

HELP = Path(__file__).parents[2] / "resources" / "help"
_FOLDERS = {"en": "en", "zh": "zh_CN"}
_KEYS = ["Ctrl", "Alt", "Shift", "Ctrl+Shift", "Ctrl+Alt"]


@lru_cache
def sentences(language: str) -> tuple[str, ...]:
    """Return the sentences of the help pages and of the answers about the app, without Markdown marks."""
    texts = []
    for page in sorted((HELP / _FOLDERS[language]).glob("*.md")):
        texts += page.read_text("utf-8").split("\n")
    for intent in load("app")["intent"]:
        texts += intent[language]["answers"]
    found: dict[str, None] = {}
    for text in texts:
        plain = re.sub(r"^(#+|-|\d+\.)\s+|[*`|]|\[([^]]*)\]\([^)]*\)", r"\2", text).strip()
        for sentence in re.split(r"(?<=[.!?])\s+|(?<=[。！？])", plain):
            if len(sentence) > 8 and sentence[-1] in ".!?。！？":
                found[sentence] = None
    return tuple(found)


def help_passage(language: str, rng: random.Random) -> str:
    """Return one to three sentences; some words are replaced by made-up ones, keys, numbers and paths."""
    count = rng.choices([1, 2, 3], [5, 4, 1])[0]
    varied = [_vary(rng.choice(sentences(language)), language, rng) for _ in range(count)]
    return ("" if language == "zh" else " ").join(varied)


def _vary(sentence: str, language: str, rng: random.Random) -> str:
    if rng.random() < 0.35:
        return sentence
    fill = Filler(language, rng)

    def other() -> str:
        return rng.choice(
            [
                fill.fakeword,
                fill.fakename,
                lambda: fill("number"),
                fill.path,
                lambda: f"{rng.choice(_KEYS)}+{rng.choice('ABCDEFGHJKLMNPRSTUVWXZ')}",
                lambda: fill.pick("word"),
                lambda: fill.pick("object"),
            ]
        )()

    if language == "zh":
        letters = list(sentence[:-1])
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(letters))
            letters[at] = rng.choice([fill.pick("word"), other()])
        return "".join(letters) + sentence[-1]
    words = sentence[:-1].split(" ")
    for _ in range(max(1, len(words) // 6)):
        words[rng.randrange(len(words))] = other()
    return " ".join(words) + sentence[-1]
