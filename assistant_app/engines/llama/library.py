"""Brings up llama.cpp once per process: backends, log, identity of the build."""

import ctypes
import hashlib
import importlib.metadata
import os
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any

from llama_cpp import llama_cpp as _binding

C: Any = _binding
"""llama.cpp's C functions. Its annotations disagree with what ctypes accepts, hence untyped."""

_LOG_LINES = 60
_LEVEL_DEBUG = 1
_LEVEL_WARN = 3
_LEVEL_CONTINUE = 5

_log: deque[str] = deque(maxlen=_LOG_LINES)
_log_lock = threading.Lock()
_started = False
_LIBRARIES = {"win32": "*.dll", "darwin": "lib*.dylib"}


class _LogSink:
    """Keeps the newest lines for error details, and passes warnings on to the error stream."""

    def __init__(self) -> None:
        self._last_level = 0
        self.callback = C.llama_log_callback(self._receive)
        """Must outlive the library: C keeps only the address."""

    def _receive(self, level: int, text: bytes | None, _data: object) -> None:
        level = self._last_level if level == _LEVEL_CONTINUE else level
        self._last_level = level
        if not text or level == _LEVEL_DEBUG:
            return
        with _log_lock:
            _log.append(text.decode("utf-8", "replace"))
        if level >= _LEVEL_WARN:
            try:
                os.write(2, text)
            except OSError:  # nobody reads it any more, or the pipe is full: the log must not stop the work
                return


_sink = _LogSink()


def start() -> None:
    """Initialise llama.cpp; calling it again does nothing.

    Builds with loadable CPU variants find them beside libllama only when told so through libllama's
    own handle: another handle may be a second copy of ggml with a registry of its own.
    """
    global _started
    if _started:
        return
    C.llama_log_set(_sink.callback, ctypes.c_void_p(0))
    C.llama_backend_init()
    if _device_count() == 0:
        load_all = C._lib.ggml_backend_load_all_from_path
        load_all.argtypes = [ctypes.c_char_p]
        load_all.restype = None
        load_all(os.fsencode(library_folder()))
    _started = True


def _device_count() -> int:
    count = C._lib.ggml_backend_dev_count
    count.restype = ctypes.c_size_t
    return int(count())


def library_folder() -> Path:
    """Return the folder with libllama and its backends."""
    return Path(C._lib._name).parent


def clear_log() -> None:
    """Forget what was logged so far."""
    with _log_lock:
        _log.clear()


def recent_log() -> str:
    """Return what llama.cpp logged last, for error details."""
    with _log_lock:
        return "".join(_log)


def name() -> str:
    """Return the package and its version."""
    return f"llama-cpp-python {importlib.metadata.version('llama-cpp-python')}"


def build_id() -> str:
    """Return what identifies this build of llama.cpp: saved states of another one are not read."""
    library = Path(C._lib._name)
    parts = [name(), system_info()]
    for file in sorted(library.parent.glob(_LIBRARIES.get(sys.platform, "lib*.so*"))):
        parts.append(f"{file.name}:{file.stat().st_size}")
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def system_info() -> str:
    """Return the processor features that llama.cpp uses, as it prints them."""
    text: bytes = C.llama_print_system_info()
    return text.decode("utf-8", "replace").strip()
