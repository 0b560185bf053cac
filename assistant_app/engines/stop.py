"""The stop byte: shared memory that the worker writes and that an engine polls while it computes."""

import ctypes
import mmap

from assistant_app.core.errors import Cancelled
from assistant_app.engines.handover import STOP_BYTES


class StopByte:
    """Byte 0 of a shared mapping: not 0 means stop. Byte 1 stays 0."""

    def __init__(self, memory: mmap.mmap | None = None) -> None:
        """Take shared memory of STOP_BYTES, or private memory when there is none. Raises OSError."""
        self._map = mmap.mmap(-1, STOP_BYTES) if memory is None else memory
        self._view = (ctypes.c_char * STOP_BYTES).from_buffer(self._map)
        self.address = ctypes.addressof(self._view)

    @property
    def is_set(self) -> bool:
        """Whether the worker wants the running request to end."""
        return self._map[0] != 0

    def set(self) -> None:
        """Ask for a stop."""
        self._map[0] = 1

    def clear(self) -> None:
        """Forget the wish; only at the end of a request."""
        self._map[0] = 0

    def check(self) -> None:
        """Raise Cancelled when a stop is wanted."""
        if self._map[0]:
            raise Cancelled
