"""Identifiers: time-ordered, unique across processes, safe in file names."""

import os
import time


def new_id() -> str:
    """Return 26 lower-case hex digits: 12 of UTC milliseconds, 14 random; they sort by creation."""
    return f"{int(time.time() * 1000):012x}{os.urandom(7).hex()}"
