"""The words that reading aloud puts in place of what cannot be read, by language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
"""Languages that are told by their letters; of one that shares them with others, the most widespread."""
_NOT_LATIN = frozenset({"zh", *(language for language, _pattern in _SCRIPTS)})


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in one language."""

    code_block: str
    formula: str
    table: str
    """With {columns}."""
    more_rows: str
    comma: str
    """Between the cells of a row."""
    stop: str
    """Ends a row."""
    symbols: Mapping[str, str]
    """Signs that voices skip or read by their typographic name."""


_ENGLISH = Words(
    code_block="Code block.",
    formula="formula",
    table="Table: {columns}.",
    more_rows="The other rows are in the text.",
    comma=", ",
    stop=".",
    symbols={
        "→": " to ",
        "⇒": " therefore ",
        "←": " from ",
        "↔": " to and from ",
        "×": " times ",
        "÷": " divided by ",
        "≈": " about ",
        "≠": " is not ",
        "≤": " at most ",
        "≥": " at least ",
        "±": " plus or minus ",
        "√": " square root of ",
        "∞": " infinity ",
        "²": " squared",
        "³": " cubed",
    },
)
_CHINESE = Words(
    code_block="代码块。",
    formula="公式",
    table="表格：{columns}。",
    more_rows="其余各行见文字。",
    comma="，",
    stop="。",
    symbols={
        "→": "到",
        "⇒": "所以",
        "←": "来自",
        "↔": "往返",
        "×": "乘以",
        "÷": "除以",
        "≈": "约等于",
        "≠": "不等于",
        "≤": "小于等于",
        "≥": "大于等于",
        "±": "正负",
        "√": "根号",
        "∞": "无穷",
        "²": "的平方",
        "³": "的立方",
    },
)


def words(language: str) -> Words:
    """Return the words of a language; of one that is not known, the English ones."""
    return _CHINESE if language.partition("-")[0] == "zh" else _ENGLISH


def is_han(text: str) -> bool:
    """Return whether there is a Chinese character in it."""
    return _HAN.search(text) is not None


def language_of(text: str, default: str = "en") -> str:
    """Return the language in which a text is best read aloud, told by its letters.

    Args:
        text: A piece of an answer.
        default: What Latin letters are taken for, a language code, unless it is written in others.
    """
    for language, pattern in _SCRIPTS:
        if pattern.search(text) and _outweighs(pattern, text):
            return language
    if _outweighs(_HAN, text):
        return "zh"
    if _LATIN_WORD.search(text):
        return "en" if default.partition("-")[0] in _NOT_LATIN else default
    return default


def _outweighs(pattern: "re.Pattern[str]", text: str) -> bool:
    """Whether these letters say more than the Latin words beside them."""
    letters = len(pattern.findall(text))
    return 0 < letters >= len(_LATIN_WORD.findall(text))
