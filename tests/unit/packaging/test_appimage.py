"""An AppImage is the pinned runtime and the tested image behind it; anything else is refused."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.packaging_scripts import ROOT, load

appimage = load("packaging/appimage/appimage.py")


@pytest.fixture
def runtime() -> bytes:
    """Return a real program with the mark of a runtime: the published one cannot be fetched by a test."""
    program = bytearray(Path("/bin/true").read_bytes())
    program[8:11] = b"AI\x02"
    return bytes(program)


@pytest.fixture
def payload(tmp_path: Path) -> Path:
    if shutil.which("mksquashfs") is None:
        pytest.skip("squashfs-tools is not installed")
    (tmp_path / "AppDir").mkdir()
    (tmp_path / "AppDir" / "AppRun").write_text("#!/bin/sh\necho started\n")
    made = tmp_path / "payload.squashfs"
    subprocess.run(["mksquashfs", str(tmp_path / "AppDir"), str(made), "-quiet", "-no-progress"], check=True)
    return made


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_the_image_is_found_where_the_program_ends(runtime: bytes, payload: Path, tmp_path: Path) -> None:
    made = tmp_path / "Assistant.AppImage"
    appimage.assemble(appimage.checked(runtime, _sha256(runtime)), payload, made)
    assert made.stat().st_mode & 0o111 == 0o111
    offset = appimage.elf_size(made.read_bytes())
    subprocess.run(
        ["unsquashfs", "-q", "-n", "-o", str(offset), "-d", str(tmp_path / "out"), str(made)], check=True
    )
    assert (tmp_path / "out" / "AppRun").read_text() == "#!/bin/sh\necho started\n"
    assert made.read_bytes()[offset:] == payload.read_bytes()


def test_another_runtime_than_the_pinned_one_is_refused(runtime: bytes) -> None:
    with pytest.raises(appimage.AppImageError, match="not the pinned one"):
        appimage.checked(runtime)


def test_a_program_that_is_no_runtime_is_refused() -> None:
    program = Path("/bin/true").read_bytes()
    with pytest.raises(appimage.AppImageError, match="no AppImage runtime"):
        appimage.checked(program, _sha256(program))


def test_a_runtime_with_something_behind_it_is_refused(runtime: bytes) -> None:
    longer = runtime + b"\0" * 16
    with pytest.raises(appimage.AppImageError, match="behind its last section"):
        appimage.checked(longer, _sha256(longer))


def test_a_payload_that_is_no_image_is_refused(runtime: bytes, tmp_path: Path) -> None:
    (tmp_path / "payload").write_bytes(b"PK\x03\x04")
    with pytest.raises(appimage.AppImageError, match="no squashfs image"):
        appimage.assemble(runtime, tmp_path / "payload", tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_the_program_says_in_one_line_why_there_is_none(runtime: bytes, tmp_path: Path) -> None:
    (tmp_path / "runtime").write_bytes(runtime)
    program = [sys.executable, str(ROOT / "packaging/appimage/appimage.py"), "payload", "made"]
    ran = subprocess.run(
        [*program, "--runtime", str(tmp_path / "runtime")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("There is no AppImage: The runtime is not the pinned one")
    assert len(ran.stderr.splitlines()) == 1
