"""What a login brings once the recommended packages are there: a session bus, an open keyring on it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from clean_system import RUNTIME, CleanSystem
from core_steps import selftest_rows
from findings import Broken
from installed import InstalledApplication

from tests.e2e.driver import Screen, wait_for

if TYPE_CHECKING:
    from story import Story

BUS, DAEMON = "dbus-daemon", "gnome-keyring-daemon"


def keyring(story: "Story", _screen: Screen) -> None:
    """Secrets are kept in the keyring of the desktop, by the program's own back end."""
    with story.report.check("secrets are kept in the desktop's keyring") as check:
        with _login(story.system):
            [row] = selftest_rows(InstalledApplication(story.system), "--only", "keyring")
        check.detail = row["detail"]
        if "SecretService" not in check.detail or "keeps and gives back" not in check.detail:
            raise Broken(f"The keyring is open, and the self-test says: {check.detail}")


@contextmanager
def _login(system: CleanSystem) -> Iterator[None]:
    """Start a session bus, and on it a keyring that the user's password has opened."""
    for program in (BUS, DAEMON):
        if not system.path(f"/usr/bin/{program}").exists():
            raise Broken(f"{program} was not installed with the package, and it is recommended.")
    address = f"unix:path={RUNTIME}/bus"
    kept = dict(system.environment)
    try:
        with _running(system, BUS, "--session", "--nofork", f"--address={address}"):
            wait_for("the session bus", lambda: system.path(f"{RUNTIME}/bus").exists())
            system.environment["DBUS_SESSION_BUS_ADDRESS"] = address
            unlocked = ["--foreground", "--unlock", "--components=secrets"]
            with _running(system, DAEMON, *unlocked, typed="password"):
                wait_for("the keyring", lambda: _has_name(system, "org.freedesktop.secrets"))
                yield
    finally:
        system.environment.clear()
        system.environment.update(kept)


def _has_name(system: CleanSystem, name: str) -> bool:
    asked = ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus"]
    asked += ["/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", f"string:{name}"]
    return "boolean true" in system.user_runs(*asked, check=False).stdout


@contextmanager
def _running(system: CleanSystem, *words: str, typed: str = "") -> Iterator[None]:
    """Run a program of the system as the user, as long as it is needed; `typed` is what it reads."""
    process = subprocess.Popen(
        system.command(*words),
        env=system.environment,
        stdin=subprocess.PIPE,
        stdout=system.log,
        stderr=system.log,
        text=True,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(typed)
        process.stdin.close()
        yield
    finally:
        process.kill()
        process.wait()
