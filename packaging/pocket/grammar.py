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
