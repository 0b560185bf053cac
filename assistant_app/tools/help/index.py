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
_LEAST_SCORE = 1.0
"""What a passage needs to answer a question of which the help knows every word."""
_UNKNOWN_COSTS = {"en": 4.2, "zh_CN": 1.2}
"""What each word of the question (in Chinese each pair of characters) that is nowhere in the help adds to the
least score. A question with several such words is about something else: "Which wine goes with snails?" has
only "goes" in common with the help, but that with many passages."""
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
        """Return the passage that answers the question best; None when the help knows too little of it.

        Raises OSError where the pages cannot be read.
        """
        with self._lock:
            connection = self._opened()  # first, since it reads the words that the terms are made of
            terms, alone = self._terms(question)
            scored = self._scored(connection, terms, alone)
            known = "SELECT EXISTS(SELECT 1 FROM passage WHERE passage MATCH ?)"
            unknown = sum(not connection.execute(known, (term,)).fetchone()[0] for term in (*terms, *alone))
        if not scored or scored[0][0] < _LEAST_SCORE + unknown * _UNKNOWN_COSTS[self._language]:
            return None
        return scored[0][1].text

    def ranked(self, question: str) -> list[Passage]:
        """Return the best passages, best first. Raises OSError where the pages cannot be read."""
        with self._lock:
            connection = self._opened()
            scored = self._scored(connection, *self._terms(question))
        return [passage for _score, passage in scored]

    def _scored(
        self, connection: sqlite3.Connection, terms: Sequence[str], alone: Sequence[str]
    ) -> list[tuple[float, Passage]]:
        """Return the best passages with their scores, best and highest first."""
        if not terms and not alone:
            return []
        # A word that says what a passage is about counts once more than one that only stands in it; a
        # character alone begins too many words for that, unless there is nothing else.
        match = " OR ".join([*terms, *alone, *(f"{{lead asked}} : {term}" for term in terms or alone)])
        weights = ", ".join(map(str, _WEIGHTS))
        rows = connection.execute(
            f"SELECT rowid, bm25(passage, {weights}) AS score FROM passage WHERE passage MATCH ?"
            " ORDER BY score LIMIT ?",
            (match, _CANDIDATES),
        ).fetchall()
        # SQLite's score is negative, the best one the lowest.
        found = [(-score * self._passages[rowid].weight, rowid) for rowid, score in rows]
        return [(score, self._passages[rowid]) for score, rowid in sorted(found, key=lambda one: -one[0])]

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._build()
        return self._connection

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

    def _terms(self, question: str) -> tuple[Sequence[str], Sequence[str]]:
        """Return FTS5 expressions of the telling words, or of any word at all where none is telling.

        The second ones are characters alone, which begin a pair.
        """
        plain = self._unified(question)
        telling = content_words(self._idle.sub(" ", plain))
        terms: dict[str, None] = {}
        alone: dict[str, None] = {}
        for word in (telling or content_words(plain) or re.findall(r"\w+", plain))[:_MOST_WORDS]:
            tokens = segment(word.replace('"', "")).split()
            if tokens and tokens[-1] >= "㐀":
                # At the end of a run a character alone says too little.
                terms.update((f'"{token}"', None) for token in tokens[:-1])
                if len(tokens) == 1:
                    alone[f'"{tokens[0]}" *'] = None
            else:
                terms.update((f'"{token}"', None) for token in tokens)
        return list(terms), list(alone)

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
