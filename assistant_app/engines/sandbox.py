"""Takes rights away from an engine process before it touches a model file: network, core dumps, survival.

A model file is untrusted input to native code. Everything here is best effort: what the system
refuses is reported, not fatal.
"""

import contextlib
import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant_app.engines.seccomp import refuse_network_sockets

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """What was achieved."""

    network_off: bool
    """No connection can be made, not even to this computer."""
    dies_with_parent: bool
    refused: tuple[str, ...] = ()
    """What the system did not allow, with its reason; technical."""


def enter() -> SandboxReport:
    """Give up what an engine does not need. Call it first, while the process has a single thread.

    The process is killed when the thread that started it ends, is the first to go when memory runs
    out, leaves no core dump (it would hold the conversation), gains no rights by executing other
    programs, leaves the desktop responsive, and has no network.
    """
    refused: list[str] = []

    def attempt(name: str, step: Callable[[], None]) -> bool:
        try:
            step()
        except OSError as error:
            refused.append(f"{name}: {error.strerror or error}")
            return False
        return True

    attempt("nice", _be_nice)
    attempt("core dumps", _no_core_dumps)
    network_off = dies = False
    if sys.platform == "linux":
        dies = attempt("death signal", lambda: _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL))
        attempt("out-of-memory score", lambda: _write("/proc/self/oom_score_adj", "1000"))
        attempt("new privileges", lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1))
        network_off = attempt("network namespace", _leave_network) or attempt(
            "socket filter", refuse_network_sockets
        )
        # After the namespace: its maps can only be written by a process that may be dumped.
        attempt("dumpable", lambda: _prctl(_PR_SET_DUMPABLE, 0))
    else:
        # What it does without: it ends when its connection does, and the doctor says "not isolated".
        refused.append(f"network: cannot be turned off on {sys.platform}")
    report = SandboxReport(network_off, dies, tuple(refused))
    log.info("sandbox: %s", report)
    return report


def enter_with_sound() -> SandboxReport:
    """Give up what the voice process does not need: it opens no foreign files, but talks to sound servers.

    Nothing is told that would kill it together with its parent: it notices the end of the connection
    by itself and must have the time to silence speech-dispatcher, which reads a sentence to its end
    when a listener only disappears.
    """
    refused: list[str] = []
    try:
        _no_core_dumps()
    except OSError as error:
        refused.append(f"core dumps: {error.strerror or error}")
    return SandboxReport(False, False, tuple(refused))


def _be_nice() -> None:
    if sys.platform == "win32":
        import psutil

        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(5)


def _no_core_dumps() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc().prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _write(path: str, text: str) -> None:
    Path(path).write_text(text, "ascii")


def _unshare(flags: int) -> None:
    if _libc().unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if sys.platform != "win32":

    def _leave_network() -> None:
        """Move into a network namespace of our own, where even loopback is down. Raises OSError."""
        user, group = os.geteuid(), os.getegid()
        if user == 0:
            # Without a user namespace, in which root could not read the files of others.
            with contextlib.suppress(OSError):
                _unshare(_CLONE_NEWNET)
                return
        _unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
        # Without these the process would be nobody to itself; file access works either way.
        with contextlib.suppress(OSError):
            _write("/proc/self/setgroups", "deny")
            _write("/proc/self/uid_map", f"{user} {user} 1")
            _write("/proc/self/gid_map", f"{group} {group} 1")
