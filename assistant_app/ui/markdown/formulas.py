"""LaTeX formulas as pictures: set by ziamath on a thread of its own, drawn for the screen's pixel ratio."""

import logging
import math
import queue
import re
import threading
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

_log = logging.getLogger(__name__)

MAX_SOURCE = 1_000
_MAX_PICTURE_PX = 4_000
_MAX_CACHED = 1_000
_UNSAFE = re.compile(r"\\(?:def|newcommand|renewcommand|input|include|includegraphics|usepackage|write)\b")
_MAX_DEPTH = 30


@dataclass(frozen=True, slots=True)
class Setting:
    """A formula to be set."""

    latex: str
    display: bool
    size_px: float


@dataclass(frozen=True, slots=True)
class Outline:
    """A formula that was set; `svg` is empty where the source could not be understood."""

    svg: bytes


class FormulaSetter(QObject):
    """Sets formulas in the background and keeps what it has set.

    Signals:
        ready: a `Setting` whose outline is there now.
    """

    ready = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._outlines: dict[Setting, Outline] = {}
        self._asked: set[Setting] = set()
        self._queue: queue.SimpleQueue[Setting] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[Setting, Outline]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._arrived.connect(self._collect, Qt.ConnectionType.QueuedConnection)

    _arrived = Signal()

    def outline(self, setting: Setting) -> Outline | None:
        """Return the outline, or None and say `ready` later."""
        found = self._outlines.get(setting)
        if found is None and setting not in self._asked:
            self._asked.add(setting)
            self._queue.put(setting)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="formulas", daemon=True)
                self._thread.start()
        return found

    def _work(self) -> None:
        while True:
            setting = self._queue.get()
            self._results.put((setting, _set(setting)))
            try:
                self._arrived.emit()
            except RuntimeError:
                return  # the window is gone

    def _collect(self) -> None:
        while not self._results.empty():
            setting, outline = self._results.get()
            if len(self._outlines) >= _MAX_CACHED:
                self._outlines.pop(next(iter(self._outlines)))
            self._outlines[setting] = outline
            self._asked.discard(setting)
            self.ready.emit(setting)


_setter: FormulaSetter | None = None


def formula_setter() -> FormulaSetter:
    """Return the one setter of the application."""
    global _setter
    if _setter is None:
        _setter = FormulaSetter(QGuiApplication.instance())
    return _setter


def _set(setting: Setting) -> Outline:
    nothing = Outline(b"")
    latex = setting.latex
    depth = deepest = 0
    for character in latex:
        depth += (character == "{") - (character == "}")
        deepest = max(deepest, depth)
    if len(latex) > MAX_SOURCE or deepest > _MAX_DEPTH or depth != 0 or _UNSAFE.search(latex):
        return nothing
    try:
        from ziamath import zmath
        from ziamath.config import config

        config.svg2 = False  # QtSvg knows paths, not symbols
        formula = zmath.Latex(latex, size=setting.size_px, inline=not setting.display)
        return Outline(formula.svg().encode())
    except Exception as error:
        _log.debug("formula shown as text: %s", type(error).__name__)
        return nothing


def draw_formula(
    outline: Outline, color: QColor, ratio: float, shift: float, font_descent: float
) -> tuple[QImage, bool]:
    """Return the picture, padded for a line of text, and whether it is to be centred in the line.

    A formula that reaches no deeper than the letters stands on the line's base line; Qt can put
    a deeper one only with its middle `shift` logical pixels above the base line.
    """
    svg = outline.svg.replace(b'"black"', f'"{color.name()}"'.encode())
    renderer = QSvgRenderer(QByteArray(svg))
    box = renderer.viewBoxF()
    ascent, depth = -box.top(), box.bottom()
    centred = depth > font_descent + 1
    width = min(math.ceil(box.width()) + 2, _MAX_PICTURE_PX)
    if centred:
        height = min(math.ceil(2 * max(ascent - shift, depth + shift, 1.0)), _MAX_PICTURE_PX)
        baseline = height / 2 + shift
    else:
        height = min(math.ceil(ascent + font_descent), _MAX_PICTURE_PX)
        baseline = height - font_descent
    image = QImage(
        max(1, round(width * ratio)), max(1, round(height * ratio)), QImage.Format.Format_ARGB32_Premultiplied
    )
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(1, baseline - ascent, box.width(), box.height()))
    painter.end()
    return image, centred


def draw_source(text: str, font: QFont, color: QColor, ratio: float, width: float) -> QImage:
    """Return a picture of the source text, at most `width` logical pixels wide."""
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(text.replace("\n", " "), Qt.TextElideMode.ElideRight, width)
    size = metrics.size(0, shown)
    image = QImage(
        max(1, math.ceil((size.width() + 2) * ratio)),
        max(1, math.ceil(metrics.height() * ratio)),
        QImage.Format.Format_ARGB32_Premultiplied,
    )
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setFont(font)
    painter.setPen(color)
    painter.drawText(QRectF(1, 0, size.width() + 2, metrics.height()), Qt.AlignmentFlag.AlignVCenter, shown)
    painter.end()
    return image
