"""The file `copyright`: the licence of the application and of everything that is packed with it."""

import re
import sysconfig
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from linux_packages.components import Component
from linux_packages.libraries import system_libraries
from linux_packages.product import HOMEPAGE, MAINTAINER, ROOT, Release

COMMON = Path("/usr/share/common-licenses")
_DOCUMENTS = Path("/usr/share/doc")

_WELL_KNOWN = {
    "Apache-2.0": r"Apache License\s+Version 2\.0, January 2004",
    "LGPL-3": r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3, 29 June 2007",
    "LGPL-2.1": r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 2\.1, February 1999",
    "GPL-3": r"GNU GENERAL PUBLIC LICENSE\s+Version 3, 29 June 2007",
    "GPL-2": r"GNU GENERAL PUBLIC LICENSE\s+Version 2, June 1991",
    "MPL-2.0": r"Mozilla Public License Version 2\.0\s+=+",
}
"""Licences whose text every Debian system has: name there to how their text begins, as an expression."""

_LICENSE = (ROOT / "LICENSE").read_text(encoding="utf-8").strip()

_ENDS = r"END OF TERMS AND CONDITIONS|This Source Code Form is .Incompatible\s+With Secondary Licenses.*|\Z"


@dataclass(frozen=True, slots=True)
class Embedded:
    """A library that comes inside a distribution, or with Python, and has a licence of its own."""

    title: str
    pattern: str
    """Shell pattern of its files in a tree."""
    copyright: str
    licence: str
    says: str


EMBEDDED = (
    Embedded(
        "Qt 6 and Qt for Python",
        "libQt6*.so*",
        "The Qt Company Ltd. and other contributors",
        "LGPL-3",
        "Qt, PySide6 and Shiboken are used under version 3 of the GNU Lesser General Public License. They"
        " are shared libraries in the folders PySide6 and shiboken6, unchanged: you may replace them by"
        " versions of your own, also changed ones, and may take the application apart to find mistakes in"
        " such changes. Their source code: https://download.qt.io/official_releases/qt/ and"
        " https://download.qt.io/official_releases/QtForPython/",
    ),
    Embedded(
        "FFmpeg, part of Qt Multimedia",
        "libav*.so*",
        "The FFmpeg developers",
        "LGPL-2.1",
        "FFmpeg is used under version 2.1, or later, of the GNU Lesser General Public License, as shared"
        " libraries that you may replace. Its source code: https://download.qt.io/official_releases/qt/ and"
        " https://ffmpeg.org/download.html",
    ),
    Embedded(
        "libsndfile, with FLAC, Ogg, Vorbis, Opus, LAME and mpg123",
        "libsndfile*.so*",
        "Erik de Castro Lopo and others",
        "LGPL-2.1",
        "libsndfile, LAME and mpg123 are used under version 2.1, or later, of the GNU Lesser General Public"
        " License, as a shared library that you may replace. Their source code:"
        " https://github.com/libsndfile/libsndfile and https://github.com/bastibe/libsndfile-binaries",
    ),
    Embedded(
        "International Components for Unicode, part of Qt",
        "libicu*.so*",
        "Unicode, Inc.",
        "Unicode-3.0",
        "Permission is granted, free of charge, to deal in the data files and software without restriction,"
        " under the Unicode License v3: https://www.unicode.org/license.txt",
    ),
    Embedded(
        "llama.cpp and ggml",
        "libllama*.so*",
        "2023-2026 The ggml authors",
        "MIT",
        _LICENSE.split("\n\n", 2)[2],
    ),
    Embedded("SQLite", "libsqlite3.so*", "none", "public-domain", "SQLite is in the public domain."),
    Embedded(
        "The runtime of OpenMP",
        "libgomp*.so*",
        "Free Software Foundation, Inc.",
        "GPL-3",
        "Under version 3 of the GNU General Public License with the GCC Runtime Library Exception, version"
        " 3.1, which allows to pass it on with programs of any licence. Its source code: https://gcc.gnu.org",
    ),
)


def copyright_file(tree: Path, parts: Sequence[Component], release: Release) -> str:
    """Return the copyright file of a package, in the form of Debian (DEP 5). Raises OSError."""
    stanzas = [_header(), _own(release), *(_python(tree)), *(_component(part) for part in parts)]
    stanzas += [_embedded(library) for library in EMBEDDED if any(tree.rglob(library.pattern))]
    return "\n\n".join(stanzas) + "\n"


def well_known() -> list[Path]:
    """Return the licence texts that a package for other systems must bring. Raises OSError."""
    return [COMMON / name for name in _WELL_KNOWN if (COMMON / name).is_file()]


def licences_of_system_libraries(tree: Path) -> dict[str, Path]:
    """Return the copyright files of the system's packages whose libraries lie in a tree, by package.

    Raises FileNotFoundError when this system has none for one of them: then it may not be passed on.
    """
    found: dict[str, Path] = {}
    for library in system_libraries().values():
        if (tree / "_internal" / library.soname).is_file():
            files = {name: _DOCUMENTS / name / "copyright" for name in library.packages.split(" | ")}
            here = [(name, path) for name, path in files.items() if path.is_file()]
            if not here:
                raise FileNotFoundError(f"{_DOCUMENTS} has no licence of {library.soname}")
            found.update(here)
    return found


def _header() -> str:
    lines = [
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
        "Upstream-Name: Assistant",
        f"Upstream-Contact: {MAINTAINER}",
        f"Source: {HOMEPAGE or 'the archive of the same version'}",
        "Comment: Names of files mean parts of the program: files and folders of that name in _internal, or",
        " modules inside the program file.",
    ]
    return "\n".join(lines)


def _own(release: Release) -> str:
    notice, text = _LICENSE.split("\n\n", 2)[1:]
    holder = notice.removeprefix("Copyright (c) ")
    return _stanza("*", [holder], "Expat", text, f"Assistant {release.version}")


def _python(tree: Path) -> list[str]:
    text = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    if not any(tree.rglob("libpython3*.so*")):
        return []
    says = (
        text.read_text(encoding="utf-8") if text.is_file() else "See https://docs.python.org/3/license.html"
    )
    return [_stanza("libpython3*", ["Python Software Foundation"], "PSF-2.0", says, "Python")]


def _component(part: Component) -> str:
    texts = [_shortened(text) for text in part.texts]
    holders = dict.fromkeys(holder for text in part.texts for holder in _holders(text))
    return _stanza(
        f"{part.name}/*",
        list(holders) or [f"the authors of {part.name}"],
        f"{part.name}-licence",
        "\n\n".join(texts) or _reference(part.licence),
        f"{part.name} {part.version}, {part.licence}. {part.homepage}",
    )


def _embedded(library: Embedded) -> str:
    text = textwrap.fill(library.says, 110) if len(library.says.splitlines()) == 1 else library.says
    if library.licence in _WELL_KNOWN:
        text += f"\n\n{_full_text(library.licence)}"
    return _stanza(library.pattern, [library.copyright], library.licence, text, library.title)


def _holders(text: str) -> list[str]:
    line = r"^[\s*#/]*Copyright\s+((?:\(c\)|©|\d{4}).*\S)\s*$"
    found = re.findall(line, text, re.MULTILINE | re.IGNORECASE)
    return [re.sub(r"^(\(c\)|©)\s*", "", holder, flags=re.IGNORECASE) for holder in found[:20]]


def _shortened(text: str) -> str:
    """Replace well-known texts, alone or within others, by where they stand, as Debian's rules want it."""
    for name, begins in _WELL_KNOWN.items():
        text = re.sub(f"{begins}.*?(?:{_ENDS})", _full_text(name), text, flags=re.DOTALL)
    return text


def _reference(licence: str) -> str:
    name = "LGPL-3" if licence.startswith("LGPL-3") else ""
    return _full_text(name) if name else f"{licence}: see its home page."


def _full_text(name: str) -> str:
    return (
        f"The full text is in the file /usr/share/common-licenses/{name} of Debian and Ubuntu,\n"
        f"and in other packages in the file licences/{name} beside this one."
    )


def _stanza(files: str, holders: Sequence[str], licence: str, text: str, comment: str) -> str:
    lines = (line.rstrip().replace("\t", "    ").replace("\f", "") for line in text.strip().splitlines())
    body = [f" {line}" if line else " ." for line in lines]
    return "\n".join(
        [
            f"Files: {files}",
            f"Copyright: {holders[0]}",
            *(f" {holder}" for holder in holders[1:]),
            f"License: {re.sub(r'[^A-Za-z0-9.+-]', '-', licence)}",
            *body,
            f"Comment: {comment}",
        ]
    )
