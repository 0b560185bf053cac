"""What a doctor found, and the small programs of their own in which it looks."""

import subprocess
import sys
from dataclasses import dataclass

PROBE_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    title: str
    finding: str
    """One sentence, or a value, in the language of the user."""
    fine: bool
    """False for what is broken; what is merely absent (a microphone) is fine."""
    code: str
    """Stable name: "version", "paths", "disk", "memory", "cpu", "threads", "voices", "keyring", …"""


def run_program(program: str) -> str | None:
    """Run a small Python program and return its output; None if it failed or took too long."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=PROBE_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
