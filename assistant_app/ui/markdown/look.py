"""The colours, fonts and sizes of messages, derived from the application's palette and font."""

from dataclasses import dataclass

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette


def _mix(one: QColor, other: QColor, share: float) -> QColor:
    """Return `one` with `share` (0 to 1) of `other` in it."""
    return QColor.fromRgbF(
        one.redF() * (1 - share) + other.redF() * share,
        one.greenF() * (1 - share) + other.greenF() * share,
        one.blueF() * (1 - share) + other.blueF() * share,
    )


@dataclass(frozen=True, slots=True)
class Look:
    """How text is drawn; made anew when palette or font change."""

    dark: bool
    font: QFont
    code_font: QFont
    text: QColor
    muted: QColor
    link: QColor
    accent: QColor
    accent_text: QColor
    window: QColor
    panel: QColor
    """Ground of code."""
    panel_head: QColor
    inline_code: QColor
    border: QColor
    control: QColor
    hover: QColor
    bubble: QColor
    """Ground of the user's messages."""
    danger: QColor
    danger_back: QColor

    @classmethod
    def of(cls, palette: QPalette, font: QFont) -> "Look":
        """Derive everything from a palette and the application's font."""
        role = QPalette.ColorRole
        window, text = palette.color(role.Window), palette.color(role.WindowText)
        dark = window.lightnessF() < 0.5
        base = palette.color(role.Base)
        accent = palette.color(role.Accent)
        body = QFont(font)
        size = font.pointSizeF() if font.pointSizeF() > 0 else 10.0
        body.setPointSizeF(size * 1.06)
        code = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        code.setFamilies([code.family(), "DejaVu Sans Mono", "Noto Sans Mono CJK SC", *body.families()])
        code.setFixedPitch(True)
        code.setPointSizeF(size * 0.98)
        danger = QColor("#ff9d94") if dark else QColor("#b3261e")
        return cls(
            dark=dark,
            font=body,
            code_font=code,
            text=text,
            muted=_mix(text, window, 0.36),
            link=palette.color(role.Link),
            accent=accent,
            accent_text=palette.color(role.HighlightedText),
            window=window,
            panel=_mix(base, text, 0.02) if dark else base,
            panel_head=_mix(window, text, 0.08),
            inline_code=_mix(window, text, 0.09),
            border=_mix(window, text, 0.15),
            control=_mix(window, text, 0.48),
            hover=_mix(window, text, 0.09),
            bubble=_mix(window, accent, 0.16 if dark else 0.11),
            danger=danger,
            danger_back=_mix(window, danger, 0.16 if dark else 0.09),
        )
