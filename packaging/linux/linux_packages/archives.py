"""Tarballs, the contents of the AppImage, and the checksums of everything."""

import hashlib
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from linux_packages.product import Release


def build_tarball(folder: Path, target: Path, release: Release, *, quick: bool = False) -> None:
    """Pack a folder, under its own name, the same every time. Raises subprocess.CalledProcessError."""
    # xz with any number of threads but one divides the data in the same way.
    xz = "xz -T2 -0" if quick else "xz -T2 -6"
    owner = ("--owner=0", "--group=0", "--numeric-owner", "--format=gnu", "--sort=name")
    command = ["tar", *owner, f"--mtime=@{release.epoch}", "-I", xz, "-cf", str(target)]
    subprocess.run([*command, "-C", str(folder.parent), folder.name], check=True)


def build_squashfs(folder: Path, target: Path, release: Release, *, quick: bool = False) -> None:
    """Pack a folder as a file system that is read only. Raises subprocess.CalledProcessError."""
    target.unlink(missing_ok=True)
    level = "1" if quick else "15"
    packing = ["-comp", "zstd", "-Xcompression-level", level, "-b", "1M", "-processors", "2"]
    times = ["-mkfs-time", str(release.epoch), "-all-time", str(release.epoch)]
    command = ["mksquashfs", str(folder), str(target), "-all-root", "-no-xattrs", "-noappend", "-no-progress"]
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    subprocess.run([*command, *packing, *times], check=True, env=environment, stdout=subprocess.DEVNULL)


def write_checksums(files: Iterable[Path], target: Path) -> None:
    """Write what `sha256sum --check` reads. Raises OSError."""
    lines = []
    for path in sorted(files, key=lambda path: path.name):
        with path.open("rb") as stream:
            lines.append(f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {path.name}\n")
    target.write_text("".join(lines), encoding="utf-8")
