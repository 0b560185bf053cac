"""What this machine can spare: threads and memory."""

import os
import sys
from pathlib import Path

import psutil


def thread_count(wanted: int = 0) -> int:
    """Return how many threads compute; `wanted` is taken as it is (at most one per logical core).

    Physical cores minus one, at least one, so that the desktop stays alive. Machines with two cores
    use both: with a short GOMP_SPINCOUNT two threads were a third faster than one on a quiet machine
    and no slower beside two busy processes.
    """
    if sys.platform == "linux":
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    if wanted > 0:
        return min(wanted, max(allowed, 1))
    physical = min(psutil.cpu_count(logical=False) or 1, allowed)
    return physical if physical <= 2 else physical - 1


def available_bytes() -> int:
    """Return the memory that is free or easily freed, within every limit on this process."""
    limits = [int(psutil.virtual_memory().available)]
    limits.extend(_control_group_limit())
    if sys.platform != "win32":
        import resource

        soft, _hard = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            limits.append(soft - psutil.Process().memory_info().vms)
    return max(0, min(limits))


def _control_group_limit() -> list[int]:
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text().strip()
        used = int((folder / "memory.current").read_text())
        return [] if limit == "max" else [int(limit) - used]
    except (OSError, ValueError):
        return []
