"""Colours, fonts and style sheet: light and dark, as the system has it or as the settings say."""

import json
from dataclasses import dataclass, fields
from functools import cache

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from assistant_app.paths import resources

_CHINESE = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC")


@dataclass(frozen=True, slots=True)
class Colors:
    """The colours of one theme as "#rrggbb"; text on its ground reaches a contrast of 4.5:1."""

    window: str
    base: str
    sidebar: str
    raised: str
    text: str
    muted: str
    border: str
    control: str
    """Outlines of fields and buttons: 3:1 against their ground."""
    hover: str
    selected: str
    selected_text: str
    accent: str
    accent_text: str
    link: str
    danger: str
    danger_back: str
    warn: str
    warn_back: str
    info_back: str
    good: str
    whole: str
    summarised: str
    dropped: str
    toast: str
    toast_text: str
    toast_link: str


@cache
def colors(dark: bool) -> Colors:
    """Read the colours of a theme from resources/themes."""
    name = "dark" if dark else "light"
    values = json.loads((resources() / "themes" / f"{name}.json").read_text("utf-8"))
    return Colors(**{field.name: values[field.name] for field in fields(Colors)})


class Theme(QObject):
    """Applies the look to the application and tells who paints by hand.

    Signals:
        changed: the colours or the text size are different now.
    """

    changed = Signal()

    def __init__(self, app: QApplication, mode: str = "system", text_size: int = 0) -> None:
        super().__init__(app)
        self._app = app
        self._system_font = QFont(app.font())
        self._mode = mode
        self._text_size = text_size
        self.dark = False
        self.colors = colors(False)
        app.setStyle("Fusion")
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_change)
        self._apply()

    @property
    def mode(self) -> str:
        """Return "system", "light" or "dark"."""
        return self._mode

    def choose(self, mode: str, text_size: int) -> None:
        """Use "system", "light" or "dark", with `text_size` points added to the system's font."""
        if (mode, text_size) != (self._mode, self._text_size):
            self._mode, self._text_size = mode, text_size
            self._apply()

    def _on_system_change(self) -> None:
        if self._mode == "system":
            self._apply()

    def _apply(self) -> None:
        scheme = QGuiApplication.styleHints().colorScheme()
        self.dark = self._mode == "dark" or (self._mode == "system" and scheme == Qt.ColorScheme.Dark)
        self.colors = colors(self.dark)
        font = QFont(self._system_font)
        size = font.pointSizeF() if font.pointSizeF() > 0 else 10.0
        font.setPointSizeF(max(6.0, size + self._text_size))
        # Where a font lacks Chinese, fontconfig may fall back to a bold face for single characters.
        font.setFamilies([*font.families(), *_CHINESE])
        self._app.setFont(font)
        self._app.setPalette(palette_of(self.colors))
        self._app.setStyleSheet(style_sheet(self.colors, self.dark))
        self.changed.emit()


def palette_of(c: Colors) -> QPalette:
    """Return the palette for everything that Qt draws itself."""
    palette = QPalette()
    role = QPalette.ColorRole
    for which, color in (
        (role.Window, c.window),
        (role.WindowText, c.text),
        (role.Base, c.base),
        (role.AlternateBase, c.window),
        (role.Text, c.text),
        (role.PlaceholderText, c.muted),
        (role.Button, c.raised),
        (role.ButtonText, c.text),
        (role.BrightText, c.danger),
        (role.ToolTipBase, c.toast),
        (role.ToolTipText, c.toast_text),
        (role.Highlight, c.accent),
        (role.HighlightedText, c.accent_text),
        (role.Accent, c.accent),
        (role.Link, c.link),
        (role.LinkVisited, c.link),
        (role.Light, c.raised),
        (role.Midlight, c.hover),
        (role.Mid, c.border),
        (role.Dark, c.control),
        (role.Shadow, c.border),
    ):
        palette.setColor(which, QColor(color))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(c.control))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(c.border))
    return palette


def style_sheet(c: Colors, dark: bool) -> str:
    """Return the style sheet: what Fusion cannot say by palette alone."""
    template = (resources() / "themes" / "app.qss").read_text("utf-8")
    template = template.replace("@icons", (resources() / "icons").as_posix())
    template = template.replace("@mode", "dark" if dark else "light")
    for field in fields(Colors):
        template = template.replace(f"@{field.name};", f"{getattr(c, field.name)};")
        template = template.replace(f"@{field.name} ", f"{getattr(c, field.name)} ")
    return template
