"""The help pages cut into passages: one per bullet, paragraph or table row, as plain text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_CHARACTERS = 400

_COMMENT = re.compile(r"\s*<!--\s*(minor:)?(.*?)-->")
_ROW_WEIGHT, _UNASKED_WEIGHT, _MINOR_WEIGHT = 0.5, 0.7, 0.8
_HEADING = re.compile(r"^(#+)\s+(.*)$")
_BULLET = re.compile(r"^[-*]\s+(.*)$")
_ROW = re.compile(r"^\|(.*)\|$")
_MARKS = re.compile(r"\*\*|__|`")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of help that can be understood by itself.

    Attributes:
        text: plain text.
        headings: of the page and the section around it.
        lead: what stands in bold at its beginning, which says what it is about.
        asked: words in which people ask for it, from the comment at its end that pages do not show.
        weight: how much it counts beside others: less for a row of a table, and where the comment begins
            with "minor:".
    """

    text: str
    headings: str
    lead: str
    asked: str
    weight: float


def passages_of(folder: Path) -> list[Passage]:
    """Return the passages of every page of a folder, in the order of the pages. Raises OSError."""
    return [
        passage
        for page in sorted(folder.glob("*.md"))
        for passage in _passages(page.read_text("utf-8").splitlines())
    ]


def _passages(lines: list[str]) -> Iterator[Passage]:
    headings: list[str] = []
    for kind, text in _blocks(lines):
        if kind == "heading":
            level, _space, title = text.partition(" ")
            headings = [*headings[: len(level) - 1], title]
        else:
            comment = _COMMENT.search(text)
            bold = re.match(r"\*\*(.+?)\*\*", text)
            plain = _plain(_COMMENT.sub("", text))
            lead = _plain(bold[1]) if bold else ""
            asked = comment[2].strip() if comment else ""
            if len(plain) <= MOST_CHARACTERS:
                yield Passage(plain, " ".join(headings), lead, asked, _weight(kind, comment))


def _weight(kind: str, comment: "re.Match[str] | None") -> float:
    if kind == "row":
        return _ROW_WEIGHT
    if comment is None:
        return _UNASKED_WEIGHT
    return _MINOR_WEIGHT if comment[1] else 1.0


def _blocks(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield ("heading", "## title"), ("row", cells), ("text", passage); a paragraph is one passage."""
    paragraph: list[str] = []
    header = True
    for line in [*lines, ""]:
        bullet, row = _BULLET.match(line), _ROW.match(line)
        ends = not line.strip() or _HEADING.match(line) or bullet or row
        if ends and paragraph:
            yield "text", " ".join(paragraph)
            paragraph = []
        if not line.strip():
            header = True
        elif _HEADING.match(line):
            yield "heading", line
        elif bullet:
            paragraph = [bullet[1]]
        elif row:
            cells = [cell.strip() for cell in row[1].split("|")]
            if not header and not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                yield "row", ": ".join(cells)
            header = False
        else:
            paragraph.append(line.strip())


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub("", _LINK.sub(r"\1", text)).split())
