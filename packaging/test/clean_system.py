"""One clean system: a folder with a Debian in it, in which root and an ordinary user run commands.

It expects to be in mount and process namespaces of its own, so that everything ends and disappears with
them. The user has no network at all: whatever works here works offline.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from base_system import unpack
from findings import Broken

USER, UID = "tester", 1000
HOME = f"/home/{USER}"
RUNTIME = f"/run/user/{UID}"
PACKAGES = "/mnt/packages"
LONGEST_S = 600.0

_ROOT_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}
_USER_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": HOME,
    "USER": USER,
    "LOGNAME": USER,
    "SHELL": "/bin/bash",
    "LANG": "C.UTF-8",
    "XDG_RUNTIME_DIR": RUNTIME,
}
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}
# SIOCSIFFLAGS with IFF_UP and IFF_RUNNING: what "ip link set lo up" does, where iproute2 may be missing.
_LOOPBACK_UP = (
    "import fcntl, socket, struct; "
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh', b'lo', 0x41))"
)


class CleanSystem:
    """A system below `root`; every command and what it said is written to `log`."""

    def __init__(self, suite: str, root: Path, log: TextIO) -> None:
        self.suite, self.root, self.log = suite, root, log
        self.environment = dict(_USER_ENVIRONMENT)
        """Of the user; a desktop adds its display, a sound server its address."""
        self._offline = root.parent / f"{suite}-offline"

    def make(self, archive: Path, packages: Path, cache: Path, mirror: str) -> None:
        """Unpack it, mount what a running system has, add the user. Raises Broken, OSError."""
        unpack(archive, self.root, self.suite, mirror)
        self._mount("proc", "proc", "proc")
        self._mount("sysfs", "sys", "sysfs", "ro")
        self._mount("tmpfs", "dev", "tmpfs", "mode=755")
        for name in _DEVICES:
            (self.root / "dev" / name).touch()
            self._bind(Path("/dev") / name, f"dev/{name}")
        for name, target in _LINKS.items():
            (self.root / "dev" / name).symlink_to(target)
        self._mount("devpts", "dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=620")
        self._mount("tmpfs", "dev/shm", "tmpfs", "mode=1777")
        self._mount("tmpfs", "run", "tmpfs", "mode=755")
        # Downloaded packages and lists are kept for the next run.
        for name, folder in (("archives", "var/cache/apt/archives"), ("lists", "var/lib/apt/lists")):
            kept = cache / f"{self.suite}-apt" / name
            kept.mkdir(parents=True, exist_ok=True)
            self._bind(kept, folder)
        self._bind(packages, PACKAGES.lstrip("/"), "ro")
        self._offline.touch()
        self._host("unshare", f"--net={self._offline}", "true")
        self._host("nsenter", f"--net={self._offline}", sys.executable, "-c", _LOOPBACK_UP)
        self.root_runs("useradd", "--create-home", "--uid", str(UID), "--shell", "/bin/bash", USER)
        runtime = self.path(RUNTIME)
        runtime.mkdir(parents=True, mode=0o700)
        os.chown(runtime, UID, UID)
        self.root_runs("apt-get", "update", "-q")
        # What no mirror has any more need not be kept either.
        self.root_runs("apt-get", "autoclean", "-q")

    def share(self, folder: Path) -> None:
        """Let a folder of this machine be seen in the system under the same path."""
        self._bind(folder, str(folder).lstrip("/"))

    def unshare(self, folder: Path) -> None:
        """Take a shared folder away again."""
        self._host("umount", "--lazy", str(self.root / str(folder).lstrip("/")))

    def path(self, inside: str) -> Path:
        """Return where a file of the system lies on this machine."""
        return self.root / inside.lstrip("/")

    # --- commands
    def command(self, *words: str) -> list[str]:
        """Return what runs a command as the user, without a network and in the user's home."""
        # Programs of this machine by their full names: the user's PATH leads to none of root's.
        entered = [str(shutil.which("nsenter")), f"--net={self._offline}", "--", str(shutil.which("chroot"))]
        entered += [f"--userspec={UID}:{UID}", f"--groups={UID}", str(self.root)]
        return [*entered, "/usr/bin/env", "-C", HOME, *words]

    def user_runs(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command as the user. Raises Broken when it fails, unless `check` is False."""
        return self._run(words, self.command(*words), self.environment, **options)

    def root_runs(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command as root, with a network. Raises Broken when it fails, unless `check` is False."""
        return self._run(words, ["chroot", str(self.root), *words], _ROOT_ENVIRONMENT, **options)

    def install(self, *packages: Path, recommends: bool) -> subprocess.CompletedProcess[str]:
        """Install packages with apt: as after a double click, or without what they recommend."""
        wanted = [] if recommends else ["--no-install-recommends"]
        files = [f"{PACKAGES}/{package.name}" for package in packages]
        return self.root_runs("apt-get", "install", "-y", "-q", *wanted, *files)

    def _run(
        self,
        words: Sequence[str],
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        check: bool = True,
        timeout: float = LONGEST_S,
        **options: Any,
    ) -> subprocess.CompletedProcess[str]:
        shown = " ".join(words) if len(words) < 12 else f"{' '.join(words[:12])} …"
        self.log.write(f"\n$ {shown}\n")
        self.log.flush()
        try:
            done = subprocess.run(
                command,
                env=dict(environment),
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout,
                check=False,
                **{"stdin": subprocess.DEVNULL, **options} if "input" not in options else options,
            )
        except subprocess.TimeoutExpired:
            raise Broken(f"`{shown}` did not end within {timeout:.0f} s.") from None
        self.log.write(f"{done.stdout}{done.stderr}[{done.returncode}]\n")
        self.log.flush()
        if check and done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
            raise Broken(f"`{shown}` ended with {done.returncode}: {said}")
        return done

    # --- mounts
    def _mount(self, source: str, inside: str, kind: str, options: str = "") -> None:
        target = self.root / inside
        target.mkdir(parents=True, exist_ok=True)
        self._host("mount", "-t", kind, *(["-o", options] if options else []), source, str(target))

    def _bind(self, source: Path, inside: str, options: str = "") -> None:
        target = self.root / inside
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        self._host("mount", "--bind", str(source), str(target))
        if options:
            self._host("mount", "-o", f"remount,bind,{options}", str(target))

    def mount_image(self, image: Path, inside: str) -> str:
        """Mount a squashfs read-only; return how, for where loop devices are missing it is unpacked."""
        target = self.root / inside.lstrip("/")
        target.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "squashfs", "-o", "loop,ro", str(image), str(target)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return "mounted read-only"
        if shutil.which("unsquashfs") is None:
            said = done.stderr.strip()
            raise Broken(f"The image can be neither mounted ({said}) nor unpacked: no unsquashfs.")
        unpacked = self.root / "opt/image"
        self._host("unsquashfs", "-q", "-n", "-d", str(unpacked), str(image))
        self._bind(unpacked, inside.lstrip("/"), "ro")
        return f"unpacked, then bound read-only, for it could not be mounted: {done.stderr.strip()}"

    def _host(self, *words: str) -> None:
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise Broken(f"`{' '.join(words)}` ended with {done.returncode}: {said}")
