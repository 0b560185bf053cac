"""Facts of the product that every package needs: names, version, date, and the checkout they come from."""

import os
import re
import subprocess
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
LINUX = ROOT / "packaging" / "linux"

NAME = "assistant-app"
VOICE = "assistant-app-voice"
COMPONENT = "io.github.assistant_app.assistant"
"""AppStream wants a name in reverse DNS; the desktop file keeps the name that portals know."""

_PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

HOMEPAGE: str = _PROJECT.get("urls", {}).get("Homepage", "")
"""Empty as long as pyproject.toml names none: an address that is not ours is worse than none."""

_AUTHOR: dict[str, str] = _PROJECT["authors"][0]
MAINTAINER = f"{_AUTHOR['name']} <{_AUTHOR.get('email', 'packages@assistant-app.invalid')}>"
"""Debian wants an address; one below .invalid reaches nobody, by its standard."""


@dataclass(frozen=True, slots=True)
class Release:
    """What is packed: the version as Python writes it, and the time that all files get."""

    version: str
    epoch: int
    """Seconds since 1970, UTC."""

    @property
    def debian_version(self) -> str:
        """The version so that dpkg sorts it as Python does: 1.0rc1 comes before 1.0."""
        return re.sub(r"[.-]?(a|b|rc|dev)(\d+)", r"~\1\2", self.version)

    @property
    def date(self) -> datetime:
        """The time as a date, UTC."""
        return datetime.fromtimestamp(self.epoch, UTC)


def current_release() -> Release:
    """Return what this checkout makes: its version, and SOURCE_DATE_EPOCH or the time of the last commit.

    Raises ValueError when the version is not found.
    """
    text = (ROOT / "assistant_app" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    if not found:
        raise ValueError("assistant_app/__init__.py does not say the version")
    return Release(found[1], _epoch())


def _epoch() -> int:
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    if said.isdecimal():
        return int(said)
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    try:
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    except (OSError, ValueError, subprocess.CalledProcessError):
        # A source archive has no history; the changelog is part of what is released.
        return int((ROOT / "CHANGELOG.md").stat().st_mtime)
