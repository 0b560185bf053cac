"""Entry of an engine process: gives up what it does not need, then serves the worker."""

import contextlib
import ctypes
import faulthandler
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_NICE = 5


def main(fd: int, stop_fd: int) -> int:
    """Run the language engine on an inherited socket and an inherited stop byte; return the exit status."""
    _open_standard_streams()
    isolated = harden()
    # libgomp reads it when it is loaded: threads that spin longer take the processor from everybody else.
    os.environ.setdefault("GOMP_SPINCOUNT", "200")
    from assistant_app.engines.llama.server import Server
    from assistant_app.engines.llama.stop import StopByte
    from assistant_app.engines.wire import Connection

    with Connection.from_fd(fd) as connection:
        return Server(connection, StopByte(stop_fd), isolated=isolated).run()


def harden() -> bool:
    """Make the process expendable, quiet and offline as far as the system allows; True when it is offline.

    It dies with the worker, is the first to go when memory runs out, leaves no core dump (which would
    contain conversations), and yields to interactive programs. What the system refuses is left out.
    """
    faulthandler.enable()
    for ignored in ("SIGINT", "SIGHUP"):  # Ctrl+C is for the worker, which then stops this process in order
        if hasattr(signal, ignored):
            signal.signal(getattr(signal, ignored), signal.SIG_IGN)
    if sys.platform == "win32":
        return False
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    return _leave_network(libc)


def _leave_network(libc: ctypes.CDLL) -> bool:
    """Move into an empty network namespace: a model file that takes over the process reaches nobody.

    Needs to happen before the first thread starts.
    """
    if libc.unshare(_CLONE_NEWNET) == 0:
        return True
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    with contextlib.suppress(OSError):  # without the map the process is "nobody" but reads the same files
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def _open_standard_streams() -> None:
    """Fill descriptors 0 to 2 where they are closed: llama.cpp's binding copies them at import."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - for the life of the process
