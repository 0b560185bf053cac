"""Input and output of a process that was started without them."""

import os
import sys


def open_standard_streams() -> None:
    """Fill descriptors 0 to 2 and sys.stdin, stdout, stderr where they are closed.

    A program without a console (a window on Windows) has none, and what prints would fail; llama.cpp's
    binding copies the descriptors when it is imported.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for the process's life
