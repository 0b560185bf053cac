"""Before a clean system is made: which mirror, which folder, whose rights; and pictures that are compared."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtGui import QColor, QImage

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("addresses", "mirror"),
    [
        (["http://a.example/debian-security/", "http://near.example/debian/"], "http://near.example/debian"),
        (["http://archive.example/ubuntu/"], "http://deb.debian.org/debian"),
        ([], "http://deb.debian.org/debian"),
    ],
)
def test_mirror_is_the_one_that_apt_uses(parts: SimpleNamespace, addresses: list[str], mirror: str) -> None:
    assert parts.base_system.mirror_of(addresses) == mirror


def test_kept_system_is_not_made_again(parts: SimpleNamespace, tmp_path: Path) -> None:
    kept = tmp_path / "bookworm.tar"
    kept.write_bytes(b"kept")
    # A mirror that does not exist: nothing may be fetched.
    assert parts.base_system.ensure("bookworm", tmp_path, "http://mirror.invalid/debian") == kept
    assert kept.read_bytes() == b"kept"


def test_cache_is_where_setup_keeps_its_own(parts: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert parts.base_system.cache_folder() == Path("/somewhere/assistant-app/debootstrap")


def test_without_root_it_says_so_in_one_sentence(
    parts: SimpleNamespace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "argv", ["package_test.py", "--output", str(tmp_path / "out")])
    assert parts.package_test.main() == 2
    said = capsys.readouterr().err.strip()
    assert "root" in said and "\n" not in said
    assert not (tmp_path / "out").exists()


def test_a_run_takes_away_what_a_killed_one_left(parts: SimpleNamespace, tmp_path: Path) -> None:
    left = tmp_path / "systems-abc" / "bookworm"
    left.mkdir(parents=True)
    for name in ("trixie.log", "trixie-window.png", "report.json"):
        (tmp_path / name).touch()
    (tmp_path / "notes.md").touch()
    with parts.package_test.alone_in(tmp_path):
        assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "notes.md"]


def test_a_run_leaves_another_one_alone(parts: SimpleNamespace, tmp_path: Path) -> None:
    with parts.package_test.alone_in(tmp_path):
        (tmp_path / "systems-abc").mkdir()
        with pytest.raises(parts.findings.Broken, match="under way"), parts.package_test.alone_in(tmp_path):
            pass
        assert (tmp_path / "systems-abc").is_dir()


def test_script_tells_how_it_is_used() -> None:
    script = ROOT / "scripts" / "package_test.sh"
    assert os.access(script, os.X_OK)
    checked = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    program = [sys.executable, str(ROOT / "packaging" / "test" / "package_test.py"), "--help"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for word in ("--suite", "--quick", "--mirror", "--output"):
        assert word in done.stdout


def test_pictures_differ_by_the_share_of_pixels_that_do(parts: SimpleNamespace, tmp_path: Path) -> None:
    image = QImage(100, 50, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    image.save(str(tmp_path / "one.png"))
    for x in range(25):
        for y in range(50):
            image.setPixelColor(x, y, QColor("navy"))
    image.save(str(tmp_path / "other.png"))
    assert parts.pictures.difference(tmp_path / "one.png", tmp_path / "one.png") == 0
    assert parts.pictures.difference(tmp_path / "one.png", tmp_path / "other.png") == 0.25
