"""Makes the icon files of packages from resources/icons/app.svg: PNG of any size, ICO for Windows, ICNS for
macOS.

Qt draws; the two containers are written here, for Qt writes neither with several sizes. `icons.py ico|icns
FILE`.
"""

import argparse
import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "resources" / "icons" / "app.svg"

ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
"""Edges in pixels: those that Windows asks for at 100 to 250 %, and the largest that the format holds."""

ICNS_KINDS = {
    b"ic11": 32, b"ic12": 64, b"ic07": 128, b"ic13": 256,
    b"ic08": 256, b"ic14": 512, b"ic09": 512, b"ic10": 1024,
}  # fmt: skip
"""Kinds of pictures that may be PNG, with their edge in pixels; some are for dense screens."""

_PNG_FROM = 256
"""From this edge on ICO holds PNG; below it bitmaps, which every program that shows icons can read."""


def png(size: int, source: Path = SOURCE) -> bytes:
    """Return a PNG of `size` pixels a side."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QImageWriter

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(_draw(size, source))
    return bytes(buffer.data().data())


def ico(sizes: Iterable[int] = ICO_SIZES, source: Path = SOURCE) -> bytes:
    """Return a Windows icon with a picture for each size."""
    pictures = [(size, png(size, source) if size >= _PNG_FROM else _bitmap(size, source)) for size in sizes]
    offset = 6 + 16 * len(pictures)
    head, body = struct.pack("<HHH", 0, 1, len(pictures)), b""
    for size, data in pictures:
        edge = size % 256  # 256 is written as 0
        head += struct.pack("<BBBBHHII", edge, edge, 0, 0, 1, 32, len(data), offset + len(body))
        body += data
    return head + body


def icns(source: Path = SOURCE) -> bytes:
    """Return a macOS icon with every size that macOS asks for."""
    drawn = {size: png(size, source) for size in set(ICNS_KINDS.values())}
    body = b"".join(
        struct.pack(">4sI", kind, 8 + len(drawn[size])) + drawn[size] for kind, size in ICNS_KINDS.items()
    )
    return struct.pack(">4sI", b"icns", 8 + len(body)) + body


def _draw(size: int, source: Path) -> "QImage":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(str(source))
    if not renderer.isValid():
        raise ValueError(f"{source} is not an SVG that Qt can draw.")
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    return image


def _bitmap(size: int, source: Path) -> bytes:
    """Return a bitmap as ICO holds it: rows from below, colours as BGRA, then a mask that hides nothing."""
    image = _draw(size, source)
    pixels, stride = bytes(image.constBits()), image.bytesPerLine()
    rows = b"".join(pixels[row * stride : row * stride + 4 * size] for row in reversed(range(size)))
    mask = bytes((size + 31) // 32 * 4 * size)
    return (
        struct.pack("<IiiHHIIiiII", 40, size, 2 * size, 1, 32, 0, len(rows) + len(mask), 0, 0, 0, 0)
        + rows
        + mask
    )


def main() -> None:
    """Write one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["ico", "icns"])
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    options.file.parent.mkdir(parents=True, exist_ok=True)
    options.file.write_bytes(ico() if options.kind == "ico" else icns())


if __name__ == "__main__":
    main()
