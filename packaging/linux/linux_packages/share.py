"""What goes to /usr/share: desktop file, icons, AppStream metadata, manual page, completion, documents."""

import gzip
import shutil
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from linux_packages.changes import Changes, appstream_releases, debian_changelog
from linux_packages.commands import Command
from linux_packages.icons import write_icons
from linux_packages.manual import bash_completion, manual_page
from linux_packages.product import COMPONENT, HOMEPAGE, LINUX, NAME, VOICE, Release


def write_share(
    share: Path, release: Release, changes: Sequence[Changes], commands: Sequence[Command]
) -> None:
    """Fill a folder `share` with all but the documents. Raises OSError."""
    write_text(share / "metainfo" / f"{COMPONENT}.metainfo.xml", metainfo(release, changes))
    write_text(share / "bash-completion" / "completions" / NAME, bash_completion(commands))
    write_gz(share / "man" / "man1" / f"{NAME}.1.gz", manual_page(release, commands))
    applications = share / "applications"
    applications.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(LINUX / f"{NAME}.desktop", applications / f"{NAME}.desktop")
    write_icons(share / "icons" / "hicolor")


def write_voice_share(share: Path) -> None:
    """Fill a folder `share` of the package for voice with all but the documents. Raises OSError."""
    target = share / "metainfo" / f"{COMPONENT}.voice.metainfo.xml"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(LINUX / f"{VOICE}.metainfo.xml", target)


def write_documents(folder: Path, copyright_text: str, changes: Sequence[Changes]) -> None:
    """Fill the folder of a package below /usr/share/doc. Raises OSError."""
    write_text(folder / "copyright", copyright_text)
    # The version has no Debian revision, so the changelog has Debian's form but not its name.
    write_gz(folder / "changelog.gz", debian_changelog(changes))


def metainfo(release: Release, changes: Sequence[Changes]) -> str:
    """Return the AppStream metadata. Raises OSError."""
    template = (LINUX / "assistant-app.metainfo.xml.in").read_text(encoding="utf-8")
    return (
        template.replace("@COMPONENT@", COMPONENT)
        .replace("@HOMEPAGE@\n", _addresses(release))
        .replace("@RELEASES@", appstream_releases(changes))
    )


def _addresses(release: Release) -> str:
    """Return where the project is and where its pictures are; nothing as long as it has no address."""
    if not HOMEPAGE:
        return ""
    pictures = f"{HOMEPAGE}/raw/v{release.version}/docs/screenshots"
    images = (
        (' type="default"', "window-light", "The window, while it answers", "正在回答问题的窗口"),
        ("", "window-dark", "The window in dark colours", "深色的窗口"),
        ("", "voice-light", "The voice pane, while it listens", "正在聆听的语音面板"),
    )
    lines = [f'  <url type="homepage">{escape(HOMEPAGE)}</url>', "  <screenshots>"]
    for kind, name, caption, chinese in images:
        lines += [
            f"    <screenshot{kind}>",
            f"      <caption>{caption}</caption>",
            f'      <caption xml:lang="zh_CN">{chinese}</caption>',
            f"      <image>{escape(pictures)}/{name}.png</image>",
            "    </screenshot>",
        ]
    return "\n".join([*lines, "  </screenshots>"]) + "\n"


def write_text(path: Path, text: str) -> None:
    """Write a text file and the folders above it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_gz(path: Path, text: str) -> None:
    """Write a compressed text file that is the same every time. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
