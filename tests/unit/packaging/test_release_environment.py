"""Windows and macOS machines get what the lock files say, and llama.cpp for every processor there."""

import re
import subprocess
import sys

import pytest

from tests.fixtures.packaging_scripts import ROOT, load

environment = load("packaging/release/environment.py")
LOCK = """# written by a tool
llama-cpp-python==0.3.36 \\
    --hash=sha256:aaaa \\
    --hash=sha256:bbbb
    # via assistant-app
llama-cpp-python-extras==9.9 \\
    --hash=sha256:cccc
"""


def test_an_entry_has_its_hashes_and_nothing_of_its_neighbours() -> None:
    entry = environment.locked("llama-cpp-python", LOCK)
    assert entry.split() == [
        "llama-cpp-python==0.3.36",
        "\\",
        "--hash=sha256:aaaa",
        "\\",
        "--hash=sha256:bbbb",
    ]


def test_a_package_that_is_not_locked_is_not_installed() -> None:
    with pytest.raises(SystemExit, match="left-pad is in none"):
        environment.locked("left-pad", LOCK)


def test_the_entry_in_the_real_lock_file_has_a_hash() -> None:
    entry = environment.locked(
        "llama-cpp-python", (ROOT / "requirements/app.txt").read_text(encoding="utf-8")
    )
    assert re.fullmatch(r"llama-cpp-python==[\d.]+(?: \\\n +--hash=sha256:[0-9a-f]{64})+", entry)


def test_the_key_of_the_wheel_changes_with_what_it_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    key = environment.wheel_key("win32", LOCK)
    assert key.startswith("0.3.36-win32-") and key.endswith(f"-cp{sys.version_info[0]}{sys.version_info[1]}")
    assert environment.wheel_key("darwin", LOCK) != key
    assert environment.wheel_key("win32", LOCK.replace("0.3.36", "0.3.37")) != key
    monkeypatch.setitem(environment._OPTIONS, "win32", ["-DOTHER=ON"])
    assert environment.wheel_key("win32", LOCK) != key


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_no_build_is_for_the_building_machine_only(platform: str) -> None:
    assert "-DGGML_NATIVE=OFF" in environment.cmake_options(platform)


def test_torch_is_the_version_of_the_project() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    version = environment.torch_version(project)
    assert f'"torch=={version}"' in project


def test_linux_is_sent_to_its_own_way() -> None:
    program = [sys.executable, str(ROOT / "packaging/release/environment.py"), "--key"]
    ran = subprocess.run(program, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.strip() == "This sets up Windows and macOS; on Linux: scripts/setup.sh package."
