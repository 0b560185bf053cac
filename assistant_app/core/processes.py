"""How other programs are started without being seen."""

import subprocess
import sys

if sys.platform == "win32":
    NO_WINDOW = subprocess.CREATE_NO_WINDOW
else:
    NO_WINDOW = 0
"""For `creationflags` of subprocess: on Windows a program of the terminal opens no window of its own."""
