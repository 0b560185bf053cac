"""CHANGELOG.md, read as releases and written as Debian and AppStream want it."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from xml.sax.saxutils import escape

from linux_packages.product import MAINTAINER, NAME, ROOT, Release

_HEADING = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<day>\d{4}-\d\d-\d\d))?\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Changes:
    """One section: what a version brought."""

    release: Release
    notes: tuple[tuple[str, str], ...]
    """Pairs of a kind ("Added", "Fixed") and a note in one line of plain text."""


def read_changes(current: Release, text: str | None = None) -> list[Changes]:
    """Return the sections of the changelog, newest first.

    What is not released yet belongs to the version that is being packed. Raises ValueError when no
    section is about that version.
    """
    if text is None:
        text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    found: list[Changes] = []
    for heading, end in zip(headings, ends, strict=True):
        notes = tuple(_notes(text[heading.end() : end]))
        if not notes:
            continue
        if heading["name"] in ("Unreleased", current.version):
            found.append(Changes(current, notes))
        elif heading["day"]:
            noon = datetime.combine(date.fromisoformat(heading["day"]), time(12), UTC)
            found.append(Changes(Release(heading["name"], int(noon.timestamp())), notes))
    merged = [section for section in found if section.release == current]
    if not merged:
        raise ValueError(f"CHANGELOG.md says nothing about {current.version}")
    now = Changes(current, tuple(note for section in merged for note in section.notes))
    return [now, *(section for section in found if section.release != current)]


def _notes(section: str) -> list[tuple[str, str]]:
    notes, kind = [], "Changed"
    for line in section.splitlines():
        if line.startswith("### "):
            kind = line[4:].strip()
        elif line.startswith("- "):
            notes.append((kind, line[2:]))
        elif line.startswith("  ") and notes:
            notes[-1] = (notes[-1][0], f"{notes[-1][1]} {line.strip()}")
    return [(kind, _plain(note)) for kind, note in notes]


def _plain(markdown: str) -> str:
    """Take away the marks of Markdown that would stand in the way in plain text."""
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", markdown).replace("`", "").replace("**", "").strip()


def debian_changelog(sections: Sequence[Changes]) -> str:
    """Write sections as a Debian changelog."""
    entries = []
    for section in sections:
        notes = (
            textwrap.fill(
                f"{kind}: {note}", 79, initial_indent="  * ", subsequent_indent="    ", break_on_hyphens=False
            )
            for kind, note in section.notes
        )
        entries.append(
            f"{NAME} ({section.release.debian_version}) unstable; urgency=medium\n\n"
            + "\n".join(notes)
            + f"\n\n -- {MAINTAINER}  {format_datetime(section.release.date)}\n"
        )
    return "\n".join(entries)


def appstream_releases(sections: Sequence[Changes]) -> str:
    """Write sections as the `<releases>` of AppStream metadata."""
    lines = ["  <releases>"]
    for section in sections:
        release = section.release
        unstable = release.debian_version != release.version
        lines += [
            f'    <release version="{release.debian_version}" date="{release.date:%Y-%m-%d}"'
            f' type="{"development" if unstable else "stable"}">',
            "      <description>",
            "        <ul>",
            *(f"          <li>{escape(note)}</li>" for _kind, note in section.notes),
            "        </ul>",
            "      </description>",
            "    </release>",
        ]
    return "\n".join([*lines, "  </releases>"])
