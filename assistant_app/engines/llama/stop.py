"""The stop byte as an abort callback of llama.cpp."""

import ctypes
import mmap
import sys
from typing import Any

from assistant_app.engines import stop
from assistant_app.engines.llama.library import C


class StopByte(stop.StopByte):
    """A stop byte that native code can poll.

    C's `strlen` on the mapping returns 1 when the byte is set and 0 when it is not: an abort
    callback for llama.cpp that needs no interpreter lock and no compiler.
    """

    def __init__(self, memory: mmap.mmap | None = None) -> None:
        """Take shared memory of STOP_BYTES, or private memory when there is none. Raises OSError."""
        super().__init__(memory)
        standard = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
        self.abort_callback: Any = ctypes.cast(standard.strlen, C.ggml_abort_callback)
