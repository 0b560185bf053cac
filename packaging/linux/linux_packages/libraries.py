"""Which libraries are packed, which the system provides, and whether anything is missing."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from linux_packages.elf import Elf, elf_files, read_elf

TABLE = Path(__file__).parent.parent / "system_libraries.txt"

OPTIONAL = {"libqgtk3.so"}
"""Plug-ins that Qt does without when what they need, GTK here, is not installed."""

_GCC = {
    "GLIBCXX_3.4.29": "11",
    "GLIBCXX_3.4.30": "12",
    "GLIBCXX_3.4.31": "13",
    "GLIBCXX_3.4.32": "13.2",
    "GLIBCXX_3.4.33": "14",
}
"""Symbol version to the GCC whose libstdc++ brought it; earlier ones are in every supported system."""

Form = Literal["deb", "portable"]


@dataclass(frozen=True, slots=True)
class SystemLibrary:
    """One line of the table."""

    soname: str
    packages: str
    everywhere: bool
    """Whether it is left out of the tarball and the AppImage too."""


@dataclass(frozen=True, slots=True, order=True)
class MissingLibrary:
    """A file of the tree asks for a library that nothing provides."""

    file: str
    soname: str

    def __str__(self) -> str:
        return f"{self.file} needs {self.soname}, which is neither packed nor in system_libraries.txt"


@cache
def system_libraries() -> dict[str, SystemLibrary]:
    """Read the table. Raises ValueError for a line that is not understood."""
    table: dict[str, SystemLibrary] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        where, soname, packages = line.split(maxsplit=2)
        if where not in ("all", "deb") or soname in table:
            raise ValueError(f"{TABLE.name}: {line}")
        table[soname] = SystemLibrary(soname, packages.strip(), where == "all")
    return table


def left_out(soname: str, form: Form) -> bool:
    """Tell whether a library of this name is left to the system."""
    library = system_libraries().get(soname)
    return library is not None and (form == "deb" or library.everywhere)


def leave_out(tree: Path, form: Form) -> list[str]:
    """Remove the system's libraries from a copy of a frozen tree; return their names, sorted.

    PyInstaller puts them directly into `_internal`; what wheels bring lies in folders, and stays.
    """
    removed = []
    for path in sorted((tree / "_internal").glob("lib*.so*")):
        if left_out(path.name, form):
            path.unlink()
            removed.append(path.name)
    return removed


def missing_libraries(tree: Path, provided: Callable[[str], bool] | None = None) -> list[MissingLibrary]:
    """Return what the ELF files of a tree ask for and nobody provides, sorted; empty is good.

    A library is looked for where the loader looks: the folders that a file names itself, then `_internal`
    of the tree, which the start program puts into the search path. `provided` tells whether the system has
    it; without it, whether system_libraries.txt lists it.
    """
    has = provided or (lambda soname: soname in system_libraries())
    return sorted(
        MissingLibrary(path.relative_to(tree).as_posix(), soname)
        for path, elf in _read(tree)
        if path.name not in OPTIONAL
        for soname in elf.needed
        if not _packed(path, elf, soname, tree) and not has(soname)
    )


def broken_links(tree: Path, core: Path) -> list[str]:
    """Return the links of a tree, sorted, that lead nowhere when it is installed.

    The tree of voice is installed as the folder `voice` of the core, wherever the two are now, and links to
    what both need.
    """
    broken = []
    for link in sorted(path for path in tree.rglob("*") if path.is_symlink()):
        target = Path(os.path.normpath(link.parent / os.readlink(link)))
        if not target.is_relative_to(tree):
            target = core / os.path.relpath(target, tree.parent)
        if not target.exists() and not target.is_symlink():
            broken.append(link.relative_to(tree).as_posix())
    return broken


def dependencies(tree: Path) -> list[str]:
    """Return the packages that the ELF files of a tree need, sorted.

    Those of libc6 and libstdc++6 have the version that is really needed. Raises ValueError when a library
    is missing; the text names all of them.
    """
    missing = missing_libraries(tree)
    if missing:
        raise ValueError("\n".join(map(str, missing)))
    table, packages, symbols = system_libraries(), set[str](), set[str]()
    for path, elf in _read(tree):
        symbols.update(version for versions in elf.versions.values() for version in versions)
        packages.update(
            table[soname].packages
            for soname in elf.needed
            if path.name not in OPTIONAL and not _packed(path, elf, soname, tree)
        )
    return sorted(_at_least(package, symbols) for package in packages)


def needed_glibc(tree: Path) -> str:
    """Return the oldest glibc with which a tree works, such as "2.36". Raises ValueError as dependencies."""
    found = re.search(r"libc6 \(>= ([\d.]+)\)", "\n".join(dependencies(tree)))
    if not found:
        raise ValueError(f"{tree} holds no program that needs the C library")
    return found[1]


def _at_least(package: str, symbols: set[str]) -> str:
    if package == "libc6":
        numbers = (re.fullmatch(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?", version) for version in symbols)
        found = [(int(match[1]), int(match[2])) for match in numbers if match]
        return f"libc6 (>= {max(found)[0]}.{max(found)[1]})" if found else package
    if package == "libstdc++6":
        gcc = [_GCC[version] for version in sorted(symbols) if version in _GCC]
        return f"libstdc++6 (>= {gcc[-1]})" if gcc else package
    return package


def _read(tree: Path) -> Iterator[tuple[Path, Elf]]:
    return ((path, read_elf(path)) for path in elf_files(tree))


def _packed(path: Path, elf: Elf, soname: str, tree: Path) -> bool:
    named = (folder.replace("${ORIGIN}", "$ORIGIN") for folder in elf.run_path)
    folders = [Path(folder.replace("$ORIGIN", str(path.parent))) for folder in named if "$ORIGIN" in folder]
    # What a link leads to may be in the other package: broken_links looks after that.
    return any(os.path.lexists(folder / soname) for folder in [*folders, tree / "_internal"])
