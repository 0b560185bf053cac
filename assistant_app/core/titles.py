"""Names a conversation after its first question."""

import re

_MARKUP = re.compile(r"[#*_`>|]+")
_LONGEST = 60


def title_from(text: str) -> str:
    """Return the first line with words, without Markdown signs, cut at a word near 60 characters."""
    for line in text.splitlines():
        plain = " ".join(_MARKUP.sub(" ", line).split())
        if plain:
            break
    else:
        return ""
    if len(plain) <= _LONGEST:
        return plain
    cut = plain.rfind(" ", _LONGEST // 2, _LONGEST)
    return plain[: cut if cut > 0 else _LONGEST - 1].rstrip() + "…"
