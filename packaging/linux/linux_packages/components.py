"""What was frozen: the distributions whose modules or files are in a tree."""

import re
from dataclasses import dataclass
from email.message import Message
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import cast

from linux_packages.product import NAME

SHIMS = {"numba"}
"""Modules in whose place a few lines of our own are frozen (packaging/pyinstaller/shims)."""

_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice|copyright)", re.IGNORECASE)
_CODE = (".py", ".pyc", ".pyi", ".so")


@dataclass(frozen=True, slots=True)
class Component:
    """A distribution that is part of a package."""

    name: str
    version: str
    licence: str
    """As the distribution declares it."""
    homepage: str
    texts: tuple[str, ...]
    """Its licence files, word for word, each once."""


def components(tree: Path, program: str) -> list[Component]:
    """Return the distributions that a frozen tree holds, sorted by name. Raises OSError."""
    names = (_modules(tree / program) | _folders(tree / "_internal")) - SHIMS
    owners = metadata.packages_distributions()
    found = {owner for name in names for owner in owners.get(name, ())} - {NAME}
    return [_component(metadata.distribution(name)) for name in sorted(found, key=str.lower)]


def _modules(program: Path) -> set[str]:
    """Return the first names of all modules inside a program that PyInstaller made."""
    from PyInstaller.archive.readers import (  # type: ignore[import-untyped]
        ArchiveReadError,
        CArchiveReader,
    )

    try:
        archive = CArchiveReader(str(program))
        modules = archive.open_embedded_archive("PYZ.pyz").toc
    except (ArchiveReadError, KeyError):
        # Not made by PyInstaller: all of its modules lie in folders.
        return set()
    return {name.partition(".")[0] for name in modules}


def _folders(internal: Path) -> set[str]:
    return {path.name.partition(".")[0].partition("-")[0] for path in internal.iterdir()}


def _component(distribution: metadata.Distribution) -> Component:
    about = distribution.metadata
    return Component(
        name=about["Name"],
        version=distribution.version,
        licence=_licence(distribution),
        homepage=_homepage(distribution),
        texts=_texts(distribution),
    )


def _fields(distribution: metadata.Distribution) -> Message:
    # What it is, though its declared type has fewer methods.
    return cast(Message, distribution.metadata)


def _licence(distribution: metadata.Distribution) -> str:
    about = _fields(distribution)
    field = (about.get("License") or "").strip().partition("\n")[0]
    classifiers = [
        text.rpartition(" :: ")[2] for text in about.get_all("Classifier") or [] if text.startswith("License")
    ]
    return about.get("License-Expression") or field or ", ".join(classifiers) or "see its licence below"


def _homepage(distribution: metadata.Distribution) -> str:
    about = _fields(distribution)
    labelled = [url.partition(", ") for url in about.get_all("Project-URL") or []]
    urls = {label.strip().lower(): url for label, _comma, url in labelled}
    named = (
        urls[label] for label in ("homepage", "home", "source", "source code", "repository") if label in urls
    )
    return about.get("Home-page") or next(named, f"https://pypi.org/project/{about['Name']}/")


def _texts(distribution: metadata.Distribution) -> tuple[str, ...]:
    files = [
        file
        for file in distribution.files or ()
        if _LICENCE_FILE.search(file.name) and file.suffix not in _CODE
    ]
    texts = (_text(Path(str(distribution.locate_file(file)))) for file in files)
    return tuple(dict.fromkeys(filter(None, texts)))


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else ""
