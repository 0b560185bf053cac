"""The icon of the application in the sizes that desktops want, drawn from its SVG file by Qt."""

import shutil
from pathlib import Path

from linux_packages.product import NAME, ROOT

SIZES = (16, 22, 24, 32, 48, 64, 96, 128, 256, 512)
"""Pixels."""

SOURCE = ROOT / "resources" / "icons" / "app.svg"


def write_icons(hicolor: Path) -> None:
    """Fill a folder of the hicolor theme. Raises OSError."""
    scalable = hicolor / "scalable" / "apps" / f"{NAME}.svg"
    scalable.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(SOURCE, scalable)
    for size in SIZES:
        write_png(hicolor / f"{size}x{size}" / "apps" / f"{NAME}.png", size)


def write_png(path: Path, size: int) -> None:
    """Draw the icon with `size` pixels to each side into a file `*.png`. Raises OSError."""
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(str(SOURCE)).render(painter, QRectF(0, 0, size, size))
    painter.end()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not image.save(str(path)):
        raise OSError(f"{path} cannot be written")
