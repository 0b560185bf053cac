"""What is not installed: the archive unpacked at home, and what an AppImage holds, mounted read-only."""

import subprocess
from typing import TYPE_CHECKING

from clean_system import HOME
from core_steps import check_selftest
from findings import Broken
from installed import InstalledApplication

from tests.e2e.driver import Screen

if TYPE_CHECKING:
    from story import Story

IMAGE = "/mnt/image"


def archive(story: "Story", _screen: Screen) -> None:
    """The portable archive starts from where a user unpacked it."""
    with story.report.check("the portable archive starts") as check:
        if story.packages.core_archive is None:
            raise Broken("There is no portable archive to test; `make package` makes it.")
        archives = [story.packages.core_archive]
        if story.packages.voice_archive is not None:
            archives.append(story.packages.voice_archive)
        for path in archives:
            # The clean system has no xz; unpacking is done by the user's hands, with this machine's.
            with subprocess.Popen(["xz", "-dc", str(path)], stdout=subprocess.PIPE) as unpacked:
                story.system.user_runs("tar", "-xf", "-", stdin=unpacked.stdout)
        application = InstalledApplication(story.system, f"{HOME}/assistant-app/assistant-app")
        options = ["--with-voice"] if story.packages.voice_archive is not None else []
        check.detail = check_selftest(application, *options)
        story.system.user_runs("rm", "-rf", f"{HOME}/assistant-app")


def image(story: "Story", _screen: Screen) -> None:
    """The payload of the AppImage starts from a read-only file system."""
    with story.report.check("the AppImage's payload starts read-only") as check:
        if story.packages.image is None:
            raise Broken("There is no payload of an AppImage to test; `make package` makes it.")
        how = story.system.mount_image(story.packages.image, IMAGE)
        application = InstalledApplication(story.system, f"{IMAGE}/AppRun")
        check.detail = f"{check_selftest(application)}, {how}"
