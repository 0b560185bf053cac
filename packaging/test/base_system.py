"""The clean systems that tests begin with: made by debootstrap once, kept as an archive for the next run."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from findings import Broken

SUITES = {"bookworm": "Debian 12", "trixie": "Debian 13"}
DEBIAN = "http://deb.debian.org/debian"

_SCRIPTS = Path("/usr/share/debootstrap/scripts")
# A test's file system may forget everything in a power failure, and nothing that packages bring may run
# as a service.
_FILES = {
    "etc/dpkg/dpkg.cfg.d/test": "force-unsafe-io\n",
    "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",
    "etc/apt/apt.conf.d/90test": 'APT::Keep-Downloaded-Packages "true";\nAcquire::Languages "none";\n',
}


def cache_folder() -> Path:
    """Return where clean systems and downloaded packages are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "assistant-app" / "debootstrap"


def mirror_of(addresses: Iterable[str]) -> str:
    """Return which of the addresses that this machine's apt uses is a mirror of Debian; else Debian's own."""
    for address in addresses:
        if address.rstrip("/").endswith("/debian"):
            return address.rstrip("/")
    return DEBIAN


def host_mirror() -> str:
    """Return the mirror that this machine uses."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return DEBIAN
    return mirror_of(done.stdout.split())


def ensure(suite: str, cache: Path, mirror: str) -> Path:
    """Return the archive of a suite's smallest system; make it when there is none yet. Raises Broken."""
    archive = cache / f"{suite}.tar"
    if archive.is_file():
        return archive
    if shutil.which("debootstrap") is None:
        raise Broken("debootstrap is not installed; `apt-get install debootstrap` brings it.")
    cache.mkdir(parents=True, exist_ok=True)
    command = ["debootstrap", "--variant=minbase", suite]
    with tempfile.TemporaryDirectory(prefix=f"{suite}-", dir=cache) as folder:
        root = Path(folder) / "root"
        command += [str(root), mirror]
        if not (_SCRIPTS / suite).exists():
            # An older debootstrap does not know the name; the way of doing it is the same for all.
            command.append(str(_SCRIPTS / "sid"))
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            last = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
            raise Broken(f"debootstrap could not make {suite} from {mirror}: {last}")
        for downloaded in (root / "var/cache/apt/archives").glob("*.deb"):
            downloaded.unlink()
        made = Path(folder) / "system.tar"
        subprocess.run(["tar", "--numeric-owner", "-C", str(root), "-cf", str(made), "."], check=True)
        made.replace(archive)
    return archive


def unpack(archive: Path, root: Path, suite: str, mirror: str) -> None:
    """Unpack a clean system into an empty folder; it gets this machine's way to the mirror."""
    root.mkdir(parents=True)
    subprocess.run(["tar", "--numeric-owner", "-C", str(root), "-xpf", str(archive)], check=True)
    root.chmod(0o755)
    for name, text in _FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    sources = "".join(f"deb {mirror} {name} main\n" for name in (suite, f"{suite}-updates"))
    (root / "etc/apt/sources.list").write_text(sources, encoding="utf-8")
    for name in ("resolv.conf", "hosts"):
        shutil.copyfile(f"/etc/{name}", root / "etc" / name)
    proxies = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True).stdout
    kept = [line for line in proxies.splitlines() if "::Proxy" in line]
    with (root / "etc/apt/apt.conf.d/90test").open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in kept)
