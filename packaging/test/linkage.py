"""Whether every program and library of a tree finds the libraries that it needs."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_NOT_FOUND = re.compile(r"\s+(\S+) => not found")
_NO_VERSION = re.compile(r"(\S+): (\S+): version `([^']+)' not found \(required by (\S+)\)")
_HEADING = re.compile(r"(/\S.*):")


@dataclass(frozen=True, slots=True, order=True)
class Missing:
    """A library, or a version of one, that a file needs and does not find."""

    library: str
    file: str


def elf_files(tree: Path) -> list[Path]:
    """Return the programs and libraries below a folder, without links."""
    found = []
    for path in sorted(tree.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            if file.read(4) == b"\x7fELF":
                found.append(path)
    return found


def missing_in(output: str) -> list[Missing]:
    """Return what `ldd FILE FILE…` (two files at least) did not find, by library."""
    missing: set[Missing] = set()
    file = ""
    for line in output.splitlines():
        if version := _NO_VERSION.match(line):
            missing.add(Missing(f"{Path(version[2]).name} ({version[3]})", version[4]))
        elif found := _NOT_FOUND.match(line):
            missing.add(Missing(found[1], file))
        elif heading := _HEADING.fullmatch(line):
            file = heading[1]
    return sorted(missing)


def sentence(missing: Iterable[Missing]) -> str:
    """Return which libraries are missing and one file each that needs them; empty when there are none."""
    first: dict[str, list[str]] = {}
    for item in missing:
        first.setdefault(item.library, []).append(item.file)
    if not first:
        return ""
    said = [
        f"{library} (needed by {files[0]}{f' and {len(files) - 1} more' if len(files) > 1 else ''})"
        for library, files in first.items()
    ]
    if len(said) == 1:
        return f"A library is missing: {said[0]}."
    return f"{len(said)} libraries are missing: {', '.join(said)}."
