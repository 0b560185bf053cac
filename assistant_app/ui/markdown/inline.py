"""Writes what stands inside a paragraph: text, emphasis, code, links, formulas, picture placeholders."""

from dataclasses import dataclass

from markdown_it.token import Token
from PySide6.QtCore import QUrl
from PySide6.QtGui import QFontMetricsF, QTextCharFormat, QTextCursor, QTextDocument, QTextImageFormat

from assistant_app.i18n import _
from assistant_app.ui.markdown.formats import LATEX, Formats, Style, middle_shift
from assistant_app.ui.markdown.formulas import (
    Setting,
    draw_formula,
    draw_source,
    formula_setter,
)
from assistant_app.ui.markdown.links import is_safe, split_bare

LINE_BREAK = "\u2028"
_MAX_ALT = 200


@dataclass(frozen=True, slots=True)
class _Placed:
    position: int
    setting: Setting
    style: Style


class InlineWriter:
    """Writes at a cursor; knows where formulas stand that are not set yet."""

    def __init__(self, cursor: QTextCursor, formats: Formats, ratio: float, width: float) -> None:
        self._cursor = cursor
        self._document: QTextDocument = cursor.document()
        self._formats = formats
        self.ratio = ratio
        self.width = width
        self._waiting: list[_Placed] = []
        self._setter = formula_setter()

    def text(self, text: str, style: Style) -> None:
        """Write plain text; bare web addresses become links."""
        for piece, url in split_bare(text.replace("\n", LINE_BREAK)):
            self._cursor.insertText(
                piece, self._formats.link(style, url) if url else self._formats.char(style)
            )

    def children(self, tokens: list[Token], style: Style, *, task: bool = False) -> None:
        """Write the children of an inline token."""
        bold, italic, struck, _code, level = style
        deep = {"strong": int(bold), "em": int(italic), "s": int(struck)}
        links: list[tuple[str, int]] = []
        run = ""
        current = style

        def flush() -> None:
            nonlocal run
            if run:
                self._run(run, current, links[-1][0] if links else "")
                run = ""

        for index, token in enumerate(tokens):
            kind = token.type
            if kind == "text":
                content = token.content
                if task and index == 0 and content[:4].lower() in ("[ ] ", "[x] "):
                    content = ("☐ " if content[1] == " " else "☑ ") + content[4:]
                run += content
                continue
            if kind == "text_special":
                run += token.content
                continue
            if kind in ("softbreak", "hardbreak"):
                run += LINE_BREAK
                continue
            flush()
            name, _sep, end = kind.rpartition("_")
            if name in deep and end in ("open", "close"):
                deep[name] += 1 if end == "open" else -1
                current = (deep["strong"] > 0, deep["em"] > 0, deep["s"] > 0, False, level)
            elif kind == "code_inline":
                self._run(token.content, (*current[:3], True, level), links[-1][0] if links else "")
            elif kind == "link_open":
                links.append((str(token.attrs.get("href", "")), self._cursor.position()))
            elif kind == "link_close" and links:
                self._end_link(*links.pop())
            elif kind == "image":
                self._image(token)
            elif kind in ("math_inline", "math_inline_double"):
                self.formula(token.content, display=kind == "math_inline_double", style=current)
            elif token.content:
                run += token.content
        flush()

    def formula(self, latex: str, *, display: bool, style: Style) -> None:
        """Write a formula: one character, drawn as source text until it has been set."""
        size = self._formats.font_of(style).pointSizeF() * 96 / 72 * (1.18 if display else 1.08)
        setting = Setting(latex.strip(), display, round(size, 1))
        position = self._cursor.position()
        self._cursor.insertImage(self._picture(setting, style))
        if self._setter.outline(setting) is None:
            self._waiting.append(_Placed(position, setting, style))

    def forget_from(self, position: int) -> None:
        """Drop what was waiting behind a position: that text is gone."""
        self._waiting = [placed for placed in self._waiting if placed.position < position]

    def on_ready(self, setting: Setting) -> bool:
        """Draw a formula that has been set; return whether it stands in this document."""
        found = [placed for placed in self._waiting if placed.setting == setting]
        if not found:
            return False
        self._waiting = [placed for placed in self._waiting if placed.setting != setting]
        cursor = QTextCursor(self._document)
        for placed in found:
            cursor.setPosition(placed.position)
            cursor.setPosition(placed.position + 1, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(self._picture(setting, placed.style))
        return True

    def _picture(self, setting: Setting, style: Style) -> QTextImageFormat:
        outline = self._setter.outline(setting)
        look = self._formats.look
        result = QTextImageFormat()
        font = self._formats.font_of(style)
        result.setFont(font)
        marks = "$$" if setting.display else "$"
        source = f"{marks}{setting.latex}{marks}"
        centred = False
        if outline is not None and outline.svg:
            image, centred = draw_formula(
                outline,
                look.text,
                self.ratio,
                middle_shift(font.toString()),
                QFontMetricsF(font).descent(),
            )
            name = f"formula:{abs(hash((setting, look.dark, self.ratio)))}"
        else:
            image = draw_source(source, look.code_font, look.muted, self.ratio, self.width)
            name = f"source:{abs(hash((setting, look.dark, self.ratio)))}"
        self._document.addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(name), image)
        width, height = image.width() / self.ratio, image.height() / self.ratio
        if width > self.width:
            width, height = self.width, height * self.width / width
        result.setName(name)
        result.setWidth(width)
        result.setHeight(height)
        alignment = QTextCharFormat.VerticalAlignment
        result.setVerticalAlignment(alignment.AlignMiddle if centred else alignment.AlignBaseline)
        result.setProperty(LATEX, source)
        return result

    def _run(self, text: str, style: Style, url: str) -> None:
        if url and is_safe(url):
            self._cursor.insertText(text, self._formats.link(style, url))
        elif style[3]:
            self._cursor.insertText(text, self._formats.char(style))
        else:
            self.text(text, style)

    def _end_link(self, url: str, start: int) -> None:
        if is_safe(url):
            if self._cursor.position() == start:
                self._cursor.insertText(url, self._formats.link((False,) * 4 + (0,), url))
        elif url:
            # Where it points is shown, but nothing can be opened.
            self._cursor.insertText(f" ({url[:_MAX_ALT]})", self._formats.muted)

    def _image(self, token: Token) -> None:
        alt = token.content.replace("\n", " ")[:_MAX_ALT].strip()
        text = _("[Picture not loaded: {name}]").format(name=alt) if alt else _("[Picture not loaded]")
        self._cursor.insertText(text, self._formats.muted)
