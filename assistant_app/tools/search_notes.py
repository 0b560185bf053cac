"""Searching the notes."""

import re

from assistant_app.core.text import N_
from assistant_app.core.tools import Risk
from assistant_app.tools.reading.excerpts import numbered
from assistant_app.tools.reading.stopwords import content_words
from assistant_app.tools.services import Services
from assistant_app.tools.signature import tool

_IDLE = frozenset("note notes noted write written wrote down save saved 笔记 记录 记下".split())


@tool(
    order=100,
    risk=Risk.READ,
    title=N_("Search notes"),
    summary=N_("Finds notes by their words."),
)
def search_notes(services: Services, query: str) -> str:
    """Find notes by their words.

    Args:
        query: words to look for
    """
    found = services.notes.search_notes(query)
    words = [word for word in content_words(query) if word not in _IDLE]
    if not found and words:
        # The whole question may have been given: its telling words, all of them or else any.
        found = services.notes.search_notes(" ".join(words))
    if not found:
        any_of = {place: note for word in words for place, note in services.notes.search_notes(_stem(word))}
        found = sorted(any_of.items())
    return numbered(found)


def _stem(word: str) -> str:
    return re.sub(r"(?<=[a-z]{3})(?:es|s|ing)$", "", word)
