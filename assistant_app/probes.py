"""Looks into the system that may print, hang or crash: each in a process of its own (`--probe`)."""

import json
import secrets
import sys
from collections.abc import Callable
from importlib import import_module

_KEYRINGS = {
    "linux": ("keyring.backends.SecretService", "secretstorage"),
    "win32": ("keyring.backends.Windows", "win32ctypes.pywin32.win32cred"),
    "darwin": ("keyring.backends.macOS.api",),
}
_SERVICE, _ACCOUNT = "assistant-app-selftest", "selftest"


def main(name: str) -> int:
    """Print what a probe found; return the exit code."""
    probe = _PROBES.get(name)
    if probe is None:
        print(f"there is no probe {name}", file=sys.stderr)
        return 2
    print(json.dumps(probe()))
    return 0


def _sound() -> dict[str, list[str]]:
    """Return the names of the inputs and outputs that PortAudio lists."""
    from assistant_app.portaudio_library import import_sounddevice

    devices = import_sounddevice().query_devices()
    return {
        kind: [device["name"] for device in devices if device[f"max_{kind}_channels"] > 0]
        for kind in ("input", "output")
    }


def _keyring() -> dict[str, object]:
    """Name the place where keys would be kept; only asks which it is, so nothing needs unlocking."""
    import keyring

    backend = keyring.get_keyring()
    name = f"{type(backend).__module__}.{type(backend).__name__}"
    return {"name": name, "priority": float(backend.priority)}


def _keyring_libraries() -> list[str]:
    """Import what this platform's keyring is reached through; without it keyring silently finds none."""
    names = _KEYRINGS.get(sys.platform, ())
    for name in names:
        import_module(name)
    return list(names)


def _keyring_keeps() -> dict[str, object]:
    """Put a random word into the keyring, read it and take it out again; it may have to be unlocked."""
    import keyring
    from keyring.errors import KeyringError

    word = secrets.token_hex(16)
    try:
        keyring.set_password(_SERVICE, _ACCOUNT, word)
        read = keyring.get_password(_SERVICE, _ACCOUNT)
        keyring.delete_password(_SERVICE, _ACCOUNT)
    except KeyringError as error:
        return {"kept": False, "closed": repr(error)}
    return {"kept": read == word and keyring.get_password(_SERVICE, _ACCOUNT) is None, "closed": ""}


_PROBES: dict[str, Callable[[], object]] = {
    "sound": _sound,
    "keyring": _keyring,
    "keyring-libraries": _keyring_libraries,
    "keyring-keeps": _keyring_keeps,
}
