"""Freezes the programs: `freeze.py TREES WORK` lays them out below TREES, one folder each.

After PyInstaller: copies that wheels make of links become links again, symbols that only a debugger reads
are cut from the libraries (of torch's 90 of 434 MB), and what the folder of the speech engine has in common
with the application's becomes links into it, for it is installed inside that folder as `voice/`.
"""

import argparse
import hashlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORE, VOICE = "assistant-app", "assistant-app-voice"
LEAST_SHARED_BYTES = 65_536
"""Smaller files are not worth a link."""


def main() -> None:
    """Freeze, then make it lean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trees", type=Path)
    parser.add_argument("work", type=Path, help="PyInstaller's own files")
    options = parser.parse_args()
    linking = sys.platform != "win32"
    if linking:
        restore_links(llama_folder())
    subprocess.run(
        [
            sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN",
            "--distpath", str(options.trees), "--workpath", str(options.work),
            str(HERE / "assistant-app.spec"),
        ],
        check=True,
    )  # fmt: skip
    if linking:
        for folder in filter(Path.is_dir, (options.trees / CORE, options.trees / VOICE)):
            restore_links(folder)
            if sys.platform == "linux":
                strip(folder / "_internal")
        share(options.trees / VOICE, options.trees / CORE)


def llama_folder() -> Path:
    """Return the folder of llama.cpp's libraries in this environment."""
    found = importlib.util.find_spec("llama_cpp")
    return Path(found.origin).parent / "lib" if found and found.origin else Path("missing")


def restore_links(folder: Path) -> None:
    """Make links of copies of a library in one folder: libx.so and libx.so.0 of libx.so.0.1.2.

    Opened under two names, copies would be two libraries with a state each.
    """
    for library in sorted(folder.rglob("*.so*"), key=lambda path: len(path.name), reverse=True):
        for shorter in _shorter_names(library):
            if library.is_symlink() or shorter.is_symlink() or not shorter.is_file():
                continue
            if _same(library, shorter):
                shorter.unlink()
                shorter.symlink_to(library.name)


def _shorter_names(library: Path) -> Iterator[Path]:
    name = library.name
    while not name.endswith(".so"):
        name = name.rpartition(".")[0]
        yield library.with_name(name)


def strip(folder: Path) -> None:
    """Cut the symbols for debuggers from the libraries in a folder; what is linked by stays.

    Wheels keep libraries that were made to fit in folders of their own, `numpy.libs`; strip breaks those.
    """
    for library in sorted(folder.rglob("*.so*")):
        fitted = library.parent.name.endswith(".libs")
        if library.is_file() and not library.is_symlink() and not fitted:
            subprocess.run(["strip", "--strip-unneeded", str(library)], check=True)


def share(voice: Path, core: Path) -> None:
    """Make links of files that both folders have."""
    for file in sorted(voice.rglob("*")):
        twin = core / file.relative_to(voice)
        if file.is_symlink() or not file.is_file() or not twin.is_file() or twin.is_symlink():
            continue
        large = file.stat().st_size >= LEAST_SHARED_BYTES
        if large and file.name != "base_library.zip" and _same(file, twin):
            # As installed: the folder of the speech engine is `voice` in the folder of the application.
            installed = core / "voice" / file.relative_to(voice)
            file.unlink()
            file.symlink_to(os.path.relpath(twin, installed.parent))


def _same(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and _digest(one) == _digest(other)


def _digest(file: Path) -> bytes:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").digest()


if __name__ == "__main__":
    main()
