"""Checks of the self-test that want a process of their own, and how they are run in one."""

import json
import subprocess
from functools import partial

from assistant_app.own_program import run_own
from assistant_app.selftest.report import Check, CheckFailed

LIMIT_S = 150.0
_NAMES = ("modules", "display", "rendering", "window")


def _check(name: str) -> Check:
    """Import a part and return its check; written out, so that who freezes the program finds them."""
    if name == "modules":
        from assistant_app.selftest.modules import imports

        return imports
    from assistant_app.selftest import window

    return {"display": window.display, "rendering": window.rendering, "window": window.opens}[name]


def parts() -> dict[str, Check]:
    """Return the checks by their names."""
    return {name: partial(_run, name) for name in _NAMES}


def main(name: str) -> int:
    """Carry out one of them in this process, which its libraries may take over; print and exit."""
    if name not in _NAMES:
        return 2
    # Qt wants the main thread, so there is no thread with a limit here.
    try:
        outcome = {"ok": True, "detail": _check(name)()}
    except CheckFailed as error:
        outcome = {"ok": False, "detail": str(error)}
    print(json.dumps(outcome), flush=True)
    return 0


def _run(name: str) -> str:
    try:
        done = run_own(
            "--selftest-part", name, timeout_s=LIMIT_S, environment={"QT_QPA_PLATFORM": "offscreen"}
        )
    except subprocess.TimeoutExpired as error:
        raise CheckFailed(f"no end within {LIMIT_S:.0f} s") from error
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        said = done.stderr.strip().splitlines()
        raise CheckFailed(f"exit code {done.returncode}: {' | '.join(said[-3:])}")
    outcome = json.loads(lines[-1])
    if not outcome["ok"]:
        raise CheckFailed(outcome["detail"])
    return str(outcome["detail"])
