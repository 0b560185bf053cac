"""This very program: whether it is frozen, how it is started again, whether it can recognise speech."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import assistant_app
from assistant_app.core.text import N_
from assistant_app.core.voice import SpeechNotInstalled

SPEECH_MODULES = ("whisper", "torch", "silero_vad")
"""What the speech engine imports, where it is started from source."""

_GET_PACKAGE = N_(
    "Speech recognition is not installed: install the package assistant-app-voice, then try again."
    " Typing works as always."
)
_GET_DOWNLOAD = N_(
    "Speech recognition is not installed: get the voice download from the page that this program came from,"
    " unpack it over this program's folder, then try again. Typing works as always."
)
_GET_SOURCE = N_(
    "Speech recognition is not installed: “make run” in the source folder installs it, then try again."
    " Typing works as always."
)


def is_frozen() -> bool:
    """Tell whether this is an installed package with its own Python inside, and not started from source."""
    return bool(getattr(sys, "frozen", False))


def own_command(*arguments: str) -> list[str]:
    """Return how this program is started with these arguments, installed or frozen."""
    if is_frozen():
        return [sys.executable, *arguments]
    # -P: a file called llama_cpp.py in the current folder must not become the engine.
    return [sys.executable, "-P", "-m", "assistant_app", *arguments]


def own_environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment in which `own_command` finds this very program, from a source folder too."""
    kept = dict(base)
    root = Path(assistant_app.__file__).parent.parent
    if not is_frozen() and root.name not in {"site-packages", "dist-packages"}:
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, (str(root), kept.get("PYTHONPATH", ""))))
    return kept


def speech_program() -> Path:
    """Return where a frozen program has its speech engine, which is a package and a program of its own."""
    name = "assistant-app-speech.exe" if sys.platform == "win32" else "assistant-app-speech"
    return Path(sys.executable).parent / "voice" / name


def speech_installed() -> bool:
    """Tell whether there is a speech engine now; it may be installed while this program runs."""
    if is_frozen():
        return speech_program().is_file()
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(name) is not None for name in SPEECH_MODULES)


def how_to_get_speech() -> str:
    """Return the English sentence that says how speech recognition is installed here."""
    if not is_frozen():
        return _GET_SOURCE
    from_package = sys.platform == "linux" and Path(sys.executable).is_relative_to("/usr")
    return _GET_PACKAGE if from_package else _GET_DOWNLOAD


def require_speech() -> None:
    """Raise SpeechNotInstalled where there is no speech engine."""
    if not speech_installed():
        raise SpeechNotInstalled(how_to_get_speech())
