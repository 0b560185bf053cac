"""Which packages are tested, and the older version that is made of them."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

CONTROL = """\
Package: assistant-app
Version: 1.2.3
Architecture: amd64
Maintainer: Nobody <nobody@example.org>
Description: For a test
 Version: is not a field here.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a small real package."""
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(CONTROL)
    (tree / "usr").mkdir()
    (tree / "usr" / "file").write_text("content")
    made = tmp_path / "dist"
    made.mkdir()
    package = made / "assistant-app_1.2.3_amd64.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", str(tree), str(package)], check=True)
    return made


def _field(package: Path, name: str) -> str:
    done = subprocess.run(["dpkg-deb", "-f", str(package), name], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_what_lies_in_the_folder_is_found(parts: SimpleNamespace, folder: Path) -> None:
    found = parts.artefacts.find(folder)
    assert (found.version, found.core.name, found.voice, found.image) == (
        "1.2.3",
        "assistant-app_1.2.3_amd64.deb",
        None,
        None,
    )
    (folder / "assistant-app-voice_1.2.3_amd64.deb").touch()
    (folder / "assistant-app-1.2.3-linux-x86_64.tar.xz").touch()
    # Of another version: not what belongs to this core.
    (folder / "assistant-app-1.2.2-linux-x86_64.squashfs").touch()
    found = parts.artefacts.find(folder)
    assert found.voice == folder / "assistant-app-voice_1.2.3_amd64.deb"
    assert found.core_archive == folder / "assistant-app-1.2.3-linux-x86_64.tar.xz"
    assert found.image is None


def test_no_package_is_one_sentence_that_says_how_to_make_it(parts: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(parts.findings.Broken, match="make package"):
        parts.artefacts.find(tmp_path)


def test_two_versions_are_not_guessed_between(parts: SimpleNamespace, folder: Path) -> None:
    (folder / "assistant-app_1.2.2_amd64.deb").touch()
    with pytest.raises(parts.findings.Broken, match="not clear which"):
        parts.artefacts.find(folder)


def test_older_package_differs_in_its_version_only(
    parts: SimpleNamespace, folder: Path, tmp_path: Path
) -> None:
    present = parts.artefacts.find(folder).core
    older = parts.artefacts.older_package(present, tmp_path / "older")
    assert _field(older, "Version") == parts.artefacts.OLDER
    assert _field(older, "Description") == _field(present, "Description")
    order = ["dpkg", "--compare-versions", parts.artefacts.OLDER, "lt", "1.2.3"]
    assert subprocess.run(order).returncode == 0
    listed = [
        subprocess.run(["dpkg-deb", "-c", str(path)], capture_output=True, text=True, check=True).stdout
        for path in (present, older)
    ]
    assert listed[0] == listed[1]
    assert "usr/file" in listed[0]
