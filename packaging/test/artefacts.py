"""The artefacts that are tested: where they lie, their version, an older one made of the present one."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from findings import Broken

OLDER = "0.0.9"

_CORE = re.compile(r"assistant-app_([^_]+)_amd64\.deb")


@dataclass(frozen=True, slots=True)
class Packages:
    """Files of one version in one folder; those that were not built are None."""

    folder: Path
    version: str
    core: Path
    voice: Path | None
    core_archive: Path | None
    voice_archive: Path | None
    image: Path | None
    """What an AppImage holds: a squashfs."""


def find(folder: Path) -> Packages:
    """Return what lies in a folder. Raises Broken unless there is exactly one core package."""
    found = [(path, match[1]) for path in folder.glob("*.deb") if (match := _CORE.fullmatch(path.name))]
    if not found:
        raise Broken(f"There is no assistant-app_*_amd64.deb in {folder}; `make package` makes it.")
    if len(found) > 1:
        names = ", ".join(sorted(path.name for path, _version in found))
        raise Broken(f"It is not clear which package to test, for {folder} holds {names}; remove the others.")
    [(core, version)] = found

    def there(name: str) -> Path | None:
        path = folder / name
        return path if path.is_file() else None

    return Packages(
        folder=folder,
        version=version,
        core=core,
        voice=there(f"assistant-app-voice_{version}_amd64.deb"),
        core_archive=there(f"assistant-app-{version}-linux-x86_64.tar.xz"),
        voice_archive=there(f"assistant-app-voice-{version}-linux-x86_64.tar.xz"),
        image=there(f"assistant-app-{version}-linux-x86_64.squashfs"),
    )


def older_package(package: Path, folder: Path, version: str = OLDER) -> Path:
    """Return a package with the same files and an older version, packed into `folder` without compression."""
    tree = folder / "older"
    shutil.rmtree(tree, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["dpkg-deb", "-R", str(package), str(tree)], check=True, capture_output=True)
    control = tree / "DEBIAN" / "control"
    text, changed = re.subn(r"(?m)^Version: .*$", f"Version: {version}", control.read_text(encoding="utf-8"))
    if changed != 1:
        raise Broken(f"{package.name} has {changed} lines that say its version.")
    control.write_text(text, encoding="utf-8")
    name = package.name.split("_")[0]
    made = folder / f"{name}_{version}_amd64.deb"
    command = ["dpkg-deb", "--root-owner-group", "-Znone", "-b", str(tree), str(made)]
    subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(tree)
    return made
