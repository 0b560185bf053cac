"""Tests the packages in clean systems and says what was found: `scripts/package_test.sh`."""

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import artefacts
import base_system
from findings import Broken, Check, Report

REPOSITORY = Path(__file__).parents[2]
STORY = Path(__file__).with_name("story.py")
SYSTEMS = "systems-"
NAMESPACES = ("unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc")


def main() -> int:
    """Return 0 when everything holds, 1 when something does not, 2 when it could not be tried."""
    options = _parser().parse_args()
    output: Path = options.output.absolute()
    try:
        report = run(options, output)
    except Broken as error:
        print(error, file=sys.stderr)
        return 2
    report.save(output / "report.json")
    table = report.tables()
    (output / "report.txt").write_text(f"{table}\n", encoding="utf-8")
    _give_to_caller(output)
    print(f"\n{table}\n")
    for failure in report.failures:
        print(failure, file=sys.stderr)
    return 1 if report.failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/package_test.sh",
        description="Tests the Linux packages in clean Debian systems. Only root can do that.",
    )
    parser.add_argument("packages", nargs="?", type=Path, default=REPOSITORY / "dist", help="folder; dist")
    parser.add_argument(
        "--suite", action="append", choices=list(base_system.SUITES), help="of Debian; both by default"
    )
    parser.add_argument(
        "--quick", action="store_true", help="leave out cold starts and back ends of older processors"
    )
    parser.add_argument("--mirror", help="of Debian; by default the one that apt uses here")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "build" / "package-test", help="folder")
    return parser


def run(options: argparse.Namespace, output: Path) -> Report:
    """Tell the story in every suite. Raises Broken when it cannot begin."""
    if os.geteuid() != 0:
        raise Broken("Only root can make clean systems; run `sudo make package-test`.")
    found = artefacts.find(options.packages.absolute())
    mirror = options.mirror or base_system.host_mirror()
    cache = base_system.cache_folder()
    output.mkdir(parents=True, exist_ok=True)
    suites = options.suite or list(base_system.SUITES)
    report = Report()
    removals: list[subprocess.Popen[bytes]] = []
    with alone_in(output), tempfile.TemporaryDirectory(prefix=SYSTEMS, dir=output) as folder:
        older = artefacts.older_package(found.core, Path(folder))
        for place, suite in enumerate(suites):
            root = Path(folder) / suite
            words = [suite, "--root", root, "--packages", found.folder, "--older", older, "--cache", cache]
            words += ["--output", output, "--mirror", mirror]
            words += ["--archive", base_system.ensure(suite, cache, mirror)]
            words += ["--quick"] if options.quick else []
            words += ["--first"] if place == 0 else []
            report.add(_tell(suite, [str(word) for word in words], output))
            # A whole system takes a while to disappear; the next one need not wait for that.
            removals.append(subprocess.Popen(["rm", "-rf", root]))
        for removal in removals:
            removal.wait()
    return report


@contextmanager
def alone_in(output: Path) -> Iterator[None]:
    """Take away what earlier runs left in a folder. Raises Broken while one is still under way."""
    with (output / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Broken(f"Another package test is under way in {output}; wait for its end.") from None
        for pattern in ("*.png", "*.json", "*.log", "*.txt"):
            for old in output.glob(pattern):
                old.unlink()
        for killed in output.glob(f"{SYSTEMS}*"):
            shutil.rmtree(killed, ignore_errors=True)
        yield


def _tell(suite: str, words: list[str], output: Path) -> Report:
    """Tell the story of one suite in namespaces of its own; all that it started ends with it."""
    done = subprocess.run([*NAMESPACES, sys.executable, str(STORY), *words], check=False)
    saved = output / f"{suite}.json"
    if saved.is_file():
        return Report.load(saved)
    said = f"It ended with {done.returncode} before its report was written; see above."
    return Report(suite, [Check(suite, "the test itself ends as it should", False, said)])


def _give_to_caller(output: Path) -> None:
    """Let what was written belong to whom called sudo."""
    owner = os.environ.get("SUDO_UID"), os.environ.get("SUDO_GID")
    if owner[0] and owner[1]:
        for path in [output, *output.iterdir()]:
            os.chown(path, int(owner[0]), int(owner[1]))


if __name__ == "__main__":
    sys.exit(main())
