"""A release begins only where tag, code and changelog agree, and is told in the changelog's words."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.packaging_scripts import ROOT, load

notes = load("packaging/release/notes.py")

CHANGELOG = """# Changelog

## [Unreleased]

### Added

- What comes next.

## [1.2.0] - 2026-11-20

### Added

- Packages that install and start.

## [1.1.0] - 2026-10-01

- The older one.
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "assistant_app").mkdir()
    (tmp_path / "assistant_app" / "__init__.py").write_text('"""Assistant."""\n\n__version__ = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def test_the_section_of_the_version_and_nothing_else(source: Path) -> None:
    assert notes.notes(source, "v1.2.0") == "### Added\n\n- Packages that install and start."


@pytest.mark.parametrize("tag", ["v1.1.0", "v1.2.1", "v1.2.0rc1"])
def test_a_tag_that_is_not_the_version_of_the_code(source: Path, tag: str) -> None:
    with pytest.raises(notes.NotesError, match=r"does not fit the code, whose version is 1\.2\.0"):
        notes.notes(source, tag)


@pytest.mark.parametrize("tag", ["1.2.0", "release-1.2.0", "v1.2", "v1.2.0; rm -rf /", ""])
def test_a_tag_of_another_form(source: Path, tag: str) -> None:
    with pytest.raises(notes.NotesError, match="not of the form"):
        notes.notes(source, tag)


@pytest.mark.parametrize(
    ("heading", "why"),
    [
        ("## [1.2.0]", "has no date"),
        ("## [Unreleased two]", "has no section"),
        ("## [1.2.0] - 2026-11-20\n\n## [1.1.9] - 2026-11-19", "says nothing"),
    ],
)
def test_a_changelog_that_does_not_tell_of_the_version(source: Path, heading: str, why: str) -> None:
    told = CHANGELOG.replace("## [1.2.0] - 2026-11-20", heading)
    (source / "CHANGELOG.md").write_text(told)
    with pytest.raises(notes.NotesError, match=why):
        notes.notes(source, "v1.2.0")


def test_the_program_fails_with_one_sentence_for_a_tag_of_no_version() -> None:
    program = [sys.executable, str(ROOT / "packaging/release/notes.py"), "v99.0.0"]
    ran = subprocess.run(program, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.startswith("The tag v99.0.0 does not fit the code, whose version is ")


def test_the_version_is_that_of_the_running_code() -> None:
    from assistant_app import __version__

    assert notes.version_of(ROOT) == __version__
