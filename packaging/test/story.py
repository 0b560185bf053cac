"""What happens to the packages in one clean system, from the first installation to the last trace.

`story.py SUITE …` runs in mount, process and IPC namespaces of its own; `package_test.py` starts it there.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import artefacts
import base_system
from clean_system import CleanSystem
from findings import Report
from installed import desktop

from tests.e2e.driver import Screen


@dataclass(frozen=True, slots=True)
class Story:
    """What the steps need."""

    system: CleanSystem
    packages: artefacts.Packages
    older: Path
    """A package with an older version."""
    report: Report
    pictures: Path
    """Folder for screenshots."""
    quick: bool
    """Leave out what repeats a proof: other processors, cold starts."""
    first: bool
    """This is the first suite: what does not depend on the suite is done here."""

    def picture(self, name: str) -> Path:
        """Return the file for a screenshot."""
        return self.pictures / f"{self.system.suite}-{name}.png"


def tell(story: Story) -> None:
    """Run all steps; what does not hold stands in the report afterwards."""
    import core_steps
    import login_steps
    import portable_steps
    import speed_steps
    import upgrade_steps
    import voice_steps

    steps: list[Callable[[Story, Screen], None]] = [
        core_steps.libraries,
        core_steps.window,
        core_steps.commands,
        speed_steps.start_times,
        speed_steps.generation,
        core_steps.back_ends,
        upgrade_steps.removal,
        upgrade_steps.upgrade,
        login_steps.keyring,
        voice_steps.without_voice,
        voice_steps.installation,
        voice_steps.conversation,
        upgrade_steps.purge,
        portable_steps.archive,
        portable_steps.image,
    ]
    if not core_steps.installation(story):
        return
    with desktop(story.system) as screen:
        for step in steps:
            step(story, screen)


def main() -> int:
    """Make the system, tell the story, save the report; 0 also when something does not hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("suite")
    for name in ("root", "archive", "packages", "older", "cache", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--mirror", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--first", action="store_true")
    options = parser.parse_args()

    report = Report(options.suite)
    with (options.output / f"{options.suite}.log").open("w", encoding="utf-8") as log:
        system = CleanSystem(options.suite, options.root, log)
        with report.check("a clean system starts") as check:
            system.make(options.archive, options.packages, options.cache, options.mirror)
            check.detail = base_system.SUITES[options.suite]
        if check.ok:
            tell(
                Story(
                    system,
                    artefacts.find(options.packages),
                    options.older,
                    report,
                    options.output,
                    options.quick,
                    options.first,
                )
            )
    report.save(options.output / f"{options.suite}.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
