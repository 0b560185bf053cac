"""Writes what is on the screen $DISPLAY to the PNG file that its argument names."""

import sys

from PySide6.QtGui import QGuiApplication


def main() -> int:
    """Return 0 when the picture was written."""
    application = QGuiApplication(sys.argv)
    return 0 if application.primaryScreen().grabWindow(0).save(sys.argv[1], "PNG") else 1


if __name__ == "__main__":
    sys.exit(main())
