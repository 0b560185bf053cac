"""Proves that a frozen Windows folder brings the Visual C++ runtime that its programs and libraries ask for.

A build machine has the runtime installed for all, so a missing file would be found on other people's
computers only.
"""

import argparse
import re
import sys
from pathlib import Path

_RUNTIME = re.compile(
    rb"\b((?:msvcp|vcruntime|vccorlib|concrt|vcomp|vcamp)140(?:_[0-9a-z_]+)?\.dll)\x00", re.IGNORECASE
)
"""A name in a table of imports: it ends with a zero byte."""


def wanted(tree: Path) -> dict[str, str]:
    """Return the libraries of the runtime that files of a folder name, each with one of those files."""
    found: dict[str, str] = {}
    for file in sorted(tree.rglob("*")):
        if file.suffix.lower() in (".exe", ".dll", ".pyd") and file.is_file():
            for name in _RUNTIME.findall(file.read_bytes()):
                found.setdefault(name.decode("ascii").lower(), file.relative_to(tree).as_posix())
    return found


def missing(tree: Path) -> list[str]:
    """Return a sentence for each library of the runtime that the folder asks for and does not bring."""
    there = {file.name.lower() for file in tree.rglob("*.dll")}
    return [
        f"{file} needs {name}, which is not in {tree}."
        for name, file in wanted(tree).items()
        if name not in there
    ]


def main() -> None:
    """Check folders."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trees", nargs="+", type=Path)
    complaints = [sentence for tree in parser.parse_args().trees for sentence in missing(tree)]
    if complaints:
        sys.exit("\n".join(complaints))


if __name__ == "__main__":
    main()
