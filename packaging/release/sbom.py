"""Writes what a frozen program is made of, as CycloneDX 1.6: `sbom.py FOLDER... --output FILE --name NAME`.

Not the lock file, of which a program uses a part, but what is really in it: the modules in PyInstaller's
archive and the files beside it, each traced to the Python package that brought it; what no package brought is
traced to the package of the Debian system that built, or else named as a file with its hash. Run it with the
Python of the environment that froze.
"""

import argparse
import filecmp
import hashlib
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = "assistant-app"
LLAMA = "llama-cpp-python"
_LIBRARY = re.compile(r"\.(so(\.[0-9.]+)?|dylib|dll|pyd)$")
_OF_PYTHON = re.compile(r"(^|/)(lib-dynload/|libpython3|python3[0-9]*\.dll$|Python$)")
_SHIMS = {file.stem for file in (ROOT / "packaging" / "pyinstaller" / "shims").glob("*.py")}
"""Modules of our own that stand in for packages which are left out."""


class Packages:
    """The Python packages of this environment: which of them brought a module or a file."""

    def __init__(self) -> None:
        """Read what each installed package says of its files."""
        self._of_file: dict[str, str] = {}
        self._of_module: dict[str, str] = {}
        self._libraries: dict[str, list[tuple[str, Path]]] = {}
        for package in importlib.metadata.distributions():
            name = package.metadata["Name"]
            for file in package.files or []:
                path = file.as_posix()
                self._of_file[path] = name
                if file.suffix == ".py" or _LIBRARY.search(file.name):
                    self._of_module.setdefault(_module(path), name)
                if _LIBRARY.search(file.name):
                    self._libraries.setdefault(file.name, []).append(
                        (name, Path(str(package.locate_file(file))))
                    )

    def of_module(self, module: str) -> str | None:
        """Return the package of a module, by its whole name: one folder may belong to several packages."""
        return self._of_module.get(module)

    def of_file(self, path: str, file: Path) -> str | None:
        """Return the package of a file, by its path below site-packages.

        A library may lie at the top of the frozen folder instead: then its name and its content tell.
        """
        if path in self._of_file:
            return self._of_file[path]
        if ".dist-info/" in path:
            return path.partition("-")[0]
        return next((name for name, twin in self._libraries.get(file.name, []) if _same(file, twin)), None)


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def _module(path: str) -> str:
    stem = re.sub(r"(\.[^/]*)?\.(py|pyd|so)$", "", path)
    return stem.removesuffix("/__init__").replace("/", ".")


def frozen_modules(program: Path) -> list[str]:
    """Return the names of the modules in the archive of a frozen program. Raises OSError, ValueError."""
    from PyInstaller.archive.readers import ArchiveReadError, CArchiveReader, NotAnArchiveError

    try:
        archive = CArchiveReader(str(program))
        inner = [name for name, entry in archive.toc.items() if entry[-1] == "z"]
        return sorted(module for name in inner for module in archive.open_embedded_archive(name).toc)
    except (ArchiveReadError, NotAnArchiveError) as error:
        raise ValueError(f"{program} is no frozen program: {error}") from error


def programs(folder: Path) -> list[Path]:
    """Return the frozen programs of a folder as PyInstaller lays it out, or of a macOS application."""
    inside = folder / "Contents" / "MacOS"
    names = sorted((inside if inside.is_dir() else folder).iterdir())
    return [file for file in names if file.is_file() and file.name.startswith(PRODUCT)]


def components(folders: Iterable[Path], packages: Packages) -> list[dict[str, Any]]:
    """Return the components of frozen folders, sorted by name, without Assistant itself."""
    found: set[str] = set()
    others: dict[str, Path] = {}
    for folder in folders:
        for program in programs(folder):
            modules = (name for name in frozen_modules(program) if name.partition(".")[0] not in _SHIMS)
            found.update(filter(None, map(packages.of_module, modules)))
        for path, file in _contents(folder):
            if _OF_PYTHON.search(path) or _is_builtin(file):
                continue
            owner = packages.of_file(path, file)
            if owner is not None:
                found.add(owner)
            elif _LIBRARY.search(file.name):
                others[file.name] = file
    entries = [_python()]
    entries += [_package(name) for name in _canonical(found) if name != PRODUCT]
    entries += [_llama_cpp(entry) for entry in entries if entry["purl"].startswith(f"pkg:pypi/{LLAMA}@")]
    entries += _system(others)
    model = ROOT / "resources" / "models" / "pocket.gguf"
    if model.is_file():
        entries.append(_file("machine-learning-model", "pocket.gguf", model))
    unique = {entry["bom-ref"]: entry for entry in entries}
    return sorted(unique.values(), key=lambda entry: (entry["name"].lower(), entry["bom-ref"]))


def _is_builtin(file: Path) -> bool:
    """Tell whether a library is a module of Python's own, as PyInstaller lays them out at the top."""
    return _LIBRARY.search(file.name) is not None and file.name.partition(".")[0] in sys.stdlib_module_names


def _contents(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield files with their path as it would be below site-packages; links are their targets' business."""
    roots = [folder / "_internal", folder / "Contents" / "Frameworks", folder / "Contents" / "Resources"]
    for root in roots:
        for file in sorted(root.rglob("*")):
            if file.is_file() and not file.is_symlink():
                yield file.relative_to(root).as_posix(), file


def _canonical(names: Iterable[str]) -> list[str]:
    """Return names as the packages spell them, once each."""
    return sorted({importlib.metadata.metadata(name)["Name"] for name in names})


def _package(name: str) -> dict[str, Any]:
    about = importlib.metadata.metadata(name)
    version = about["Version"].partition("+")[0]
    purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}"
    entry: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }
    if "License-Expression" in about:
        entry["licenses"] = [{"expression": about["License-Expression"]}]
    elif _licence_names(about):
        entry["licenses"] = [{"license": {"name": licence}} for licence in _licence_names(about)]
    return entry


def _licence_names(about: Any) -> list[str]:
    """Return the licences that a package names in the older ways: classifiers, else one line."""
    classifiers = [text for text in about.get_all("Classifier", []) if text.startswith("License :: ")]
    if classifiers:
        return sorted({text.rpartition(" :: ")[2] for text in classifiers})
    line = (about.get("License") or "").strip()
    return [line] if line and "\n" not in line else []


def _python() -> dict[str, Any]:
    version = ".".join(map(str, sys.version_info[:3]))
    return {
        "type": "platform",
        "bom-ref": f"pkg:generic/python@{version}",
        "name": "CPython",
        "version": version,
        "purl": f"pkg:generic/python@{version}",
        "licenses": [{"expression": "Python-2.0"}],
    }


def _llama_cpp(binding: dict[str, Any]) -> dict[str, Any]:
    """Return llama.cpp itself, which its binding contains, without a version number of its own."""
    return {
        "type": "library",
        "bom-ref": f"llama.cpp-of-{binding['purl']}",
        "name": "llama.cpp",
        "description": f"As contained in the source archive of {LLAMA} {binding['version']}.",
        "licenses": [{"expression": "MIT"}],
        "externalReferences": [{"type": "vcs", "url": "https://github.com/ggml-org/llama.cpp"}],
    }


def _system(libraries: dict[str, Path]) -> list[dict[str, Any]]:
    """Return components for libraries of the building system."""
    owners = debian_owners(libraries) if sys.platform == "linux" else {}
    entries = []
    for name, file in libraries.items():
        if name not in owners:
            entries.append(_file("library", name, file))
            continue
        package, version = owners[name]
        purl = f"pkg:deb/debian/{package}@{version}"
        entries.append(
            {"type": "library", "bom-ref": purl, "name": package, "version": version, "purl": purl}
        )
    return entries


def debian_owners(libraries: dict[str, Path]) -> dict[str, tuple[str, str]]:
    """Return package and version of libraries whose content is that of the file in the system's package."""
    if shutil.which("dpkg-query") is None or not libraries:
        return {}
    owners: dict[str, tuple[str, str]] = {}
    for line in _output("dpkg-query", "-S", *(f"*/{name}" for name in libraries)).splitlines():
        packages, _, path = line.rpartition(": ")
        name = path.rpartition("/")[2]
        if name in libraries and name not in owners and _same(libraries[name], Path(path)):
            owners[name] = (packages.partition(":")[0], "")
    wanted = sorted({package for package, _ in owners.values()})
    listed = _output("dpkg-query", "-W", "-f", "${Package} ${Version}\n", *wanted) if wanted else ""
    versions = dict(line.split(" ", 1) for line in listed.splitlines())
    return {name: (package, versions[package]) for name, (package, _) in owners.items()}


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _file(kind: str, name: str, file: Path) -> dict[str, Any]:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {
        "type": kind,
        "bom-ref": f"file:{name}:{digest[:16]}",
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }


def document(folders: list[Path], name: str, version: str, packages: Packages) -> dict[str, Any]:
    """Return the document; the same folders give the same one, its serial number included."""
    parts = components(folders, packages)
    seed = json.dumps([name, version, parts], sort_keys=True)
    product = f"pkg:generic/{PRODUCT}@{version}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, seed)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": product,
                "name": name,
                "version": version,
                "purl": product,
                "licenses": [{"expression": "MIT"}],
            }
        },
        "components": parts,
        "dependencies": [{"ref": product, "dependsOn": [part["bom-ref"] for part in parts]}],
    }


def main() -> None:
    """Write one document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="frozen folders, or applications of macOS")
    parser.add_argument("--name", required=True, help="of the package, say assistant-app-linux-x86_64")
    parser.add_argument("--output", required=True, type=Path)
    options = parser.parse_args()
    version = importlib.metadata.version(PRODUCT)
    made = document(options.folders, options.name, version, Packages())
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
