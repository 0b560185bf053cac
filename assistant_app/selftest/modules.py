"""Self-test of the program's own modules: each one can be imported, and so can what it imports."""

import pkgutil
from importlib import import_module

import assistant_app
from assistant_app.selftest.report import CheckFailed

_ENGINES = ("assistant_app.engines.llama", "assistant_app.engines.whisper")
"""Each lives in a process of its own, with libraries that others may lack."""
_ENTRY = "assistant_app.__main__"


def imports() -> str:
    """Import everything; Qt and llama.cpp may be in one process here, for it does nothing else."""
    names = [info.name for info in pkgutil.walk_packages(assistant_app.__path__, "assistant_app.")]
    names = [name for name in names if name != _ENTRY and not name.startswith(_ENGINES)]
    broken: list[str] = []
    for name in names:
        try:
            import_module(name)
        except Exception as error:
            broken.append(f"{name}: {error!r}")
    if broken:
        raise CheckFailed("; ".join(broken))
    if len(names) < 100:
        raise CheckFailed(f"only {len(names)} modules are there")
    return f"{len(names)} modules"
