"""The package comes and goes: removed, an older one upgraded, a newer one not replaced by it, purged."""

import os
from typing import TYPE_CHECKING

from artefacts import OLDER
from clean_system import HOME, CleanSystem
from core_steps import QUESTION, TREE
from findings import Broken
from installed import PROGRAM, InstalledApplication, calculated

from tests.e2e.driver import Screen

if TYPE_CHECKING:
    from story import Story

DATA = ".local/share/assistant-app"
SECOND, SECOND_RESULT = "What is 5 times 7?", "35"


def removal(story: "Story", _screen: Screen) -> None:
    """Remove it: the program goes, what the user wrote stays."""
    with story.report.check("removing it leaves nothing but the user's data") as check:
        gone = _files_of(story.system, "assistant-app")
        story.system.root_runs("apt-get", "remove", "-y", "-q", "assistant-app")
        _nothing_left(story.system, gone)
        _data_stays(story.system)
        check.detail = f"{len(gone)} files and folders"


def upgrade(story: "Story", _screen: Screen) -> None:
    """Install an older version, write something with it, install the present one over it."""
    system = story.system
    application = InstalledApplication(system)
    with story.report.check("an older version is upgraded and its conversation goes on") as check:
        _install_older(story)
        conversation = application.ask(QUESTION)["conversation"]
        system.install(story.packages.core, recommends=True)
        version = _installed_version(system)
        if version != story.packages.version:
            raise Broken(f"{story.packages.version} was installed over {OLDER}, and {version} is there.")
        answer = application.ask(SECOND, "--conversation", conversation)
        calculated(answer, SECOND_RESULT)
        asked = application.texts("user")[-2:]
        if answer["conversation"] != conversation or asked != [QUESTION, SECOND]:
            raise Broken(f"The conversation did not go on; the last questions are {asked}.")
        check.detail = f"{OLDER} → {version}"
    with story.report.check("an older version does not replace it unasked") as check:
        done = _install_older(story, check=False)
        if done == 0 or _installed_version(system) != story.packages.version:
            raise Broken(f"apt installed {OLDER} over {story.packages.version} without being told to.")
        check.detail = f"apt ended with {done}"


def purge(story: "Story", _screen: Screen) -> None:
    """Purge everything: nothing is left but the user's data, and its place is said."""
    system = story.system
    names = ["assistant-app"] + (["assistant-app-voice"] if story.packages.voice else [])
    with story.report.check("purging it leaves nothing but the user's data, and says where that is") as check:
        gone = [path for name in names for path in _files_of(system, name)]
        said = system.root_runs("apt-get", "purge", "-y", "-q", *names)
        _nothing_left(system, gone)
        _data_stays(system)
        told = [line for line in (said.stdout + said.stderr).splitlines() if DATA in line]
        if not told:
            raise Broken(f"Nothing said that the user's data is still in ~/{DATA}.")
        check.detail = f"“{told[0].strip()}”"


def _install_older(story: "Story", *, check: bool = True) -> int:
    """Install the older package, which lies beside the present ones, with what it recommends."""
    copied = story.system.path("/opt") / story.older.name
    if not copied.exists():
        os.link(story.older, copied)
    command = ["apt-get", "install", "-y", "-q", f"/opt/{story.older.name}"]
    return story.system.root_runs(*command, check=check).returncode


def _installed_version(system: CleanSystem) -> str:
    return system.root_runs("dpkg-query", "-W", "-f", "${Version}", "assistant-app").stdout.strip()


def _files_of(system: CleanSystem, package: str) -> list[str]:
    """Return files and folders that belong to one package alone."""
    listed = system.root_runs("dpkg", "-L", package).stdout.splitlines()
    found = []
    for path in listed:
        inside = system.path(path)
        shared = inside.is_dir() and not inside.is_symlink() and "assistant-app" not in path
        if not shared:
            found.append(path)
    if PROGRAM not in found and package == "assistant-app":
        raise Broken(f"{PROGRAM} is no file of the package.")
    return found


def _nothing_left(system: CleanSystem, paths: list[str]) -> None:
    left = [path for path in [*paths, TREE, PROGRAM] if os.path.lexists(system.path(path))]
    if left:
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        raise Broken(f"{left[0]}{more} is still there.")


def _data_stays(system: CleanSystem) -> None:
    database = f"{HOME}/{DATA}/assistant.db"
    if not system.path(database).is_file():
        raise Broken(f"{database} is gone; the user's conversations are lost.")
