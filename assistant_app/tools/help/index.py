"""Full-text search over the help pages: the user's question, word for word, finds the best passage.

FTS5 in memory. English words are stemmed, Chinese is indexed as overlapping pairs. Words that mean the
same in this application (resources/help/synonyms.toml) are made one word, on both sides; turns of phrase
that belong to any question ("any idea", 怎么回事) are left out of the question.
"""

import re
import sqlite3
import threading
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from assistant_app.core.segments import segment
from assistant_app.tools.help.passages import Passage, passages_of
from assistant_app.tools.reading.numbers import normal
from assistant_app.tools.reading.stopwords import content_words

_WEIGHTS = (0.9, 0.3, 1.0, 1.0, 0.0)
"""Of the columns lead, headings, body, asked, filler. Not higher: then a passage with a word once would have
almost as much of it as one with the word in every column."""
_EVEN_WORDS = 120
"""Shorter passages are filled up to this: one that is asked for in many words is not worse than they are."""
_FILLER = "\ue000 "
"""A word that nobody types."""
_CANDIDATES, _MOST_WORDS = 20, 40
_NOTHING = re.compile("(?!)")


class HelpIndex:
    """The passages of one language; built at the first search, which takes some milliseconds."""

    def __init__(self, folder: Path, language: str) -> None:
        """Take the folder of all help pages and the language to search."""
        self._folder = folder
        self._language = language
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._passages: Sequence[Passage] = ()
        self._synonyms = self._idle = _NOTHING
        self._first_of: Mapping[str, str] = {}

    def best(self, question: str) -> str | None:
        """Return the passage that answers the question best; None when none has a word of it."""
        found = self.ranked(question)
        return found[0].text if found else None

    def ranked(self, question: str) -> list[Passage]:
        """Return the best passages, best first. Raises OSError where the pages cannot be read."""
        with self._lock:
            if self._connection is None:
                self._connection = self._build()
            match = self._match(question)
            if not match:
                return []
            weights = ", ".join(map(str, _WEIGHTS))
            rows = self._connection.execute(
                f"SELECT rowid, bm25(passage, {weights}) AS score FROM passage WHERE passage MATCH ?"
                " ORDER BY score LIMIT ?",
                (match, _CANDIDATES),
            ).fetchall()
        # The score is negative, the best one the lowest.
        scored = sorted((score * self._passages[rowid].weight, rowid) for rowid, score in rows)
        return [self._passages[rowid] for _score, rowid in scored]

    def _build(self) -> sqlite3.Connection:
        self._passages = passages_of(self._folder / self._language)
        words = tomllib.loads((self._folder / "synonyms.toml").read_text("utf-8"))
        self._synonyms, self._first_of = _synonyms(words[self._language], self._language)
        self._idle = _any_of(words["idle"][self._language], self._language)
        # Searches come from threads; the lock keeps them apart.
        connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        connection.execute(
            "CREATE VIRTUAL TABLE passage USING fts5(lead, headings, body, asked, filler,"
            " tokenize = 'porter unicode61')"
        )
        connection.executemany(
            "INSERT INTO passage(rowid, lead, headings, body, asked, filler) VALUES(?, ?, ?, ?, ?, ?)",
            ((number, *self._columns(one)) for number, one in enumerate(self._passages)),
        )
        return connection

    def _columns(self, one: Passage) -> tuple[str, str, str, str, str]:
        lead, headings, body = (segment(self._unified(text)) for text in (one.lead, one.headings, one.text))
        # Each word once: what people ask for in many ways is not better for it.
        asked = " ".join(dict.fromkeys(re.findall(r"\w+", segment(self._unified(one.asked)))))
        words = len(re.findall(r"\w+", f"{lead} {headings} {body} {asked}"))
        return lead, headings, body, asked, _FILLER * (_EVEN_WORDS - words)

    def _match(self, question: str) -> str:
        """Return the FTS5 expression: any of the telling words, or any word at all where none is telling."""
        plain = self._unified(question)
        telling = content_words(self._idle.sub(" ", plain))
        terms: dict[str, None] = {}
        alone: dict[str, None] = {}
        for word in (telling or content_words(plain) or re.findall(r"\w+", plain))[:_MOST_WORDS]:
            tokens = segment(word.replace('"', "")).split()
            if tokens and tokens[-1] >= "㐀":
                # A character alone begins a pair; at the end of a run it says too little.
                terms.update((f'"{token}"', None) for token in tokens[:-1])
                if len(tokens) == 1:
                    alone[f'"{tokens[0]}" *'] = None
            else:
                terms.update((f'"{token}"', None) for token in tokens)
        # A word that says what a passage is about counts once more than one that only stands in it; a
        # character alone begins too many words for that, unless there is nothing else.
        return " OR ".join([*terms, *alone, *(f"{{lead asked}} : {term}" for term in terms or alone)])

    def _unified(self, text: str) -> str:
        """Return normal text in which words of one meaning are one word."""
        return self._synonyms.sub(
            lambda match: self._first_of.get(match.group()) or self._first_of[_singular(match.group())],
            normal(text),
        )


def _synonyms(groups: Sequence[Sequence[str]], language: str) -> tuple[re.Pattern[str], Mapping[str, str]]:
    """Return a pattern of all words of the groups, and word → the first of its group."""
    first_of = {word: group[0] for group in groups for word in group}
    return _any_of(first_of, language, "(?:'?s)?"), first_of


def _any_of(words: Iterable[str], language: str, ending: str = "") -> re.Pattern[str]:
    """Return a pattern of the words, the longest first; in English they are whole words with this ending."""
    choice = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"\b(?:{choice}){ending}\b" if language == "en" else choice)


def _singular(word: str) -> str:
    return re.sub(r"'?s$", "", word)
