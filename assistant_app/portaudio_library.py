"""Finds PortAudio on computers without a compiler or ldconfig, which `sounddevice` would ask for it."""

import ctypes
import ctypes.util
import sys
import threading
from types import ModuleType

SONAME = "libportaudio.so.2"
_lock = threading.Lock()


def import_sounddevice() -> ModuleType:
    """Import sounddevice, which initialises PortAudio and can take seconds. Raises OSError without PortAudio.

    On Linux the module asks ctypes.util.find_library, which runs ldconfig or gcc; neither is there
    for an ordinary user of a clean system, nor do they know the folder of a frozen program. The system's
    loader knows, by the library's own name.
    """
    with _lock:
        asked = ctypes.util.find_library

        def find(name: str) -> str | None:
            return SONAME if name == "portaudio" else asked(name)

        try:
            if "sounddevice" not in sys.modules and sys.platform.startswith("linux") and _loads(SONAME):
                ctypes.util.find_library = find
            import sounddevice
        finally:
            ctypes.util.find_library = asked
    found: ModuleType = sounddevice
    return found


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
