"""How far a text is from what was said: word errors, or characters where no spaces stand. Pure."""

import unicodedata
from collections.abc import Sequence

_WIDE = "WF"


def units(text: str) -> list[str]:
    """Return what is compared: lower-case words without marks; each Chinese or Japanese character alone."""
    found: list[str] = []
    word = ""
    for character in unicodedata.normalize("NFKC", text).casefold():
        if _stands_alone(character):
            found += [word, character] if word else [character]
            word = ""
        elif character.isalnum() or unicodedata.category(character).startswith("M"):
            word += character
        elif character not in "'’":  # don't and dont are one word
            if word:
                found.append(word)
            word = ""
    return [*found, word] if word else found


def errors(heard: Sequence[str], wanted: Sequence[str]) -> int:
    """Return how many units have to be changed, added or taken away."""
    row = list(range(len(wanted) + 1))
    for i, one in enumerate(heard, 1):
        above, row[0] = row[0], i
        for j, other in enumerate(wanted, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (one != other))
    return row[-1]


def _stands_alone(character: str) -> bool:
    return character.isalpha() and unicodedata.east_asian_width(character) in _WIDE
