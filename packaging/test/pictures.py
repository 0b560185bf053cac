"""Pictures of the screen: for people to look at, and to see that something appeared."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
from findings import Broken
from PySide6.QtGui import QImage

from tests.e2e.driver import Screen, wait_for

STILL, CHANGED = 0.002, 0.02
"""Share of pixels: a blinking cursor is less than the one, an opened pane more than the other."""
EQUAL = 3
"""So many pictures in a row that are like the one before, half a second apart: a screen that stands still."""

_PROGRAM = Path(__file__).with_name("screenshot.py")


def picture(screen: Screen, path: Path) -> None:
    """Write what is on the screen to a PNG file."""
    environment = {**os.environ, "DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb"}
    command = [sys.executable, str(_PROGRAM), str(path)]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)


@contextmanager
def pictured_when_broken(screen: Screen, path: Path) -> Iterator[None]:
    """Write what is on the screen to a PNG file when what is done meanwhile fails."""
    try:
        yield
    except BaseException:
        # The reason of the failure counts, whether or not there is a picture of it.
        with suppress(subprocess.SubprocessError, OSError):
            picture(screen, path)
        raise


def still_picture(screen: Screen, path: Path, unlike: Path | None = None) -> None:
    """Write a PNG file once nothing moves on the screen any more, and once it is unlike an earlier picture.

    Raises Broken when nothing has changed, and fails as a test does when it does not stand still.
    """
    before = path.with_suffix(".before.png")
    picture(screen, path)
    equal = 0

    def stands_still() -> bool:
        nonlocal equal
        path.replace(before)
        picture(screen, path)
        equal = equal + 1 if difference(path, before) < STILL else 0
        # A window that just opened stands still for a moment before it is filled.
        return equal >= EQUAL and (unlike is None or difference(path, unlike) > CHANGED)

    try:
        wait_for("a screen that stands still", stands_still, 30.0)
    finally:
        before.unlink(missing_ok=True)
        if unlike is not None and difference(path, unlike) <= CHANGED:
            raise Broken("Nothing appeared on the screen.")


def difference(one: Path, other: Path) -> float:
    """Return the share of pixels (0 to 1) in which two pictures of the same size differ."""
    return float(np.mean(_pixels(one) != _pixels(other)))


def _pixels(path: Path) -> npt.NDArray[np.uint32]:
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width()).copy()
