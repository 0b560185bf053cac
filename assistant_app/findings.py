"""What a doctor found, and the processes of their own in which it looks."""

import subprocess
from dataclasses import dataclass

from assistant_app.own_program import run_own

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


class ProbeFailed(Exception):
    """A probe crashed or took too long; its text is technical."""


def run_probe(name: str, timeout_s: float = PROBE_TIMEOUT_S) -> str:
    """Run one of assistant_app.probes and return what it prints. Raises ProbeFailed."""
    try:
        done = run_own("--probe", name, timeout_s=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise ProbeFailed(f"no answer within {timeout_s:.0f} s") from error
    except OSError as error:
        raise ProbeFailed(str(error)) from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise ProbeFailed(said[-1] if said else f"exit code {done.returncode}")
    return done.stdout.strip()
