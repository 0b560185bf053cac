"""The two Debian packages: their control files, and the .deb files themselves."""

import hashlib
import os
import subprocess
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from linux_packages.libraries import dependencies
from linux_packages.product import HOMEPAGE, LINUX, MAINTAINER, NAME, VOICE, Release
from linux_packages.share import write_text
from linux_packages.stage import set_modes

ARCHITECTURE = "amd64"

BEST = ("-Zxz", "-z6")
QUICK = ("-Zgzip", "-z1")
"""How dpkg-deb packs what is released, and what is looked at once.

xz -9 extreme makes the packages 2 % smaller, in half as much time again and with five times the memory.
Zstandard is quick, but lintian of Debian 12 cannot read it.
"""


@dataclass(frozen=True, slots=True)
class Package:
    """What stands in the control file beside what is computed."""

    name: str
    section: str
    depends: tuple[str, ...]
    others: dict[str, tuple[str, ...]]
    """Recommends, Suggests and the like."""
    summary: str
    description: tuple[str, ...]
    """Paragraphs."""


def core_package() -> Package:
    """Return the package that everybody installs."""
    return Package(
        name=NAME,
        section="utils",
        depends=(
            # Opened by name while it runs, so no file of the package names it.
            "libportaudio2",
            "libasound2t64 | libasound2",
            # Without them no model can be fetched.
            "ca-certificates",
            "fonts-dejavu-core | fonts-noto-core | fonts-liberation",
        ),
        others={
            "Recommends": (
                "bubblewrap",
                "espeak-ng",
                "fonts-noto-cjk",
                "fonts-noto-color-emoji",
                "gnome-keyring | kwalletmanager | keepassxc",
                "libasound2-plugins",
                "speech-dispatcher",
                "speech-dispatcher-espeak-ng",
                "xdg-utils",
            ),
            "Suggests": (VOICE, "ffmpeg", "libgtk-3-0t64 | libgtk-3-0", "xdg-desktop-portal"),
        },
        summary="private AI assistant that runs on this computer",
        description=(
            "Assistant answers questions with a model on your own computer; what you type does not leave it."
            " A small model comes along, so that the first question is answered offline, and any chat model"
            " in GGUF format can be added. It calculates, tells the time, converts units, keeps notes, and"
            " sets timers and reminders, in a window and in the terminal, in English and Chinese.",
            f"To talk to it, install {VOICE} too.",
        ),
    )


def voice_package(release: Release) -> Package:
    """Return the package that adds the understanding of speech to exactly this version of the other."""
    return Package(
        name=VOICE,
        section="sound",
        depends=(f"{NAME} (= {release.debian_version})",),
        others={"Suggests": ("ffmpeg",), "Enhances": (NAME,)},
        summary="voice for Assistant: understands speech on this computer",
        description=(
            "This package lets Assistant listen: hold a key, speak, and what you said is understood by"
            " Whisper on your own computer and answered aloud. It also turns sound files into text and"
            " subtitles. A speech model is downloaded once, when you ask for it in the window.",
        ),
    )


def build_deb(
    package: Package, root: Path, tree: Path, release: Release, target: Path, packing: Sequence[str] = BEST
) -> None:
    """Make a .deb file of everything below `root`, of which `tree` is the frozen part.

    Raises OSError, ValueError when a library is missing, subprocess.CalledProcessError.
    """
    overrides = (LINUX / f"{package.name}.lintian-overrides").read_text(encoding="utf-8")
    write_text(root / "usr" / "share" / "lintian" / "overrides" / package.name, overrides)
    set_modes(root)
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()]
    sums = "".join(f"{_md5(path)}  {path.relative_to(root).as_posix()}\n" for path in files)
    size = installed_size(root)
    debian = root / "DEBIAN"
    write_text(debian / "control", control(package, release, dependencies(tree), size))
    write_text(debian / "md5sums", sums)
    script = LINUX / f"{package.name}.postrm"
    if script.is_file():
        write_text(debian / "postrm", script.read_text(encoding="utf-8"))
        (debian / "postrm").chmod(0o755)
    # Threads change how xz divides the data: always two, so that the same comes out everywhere.
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(release.epoch), "DPKG_DEB_THREADS_MAX": "2"}
    command = ["dpkg-deb", "--root-owner-group", *packing, "--build", str(root), str(target)]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def control(package: Package, release: Release, computed: Sequence[str], size_kib: int) -> str:
    """Return the control file. `computed`: the packages that the files themselves need."""
    depends = sorted({*package.depends, *computed})
    fields = {
        "Package": package.name,
        "Version": release.debian_version,
        "Architecture": ARCHITECTURE,
        "Maintainer": MAINTAINER,
        "Installed-Size": str(size_kib),
        "Depends": ", ".join(depends),
        **{name: ", ".join(packages) for name, packages in package.others.items()},
        "Section": package.section,
        "Priority": "optional",
        **({"Homepage": HOMEPAGE} if HOMEPAGE else {}),
        "Description": "\n".join([package.summary, *_description(package.description)]),
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def _description(paragraphs: Sequence[str]) -> list[str]:
    lines: list[str] = []
    for paragraph in paragraphs:
        lines += ([" ."] if lines else []) + [
            f" {line}" for line in textwrap.wrap(paragraph, 78, break_on_hyphens=False)
        ]
    return lines


def installed_size(root: Path) -> int:
    """Return what a package takes on disk, in KiB, as Debian counts: files rounded up, others one each."""
    plain = (path.is_file() and not path.is_symlink() and path.stat().st_size for path in root.rglob("*"))
    return sum(max(1, -(-size // 1024)) for size in plain)


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
