"""What holds a clone together: lock files, scripts, translations."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, GROUPS = SETTINGS["project"], SETTINGS["dependency-groups"]


def locked(name: str) -> dict[str, set[str]]:
    """Return the versions of every package in a lock file; more than one where they depend on Python."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    versions: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE):
        versions.setdefault(canonicalize_name(package), set()).add(version)
    return versions


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("app", PROJECT["dependencies"]),
        ("dev", PROJECT["optional-dependencies"]["dev"]),
        ("voice", [item for item in GROUPS["voice"] if not item.startswith("torch==")]),
    ],
)
def test_lock_files_hold_what_the_project_asks_for(lock: str, requirements: list[str]) -> None:
    versions = locked(lock)
    for requirement in map(Requirement, requirements):
        found = versions.get(canonicalize_name(requirement.name), set())
        assert found, f"{requirement.name} is not in requirements/{lock}.txt; run: make lock"
        assert all(requirement.specifier.contains(version) for version in found), requirement


@pytest.mark.parametrize(("smaller", "larger"), [("app", "dev"), ("dev", "voice")])
def test_lock_files_agree(smaller: str, larger: str) -> None:
    first, second = locked(smaller), locked(larger)
    assert all(second[name] == first[name] for name in first.keys() & second.keys())


def test_the_development_lock_holds_the_whole_application() -> None:
    assert locked("app").keys() <= locked("dev").keys()


def test_the_voice_lock_leaves_the_choice_of_torch_open() -> None:
    """The build for CUDA would bring gigabytes that nothing uses; scripts/setup.sh takes the other one."""
    assert not [name for name in locked("voice") if name.startswith(("torch", "nvidia", "cuda", "triton"))]


def test_every_locked_package_has_hashes() -> None:
    for name in ("app", "dev", "voice"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        for block in re.split(r"\n(?=[\w.-]+==)", text)[1:]:
            assert "--hash=sha256:" in block, block.splitlines()[0]


@pytest.mark.parametrize("script", [*sorted((ROOT / "scripts").glob("*.sh")), ROOT / ".ci" / "run"])
def test_scripts_can_be_run(script: Path) -> None:
    assert script.stat().st_mode & 0o111, "not executable"
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_setup_says_how_it_is_used() -> None:
    done = subprocess.run(
        [str(ROOT / "scripts" / "setup.sh"), "frobnicate"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "usage" in done.stderr


def test_every_text_is_translated() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "translations.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
