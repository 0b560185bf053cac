"""A bill of materials names what is really in a frozen folder, and where each part comes from."""

import importlib.metadata
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import CodeType
from typing import Any

import numpy
import pydantic_core
import pytest
from PyInstaller.archive.writers import CArchiveWriter, ZlibArchiveWriter

from tests.fixtures.packaging_scripts import ROOT, load

sbom = load("packaging/release/sbom.py")


@pytest.fixture(scope="module")
def packages() -> Any:
    return sbom.Packages()


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    """Return a folder as PyInstaller makes it, with its own archive writers: three modules and some files."""
    folder = tmp_path / "assistant-app"
    internal = folder / "_internal"
    internal.mkdir(parents=True)
    source = tmp_path / "module.py"
    source.write_text("")
    names = ["markdown_it.main", "assistant_app.cli", "json.decoder"]
    code: dict[str, CodeType] = {name: compile("", name, "exec") for name in names}
    modules = [(name, str(source), "PYMODULE") for name in names]
    ZlibArchiveWriter(str(tmp_path / "PYZ.pyz"), modules, code)
    entries = [("PYZ.pyz", str(tmp_path / "PYZ.pyz"), False, "z")]
    CArchiveWriter(str(folder / "assistant-app"), entries, "libpython3.11.so.1.0")
    extension = Path(pydantic_core._pydantic_core.__file__)
    (internal / "pydantic_core").mkdir()
    shutil.copy(extension, internal / "pydantic_core")
    return folder


def _by_name(parts: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {part["name"].lower().replace("_", "-"): part for part in parts}


def test_modules_in_the_archive_are_traced_to_their_packages(frozen: Path, packages: Any) -> None:
    assert sbom.frozen_modules(frozen / "assistant-app") == [
        "assistant_app.cli",
        "json.decoder",
        "markdown_it.main",
    ]
    part = _by_name(sbom.components([frozen], packages))["markdown-it-py"]
    assert part["version"] == importlib.metadata.version("markdown-it-py")
    assert part["purl"] == f"pkg:pypi/markdown-it-py@{part['version']}"
    assert part["licenses"]


def test_extension_modules_are_traced_to_their_packages(frozen: Path, packages: Any) -> None:
    assert "pydantic-core" in _by_name(sbom.components([frozen], packages))


def test_what_is_installed_but_not_frozen_is_not_named(frozen: Path, packages: Any) -> None:
    named = _by_name(sbom.components([frozen], packages))
    assert not {"pytest", "numpy", "pyside6-essentials", "assistant-app"} & set(named)
    assert set(named) <= {"cpython", "markdown-it-py", "pydantic-core", "pocket.gguf"}


def test_a_library_laid_out_at_the_top_is_known_by_its_content(frozen: Path, packages: Any) -> None:
    libraries = sorted(Path(numpy.__file__).parents[1].glob("numpy.libs/*.so*"))
    shutil.copy(libraries[0], frozen / "_internal")
    assert "numpy" in _by_name(sbom.components([frozen], packages))


def test_a_library_of_the_same_name_and_another_content_belongs_to_nobody(
    frozen: Path, packages: Any
) -> None:
    libraries = sorted(Path(numpy.__file__).parents[1].glob("numpy.libs/*.so*"))
    (frozen / "_internal" / libraries[0].name).write_bytes(b"another")
    named = _by_name(sbom.components([frozen], packages))
    assert "numpy" not in named
    assert named[libraries[0].name.lower().replace("_", "-")]["hashes"][0]["alg"] == "SHA-256"


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="no Debian system")
def test_a_library_of_the_system_is_traced_to_its_debian_package(frozen: Path, packages: Any) -> None:
    owned = subprocess.run(["dpkg-query", "-L", "zlib1g"], capture_output=True, text=True, check=True).stdout
    library = next(Path(line) for line in owned.splitlines() if line.endswith("libz.so.1"))
    shutil.copy(library, frozen / "_internal" / "libz.so.1")
    part = _by_name(sbom.components([frozen], packages))["zlib1g"]
    assert part["purl"] == f"pkg:deb/debian/zlib1g@{part['version']}"


def test_modules_of_our_own_that_stand_in_for_a_package_do_not_name_it(
    frozen: Path, packages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sbom, "_SHIMS", {"markdown_it"})
    assert "markdown-it-py" not in _by_name(sbom.components([frozen], packages))


def test_the_binding_brings_llama_cpp(packages: Any) -> None:
    binding = sbom._package("llama_cpp_python")
    assert binding["purl"].startswith("pkg:pypi/llama-cpp-python@")
    assert binding["version"] in sbom._llama_cpp(binding)["description"]


def test_the_document_is_the_same_for_the_same_folder(frozen: Path, packages: Any) -> None:
    one = sbom.document([frozen], "assistant-app", "1.2.3", packages)
    assert one == sbom.document([frozen], "assistant-app", "1.2.3", packages)
    assert one["serialNumber"] != sbom.document([frozen], "assistant-app", "1.2.4", packages)["serialNumber"]
    references = [part["bom-ref"] for part in one["components"]]
    assert len(references) == len(set(references))
    assert one["dependencies"][0]["dependsOn"] == references


def test_the_program_writes_a_document(frozen: Path, tmp_path: Path) -> None:
    output = tmp_path / "out" / "sbom.json"
    program = [sys.executable, str(ROOT / "packaging/release/sbom.py"), str(frozen)]
    subprocess.run([*program, "--name", "assistant-app", "--output", str(output)], check=True)
    made = json.loads(output.read_text(encoding="utf-8"))
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert made["metadata"]["component"]["version"] == importlib.metadata.version("assistant-app")


def test_a_file_that_is_no_frozen_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "assistant-app").write_bytes(b"\x7fELF" + b"\0" * 200)
    with pytest.raises(ValueError, match="no frozen program"):
        sbom.frozen_modules(tmp_path / "assistant-app")
