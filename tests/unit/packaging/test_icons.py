"""The icon files of packages hold every size that the platforms ask for, and show the application's icon."""

import struct
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage, QImageReader

from tests.fixtures.packaging_scripts import load

icons = load("packaging/icons.py")


def _pictures(file: Path) -> list[QImage]:
    """Read a container with Qt, which did not write it."""
    reader = QImageReader(str(file))
    found = []
    for index in range(reader.imageCount()):
        reader.jumpToImage(index)
        found.append(reader.read())
    return found


def _shows_the_icon(image: QImage) -> bool:
    """Tell whether the corner is clear, the upper middle blue, and the inside of the bubble white."""
    edge = image.width()
    blue = image.pixelColor(edge // 2, edge * 10 // 64)
    white = image.pixelColor(edge * 21 // 64, edge * 23 // 64)
    return image.pixelColor(0, 0).alpha() == 0 and blue == QColor("#2c5cc9") and white == QColor("#ffffff")


def test_windows_gets_all_sizes_in_one_file(tmp_path: Path) -> None:
    file = tmp_path / "app.ico"
    file.write_bytes(icons.ico())
    pictures = _pictures(file)
    assert [picture.width() for picture in pictures] == list(icons.ICO_SIZES)
    assert all(picture.width() == picture.height() for picture in pictures)
    assert all(_shows_the_icon(picture) for picture in pictures if picture.width() >= 32)


def test_the_sizes_of_the_ico_file_add_up(tmp_path: Path) -> None:
    data = icons.ico()
    count = struct.unpack_from("<H", data, 4)[0]
    entries = [struct.unpack_from("<BBBBHHII", data, 6 + 16 * index) for index in range(count)]
    assert entries[0][-1] == 6 + 16 * count
    for one, following in zip(entries, [*entries[1:], None], strict=True):
        end = one[-1] + one[-2]
        assert end == (following[-1] if following else len(data))


def test_macos_gets_all_sizes_in_one_file(tmp_path: Path) -> None:
    file = tmp_path / "app.icns"
    file.write_bytes(icons.icns())
    pictures = _pictures(file)
    assert sorted(picture.width() for picture in pictures) == sorted(icons.ICNS_KINDS.values())
    assert all(_shows_the_icon(picture) for picture in pictures)


def test_a_source_that_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.svg"
    broken.write_text("not an image")
    with pytest.raises(ValueError, match="not an SVG"):
        icons.png(16, broken)
