"""Self-test of what the system lends: keyring and sound."""

import json
from typing import Any

from assistant_app.findings import ProbeFailed, run_probe
from assistant_app.selftest.report import CheckFailed

_PROBE_LIMIT_S = 60.0


def keyring() -> str:
    """Name the keyring; where there is one, keep a word in it and take it out again."""
    libraries = ", ".join(_probe("keyring-libraries"))
    backend = _probe("keyring")
    name = str(backend["name"])
    if float(backend["priority"]) <= 0:
        return f"none on this system ({name}); {libraries}"
    kept = _probe("keyring-keeps")
    if kept["closed"]:
        return f"{name}, which is closed: {kept['closed']}"
    if not kept["kept"]:
        raise CheckFailed(f"{name} did not give back what was put into it")
    return f"{name}, keeps and gives back"


def audio() -> str:
    """See that PortAudio loads and lists devices; none is fine."""
    devices = _probe("sound")
    return f"PortAudio, {len(devices['input'])} microphones, {len(devices['output'])} loudspeakers"


def _probe(name: str) -> Any:
    try:
        return json.loads(run_probe(name, _PROBE_LIMIT_S))
    except ProbeFailed as error:
        raise CheckFailed(f"the probe “{name}” failed: {error}") from error
