"""Prints what is new in a version: `notes.py v1.2.3`, the section of CHANGELOG.md for the page of the
release.

Fails when the tag is not the version of the code, or when the changelog does not tell of it with a date: a
release whose numbers disagree must not begin.
"""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_TAG = re.compile(r"v(\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?)")
_HEADING = re.compile(r"^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?\s*$", re.MULTILINE)


class NotesError(Exception):
    """Why there is nothing to publish, in one sentence."""


def version_of(root: Path) -> str:
    """Return the version of the code below a folder, from its one place. Raises NotesError."""
    file = root / "assistant_app" / "__init__.py"
    found = _VERSION.search(file.read_text(encoding="utf-8"))
    if found is None:
        raise NotesError(f"{file} has no line that sets __version__.")
    return found[1]


def section(changelog: str, version: str) -> str:
    """Return the text below a version's heading, up to the next heading of a version. Raises NotesError."""
    headings = list(_HEADING.finditer(changelog))
    for index, heading in enumerate(headings):
        if heading[1] != version:
            continue
        if heading[2] is None:
            raise NotesError(f"CHANGELOG.md has no date at version {version}: ## [{version}] - YYYY-MM-DD.")
        end = headings[index + 1].start() if index + 1 < len(headings) else len(changelog)
        text = changelog[heading.end() : end].strip()
        if not text:
            raise NotesError(f"CHANGELOG.md says nothing about version {version}.")
        return text
    raise NotesError(
        f"CHANGELOG.md has no section ## [{version}]; [Unreleased] has to get its number and date."
    )


def notes(root: Path, tag: str) -> str:
    """Return the notes of the release that a tag begins. Raises NotesError."""
    named = _TAG.fullmatch(tag)
    if named is None:
        raise NotesError(f"The tag {tag!r} is not of the form v1.2.3.")
    version = version_of(root)
    if named[1] != version:
        raise NotesError(f"The tag {tag} does not fit the code, whose version is {version}.")
    return section((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)


def main() -> None:
    """Print the notes, or the sentence that says why there are none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tag", help="v1.2.3, as it was pushed")
    options = parser.parse_args()
    try:
        text = notes(ROOT, options.tag)
    except NotesError as error:
        sys.exit(str(error))
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    print(text)


if __name__ == "__main__":
    main()
