"""The console of Windows: what is printed is UTF-8, and lines can be cleared."""

import io
import sys
from typing import TextIO

_ERROR_HANDLE = -12
_VIRTUAL_TERMINAL = 4


def print_utf8(stream: TextIO) -> None:
    """Write what is piped or kept in a file as UTF-8, not in the code page of the country."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")


if sys.platform == "win32":

    def prepare_console() -> None:
        """Call it before anything is printed."""
        for stream in (sys.stdout, sys.stderr):
            print_utf8(stream)
        _clear_lines()

    def _clear_lines() -> None:
        """Have the console understand the escape codes of passing lines."""
        import ctypes
        from ctypes import wintypes

        kernel = ctypes.windll.kernel32
        kernel.GetStdHandle.restype = wintypes.HANDLE
        handle, mode = wintypes.HANDLE(kernel.GetStdHandle(_ERROR_HANDLE)), wintypes.DWORD()
        if kernel.GetConsoleMode(handle, ctypes.byref(mode)):
            kernel.SetConsoleMode(handle, mode.value | _VIRTUAL_TERMINAL)
