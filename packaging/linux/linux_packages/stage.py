"""Copies of the frozen trees, made fit for a package: without what the system provides, with right modes."""

import shutil
from pathlib import Path

from linux_packages.elf import elf_files, forget_run_path
from linux_packages.libraries import Form, leave_out

EXECUTABLE, PLAIN, FOLDER = 0o755, 0o644, 0o755


def stage(tree: Path, target: Path, program: str, form: Form) -> None:
    """Copy a frozen tree. Raises OSError, and FileNotFoundError when the program is not in it."""
    if not (tree / program).is_file():
        raise FileNotFoundError(f"{tree / program} is missing: freeze the application first")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(tree, target, symlinks=True, dirs_exist_ok=True)
    leave_out(target, form)
    for path in elf_files(target):
        forget_run_path(path)
    set_modes(target)


def set_modes(folder: Path) -> None:
    """Give a folder and all in it the modes of a package: programs may be run, libraries only read."""
    folder.chmod(FOLDER)
    for path in folder.rglob("*"):
        if path.is_symlink():
            continue
        if path.is_dir():
            path.chmod(FOLDER)
        else:
            path.chmod(EXECUTABLE if _is_program(path) else PLAIN)


def _is_program(path: Path) -> bool:
    if not path.stat().st_mode & 0o100 or ".so" in path.suffixes:
        return False
    # Some wheels have texts that are marked as programs.
    with path.open("rb") as stream:
        return stream.read(4).startswith((b"\x7fELF", b"#!"))
