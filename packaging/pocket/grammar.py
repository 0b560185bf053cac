"""Expands template strings: `(a|b)` chooses a branch, ` ?` is a space or nothing, `{slot}` is filled in."""

import random
from collections.abc import Callable

Fill = Callable[[str], str]


def expand(template: str, rng: random.Random, fill: Fill) -> str:
    """Return one random expansion of `template`. Raises ValueError on an unbalanced bracket."""
    text, end = _sequence(template, 0, rng)
    if end != len(template):
        raise ValueError(f"unbalanced bracket in template: {template}")
    return _slots(text, fill)


def careless(text: str, rng: random.Random, *, start: bool = True) -> str:
    """Drop the final mark, or (with `start`) the first capital, as people do."""
    if rng.random() < 0.2 and text[-1:] in "?.!？。！":
        text = text[:-1]
    if start and rng.random() < 0.15 and text[:1].isupper() and not text[1:2].isupper():
        text = text[:1].lower() + text[1:]
    return text


def dressed(text: str, around: dict[str, list[str]], rng: random.Random, *, end: bool = True) -> str:
    """Put words before the text, or (with `end`) behind it, as people do; mostly return it as it is."""
    if rng.random() < 0.14:
        is_word = text[:1].isupper() and not text[1:2].isupper() and text[:2] not in ("I ", "I'")
        if is_word and rng.random() < 0.6:
            text = text[:1].lower() + text[1:]
        text = rng.choice(around["before"]) + text
    if end and rng.random() < 0.08:
        mark = text[-1:] if text[-1:] in "?.!？。！" else ""
        text = text.removesuffix(mark) + rng.choice(around["after"]) + mark
    return text


def as_read(words: str, text: str) -> str:
    """Return `words` with the space that stands before them in `text`, so that they are the same tokens."""
    return f" {words}" if f" {words}" in text else words


def _sequence(template: str, at: int, rng: random.Random) -> tuple[str, int]:
    parts: list[str] = []
    while at < len(template) and template[at] not in "|)":
        if template[at] == "(":
            text, at = _choice(template, at + 1, rng)
            parts.append(text)
        elif template.startswith(" ?", at):
            parts.append(rng.choice([" ", ""]))
            at += 2
        else:
            parts.append(template[at])
            at += 1
    return "".join(parts), at


def _choice(template: str, at: int, rng: random.Random) -> tuple[str, int]:
    branches: list[str] = []
    while True:
        text, at = _sequence(template, at, rng)
        branches.append(text)
        if at >= len(template):
            raise ValueError(f"unbalanced bracket in template: {template}")
        at += 1
        if template[at - 1] == ")":
            return rng.choice(branches), at


def _slots(text: str, fill: Fill) -> str:
    while "{" in text:
        start = text.rindex("{")
        end = text.index("}", start)
        text = text[:start] + fill(text[start + 1 : end]) + text[end + 1 :]
    return text
