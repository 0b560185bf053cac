"""The core package alone, without what it recommends: it installs, finds its libraries, answers, is quick."""

import json
import os
from typing import TYPE_CHECKING, Any

import linkage
from clean_system import CleanSystem
from findings import Broken
from installed import PROGRAM, InstalledApplication, calculated, window_of
from pictures import still_picture

from tests.e2e.driver import Screen, text_of, wait_for

if TYPE_CHECKING:
    from story import Story

TREE = "/usr/lib/assistant-app"
QUESTION, RESULT = "What is 12 times 12?", "144"
BACK_ENDS = ("x64", "sse42", "haswell")


def installation(story: "Story") -> bool:
    """Install it with nothing but what it depends on; return whether that worked."""
    with story.report.check("the core package installs") as check:
        story.system.install(story.packages.core, recommends=False)
        query = ["dpkg-query", "-W", "-f", "${Version} ${Installed-Size}", "assistant-app"]
        version, _, size_kib = story.system.root_runs(*query).stdout.partition(" ")
        if version != story.packages.version:
            raise Broken(f"Version {story.packages.version} was installed, and {version} is there.")
        story.report.figure("core .deb", story.packages.core.stat().st_size / 1e6, "MB", most=70)
        story.report.figure("core installed", int(size_kib) * 1024 / 1e6, "MB", most=240)
        check.detail = f"version {version}"
    return check.ok


# --- libraries
def missing_libraries(
    system: CleanSystem, tree: str, private: str, names: list[str]
) -> list[linkage.Missing]:
    """Return what files of the system do not find.

    Args:
        system: Where ldd runs, and what it finds.
        tree: Folder of the files, for instance /usr/lib/assistant-app.
        private: Folder with the program's own libraries, which its start puts first.
        names: Paths of the files below `tree`.
    """
    # ldd heads its answers with file names only when there are several files.
    files = "".join(f"{tree}/{name}\n" for name in names) + "/usr/bin/env\n"
    looks = ["xargs", "-d", "\\n", "sh", "-c", 'ldd "$@" 2>&1; true', "sh"]
    done = system.root_runs("env", f"LD_LIBRARY_PATH={private}", *looks, input=files)
    return linkage.missing_in(done.stdout)


def check_libraries(system: CleanSystem, tree: str, without: str = "") -> int:
    """Check every program and library below a folder; return how many. Raises Broken with what is missing.

    `without` is a folder below it with a program of its own.
    """
    root = system.path(tree)
    names = [str(path.relative_to(root)) for path in linkage.elf_files(root)]
    names = [name for name in names if not (without and name.startswith(f"{without}/"))]
    if not names:
        raise Broken(f"There are no programs in {tree}.")
    if said := linkage.sentence(missing_libraries(system, tree, f"{tree}/_internal", names)):
        raise Broken(said)
    return len(names)


def libraries(story: "Story", _screen: Screen) -> None:
    """Every file finds its libraries, and the proof would notice if one were missing."""
    with story.report.check("no library is missing") as check:
        check.detail = f"{check_libraries(story.system, TREE, without='voice')} files looked at"
    with story.report.check("a library taken away is noticed") as check:
        copy, taken = "/opt/incomplete", "libQt6Core.so.6"
        story.system.root_runs("cp", "-al", TREE, copy)
        for path in story.system.path(copy).rglob(taken):
            path.unlink()
        try:
            check_libraries(story.system, copy, without="voice")
        except Broken as error:
            if taken not in str(error):
                raise
            check.detail = f"{taken} from a copy"
        else:
            raise Broken(f"{taken} was taken from a copy of the package, and nothing was missing.")
        finally:
            story.system.root_runs("rm", "-rf", copy)


# --- commands
def check_selftest(application: InstalledApplication, *options: str) -> str:
    """Run the program's own test; return how much it tried. Raises Broken with what it found."""
    return f"{len(selftest_rows(application, *options))} checks"


def selftest_rows(application: InstalledApplication, *options: str) -> list[dict[str, Any]]:
    """Run the program's own test; return one row for each of its checks. Raises Broken with what it found."""
    done = application.command("--selftest", *options, check=False)
    try:
        rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    except ValueError:
        raise Broken(f"The self-test printed something else than JSON: {done.stdout[:200]!r}") from None
    bad = [f"{row['check']} ({row['detail']})" for row in rows if row.get("ok") is False]
    if bad:
        raise Broken(f"The self-test found broken: {'; '.join(bad)}.")
    summary = rows[-1].get("selftest") if rows else None
    if summary != "passed" or done.returncode:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise Broken(f"The self-test ended with {done.returncode} and no success: {said}")
    return rows[:-1]


def commands(story: "Story", _screen: Screen) -> None:
    """What a user of the terminal meets."""
    application = InstalledApplication(story.system)
    with story.report.check("it says its version") as check:
        check.detail = application.command("--version").stdout.strip()
        if check.detail != f"assistant-app {story.packages.version}":
            raise Broken(f"`--version` says “{check.detail}”; the package is {story.packages.version}.")
    with story.report.check("the self-test passes") as check:
        check.detail = check_selftest(application)
    with story.report.check("a question is answered in the terminal") as check:
        answer = application.ask(QUESTION)
        calculated(answer, RESULT)
        check.detail = f"“{answer['text'].strip()}”"
    with story.report.check("the desktop can find it"):
        for name in (PROGRAM, "/usr/share/applications/assistant-app.desktop"):
            if not os.path.lexists(story.system.path(name)):
                raise Broken(f"{name} was not installed.")


# --- the window
def window(story: "Story", screen: Screen) -> None:
    """A question typed into the window is answered and kept."""
    application = InstalledApplication(story.system)
    with story.report.check("a question typed into the window is answered") as check:
        before = len(application.messages())

        def answered() -> str | None:
            rows = application.messages()[before:]
            done = [row for row in rows if row["role"] == "assistant" and row["state"] == "done"]
            return text_of(done[-1]) if done else None

        with window_of(application, screen, story.picture("broken-window")) as shown:
            still_picture(screen, story.picture("window"))
            screen.type(shown, QUESTION)
            screen.press("Return")
            text = wait_for("the answer", answered)
            still_picture(screen, story.picture("answer"))
        if RESULT not in text:
            raise Broken(f"The answer should say {RESULT}, and is “{text}”.")
        if application.texts("user")[-1] != QUESTION:
            raise Broken(f"The database holds another question: “{application.texts('user')[-1]}”.")
        check.detail = f"“{text.strip()}”"


# --- other processors
def back_ends(story: "Story", _screen: Screen) -> None:
    """llama.cpp's code for older processors starts and answers: each alone in a copy of the package."""
    if story.quick or not story.first:
        return
    system = story.system
    for name in BACK_ENDS:
        with story.report.check(f"it answers with the back end {name} alone") as check:
            copy = f"/opt/{name}"
            system.root_runs("cp", "-al", TREE, copy)
            try:
                kept = f"libggml-cpu-{name}.so"
                found = list(system.path(copy).rglob("libggml-cpu*.so*"))
                if kept not in {path.name for path in found}:
                    raise Broken(f"The package holds no {kept}.")
                for path in found:
                    if path.name != kept:
                        path.unlink()
                answer = InstalledApplication(system, f"{copy}/assistant-app").ask(QUESTION)
                calculated(answer, RESULT)
                check.detail = f"{answer['usage']['tokens_per_s']:.0f} tokens per second"
            finally:
                system.root_runs("rm", "-rf", copy)
