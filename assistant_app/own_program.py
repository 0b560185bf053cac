"""This very program: whether it is frozen, how it is started again, whether it can recognise speech."""

import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import assistant_app
from assistant_app.core.text import N_
from assistant_app.core.voice import SpeechNotInstalled

SPEECH_MODULES = ("whisper", "torch", "silero_vad")
"""What the speech engine imports, where it is started from source."""

_SPEECH_PROGRAMS = {
    "win32": "voice/assistant-app-speech.exe",
    # An application inside the application: among its programs a folder with data could not be signed.
    "darwin": "../Helpers/AssistantSpeech.app/Contents/MacOS/assistant-app-speech",
}
"""Where the speech engine of a frozen program is, seen from the folder of the program."""

_GET_PACKAGE = N_(
    "Speech recognition is not installed: install the package assistant-app-voice, then try again."
    " Typing works as always."
)
_GET_DOWNLOAD = N_(
    "Speech recognition is not installed: get the voice download from the page that this program came from,"
    " unpack it over this program's folder, then try again. Typing works as always."
)
_GET_INSTALLER = N_(
    "Speech recognition is not installed: get the voice installer from the page that this program came from,"
    " run it, then try again. Typing works as always."
)
_GET_IMAGE = N_(
    "Speech recognition is not installed: get the download with voice from the page that this program came"
    " from, put it in the place of this one, then try again. Typing works as always."
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


def run_own(
    *arguments: str, timeout_s: float, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run this program with these arguments to its end and return what it printed.

    `environment` is added to the usual one. Raises OSError and subprocess.TimeoutExpired.
    """
    return subprocess.run(
        own_command(*arguments),
        env={**own_environment(), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def speech_program() -> Path:
    """Return where a frozen program has its speech engine, which is a package and a program of its own."""
    program = _SPEECH_PROGRAMS.get(sys.platform, "voice/assistant-app-speech")
    return Path(os.path.normpath(Path(sys.executable).parent / program))


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
    packed = _GET_PACKAGE if Path(sys.executable).is_relative_to("/usr") else _GET_DOWNLOAD
    return {"win32": _GET_INSTALLER, "darwin": _GET_IMAGE}.get(sys.platform, packed)


def require_speech() -> None:
    """Raise SpeechNotInstalled where there is no speech engine."""
    if not speech_installed():
        raise SpeechNotInstalled(how_to_get_speech())
