"""The character and block formats of a look, built once and shared by all documents drawn with it."""

from functools import lru_cache

from PySide6.QtGui import QColor, QFont, QFontMetricsF, QTextBlockFormat, QTextCharFormat, QTextFormat

from assistant_app.ui.markdown.look import Look

LATEX = QTextFormat.Property.UserProperty.value + 1
"""Character property: the source of a formula, shown when it is copied."""

_LINE_PERCENT = 138.0
_CODE_LINE_PERCENT = 128.0
_HEADING_SCALE = {1: 1.5, 2: 1.28, 3: 1.13, 4: 1.0, 5: 1.0, 6: 1.0}

Style = tuple[bool, bool, bool, bool, int]
"""bold, italic, struck, code, heading level."""
PLAIN: Style = (False, False, False, False, 0)

CODE_PAD = 14.0
CODE_HEAD = 30.0
LIST_INDENT = 26.0
QUOTE_INDENT = 18.0


class Formats:
    """Hands out formats; do not change what it returns."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self._chars: dict[Style, QTextCharFormat] = {}
        self.metrics = QFontMetricsF(look.font)
        self.bold_metrics = QFontMetricsF(self.font_of((True, False, False, False, 0)))
        self.code = self._make((False, False, False, True, 0))
        self.code.clearBackground()
        self.muted = self._make(PLAIN)
        self.muted.setForeground(look.muted)
        self.tiny = self._make(PLAIN)
        self.tiny.setFontPointSize(1)

    def char(self, style: Style) -> QTextCharFormat:
        """Return the format of running text."""
        found = self._chars.get(style)
        if found is None:
            found = self._chars[style] = self._make(style)
        return found

    def link(self, style: Style, url: str) -> QTextCharFormat:
        """Return the format of a link; the address is also what the pointer is told."""
        result = QTextCharFormat(self.char(style))
        result.setAnchor(True)
        result.setAnchorHref(url)
        result.setForeground(self.look.link)
        result.setFontUnderline(True)
        result.setUnderlineColor(self.look.link)
        return result

    def font_of(self, style: Style) -> QFont:
        """Return the font that a style is drawn with."""
        bold, italic, _struck, code, level = style
        font = QFont(self.look.code_font if code else self.look.font)
        font.setBold(bold or level > 0)
        font.setItalic(italic)
        if level:
            font.setPointSizeF(font.pointSizeF() * _HEADING_SCALE[level])
        return font

    def _make(self, style: Style) -> QTextCharFormat:
        look, (bold, _italic, struck, code, _level) = self.look, style
        result = QTextCharFormat()
        font = self.font_of(style)
        if bold or style[4]:
            font.setWeight(QFont.Weight.DemiBold if style[4] else QFont.Weight.Bold)
        result.setFont(font)
        result.setForeground(look.text)
        if struck:
            result.setFontStrikeOut(True)
            result.setForeground(look.muted)
        if code:
            result.setBackground(look.inline_code)
        return result


def block_format(left: float, top: float, *, first_line: float = 0.0, code: bool = False) -> QTextBlockFormat:
    """Return the format of a paragraph: margins in logical pixels."""
    result = QTextBlockFormat()
    result.setLeftMargin(left)
    result.setTopMargin(top)
    result.setTextIndent(first_line)
    if code:
        result.setRightMargin(CODE_PAD)
    height = _CODE_LINE_PERCENT if code else _LINE_PERCENT
    result.setLineHeight(height, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    return result


def hidden_block() -> QTextBlockFormat:
    """Return the format of a block that Qt needs and nobody shall see: before and after tables."""
    result = QTextBlockFormat()
    result.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
    return result


@lru_cache(maxsize=8)
def middle_shift(font_key: str) -> float:
    """Return how far above the base line Qt puts the middle of a centred picture, in logical pixels.

    Measured on a document of one picture, for Qt derives it from the font in a way of its own.
    """
    from PySide6.QtCore import QUrl
    from PySide6.QtGui import QImage, QTextCursor, QTextDocument, QTextImageFormat

    font = QFont()
    font.fromString(font_key)
    document = QTextDocument()
    document.setDefaultFont(font)
    image = QImage(10, 100, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(0, 0, 0, 0))
    document.addResource(QTextDocument.ResourceType.ImageResource.value, QUrl("probe:"), image)
    picture = QTextImageFormat()
    picture.setFont(font)
    picture.setName("probe:")
    picture.setWidth(10)
    picture.setHeight(100)
    picture.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
    QTextCursor(document).insertImage(picture)
    document.setTextWidth(500)
    document.size()
    line = document.firstBlock().layout().lineAt(0)
    return line.ascent() - 50.0
