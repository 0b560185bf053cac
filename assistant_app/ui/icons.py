"""Our own icons: SVG strokes in the colour of the text, drawn once per theme and pixel size."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from assistant_app.paths import resources

_SIZES_PX = (20, 40)
"""The size of buttons at 100 % and at 200 %; Qt scales the larger one down for all between."""


@lru_cache(maxsize=512)
def icon(name: str, color: str, disabled: str = "#888888") -> QIcon:
    """Return the icon `name` of resources/icons drawn in `color` ("#rrggbb")."""
    result = QIcon()
    for size in _SIZES_PX:
        result.addPixmap(_draw(name, color, size), QIcon.Mode.Normal)
        result.addPixmap(_draw(name, disabled, size), QIcon.Mode.Disabled)
    return result


def pixmap(name: str, color: str, size: int, ratio: float = 1.0) -> QPixmap:
    """Return a picture of `size` logical pixels for a screen with `ratio` device pixels per pixel."""
    result = _draw(name, color, round(size * ratio))
    result.setDevicePixelRatio(ratio)
    return result


def app_icon() -> QIcon:
    """Return the icon of the application, in colour."""
    result = QIcon()
    for size in (32, 64, 128, 256):
        result.addPixmap(_draw("app", "#000000", size))
    return result


@lru_cache(maxsize=64)
def _source(name: str) -> str:
    return (resources() / "icons" / f"{name}.svg").read_text("utf-8")


def _draw(name: str, color: str, size_px: int) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", color).encode()))
    result = QPixmap(size_px, size_px)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    renderer.render(painter, QRectF(0, 0, size_px, size_px))
    painter.end()
    return result
