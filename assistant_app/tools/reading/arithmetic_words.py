"""Arithmetic in English and Chinese words becomes arithmetic in signs: "12 plus 7" is 12 + 7."""

import re
from collections.abc import Sequence

from assistant_app.tools.reading.numbers import normal, spelled

_N = r"(-?\d+(?:\.\d+)?%?)"
_REWRITES: Sequence[tuple[str, str]] = (
    (r"^(?:please |can you |could you |hey |assistant,? )*", ""),
    (
        r"^(?:what is|what's|whats|calculate|compute|how much (?:is|are)|work out|evaluate|solve|tell me)\b",
        "",
    ),
    (
        r"\b(?:(?:equals?|is equal to)(?: what)?|is what|the (?:value|result) of|please|for me|makes?)\b",
        " ",
    ),
    (r"(?:请|帮我|帮忙|麻烦|算一下|算一算|算算|计算一下|计算|一下|的结果|的值)", " "),
    (r"\b(?:exactly|in total|altogether)\b|(?:究竟|到底|大概|一共|总共|合计)", " "),
    (r"(?:等于|是|得)?(?:多少|几)(?:呢|呀|啊|吗)?|等于$|是$", " "),
    (r"[=?。,.]+\s*$|(?<![\d)])!+\s*$|[$€£¥]|\b(?:dollars?|euros?|pounds?)\b", " "),
    (rf"(?:the )?square root (?:of )?\(?{_N}\)?", r"sqrt(\1)"),
    (rf"(?:the )?cube root (?:of )?\(?{_N}\)?", r"cbrt(\1)"),
    (rf"\b(?:the )?root (?:of )?{_N}", r"sqrt(\1)"),
    (rf"{_N}\s*开根号", r"sqrt(\1)"),
    (rf"(?:根号|√)\s*{_N}", r"sqrt(\1)"),
    (r"(?:根号|√)", "sqrt"),
    (r"(?:the )?square root of\b", "sqrt"),
    (rf"{_N}\s*的(?:算术)?平方根|{_N}\s*开(?:平)?方", r"sqrt(\1\2)"),
    (rf"{_N}\s*的立方根", r"cbrt(\1)"),
    (rf"百分之\s*{_N}", r"\1%"),
    (rf"{_N}\s*分之\s*{_N}", r"(\2/\1)"),
    (rf"\b(?:the )?square (?:of )?{_N}", r"(\1)^2"),
    (rf"\b(?:the )?cube (?:of )?{_N}", r"(\1)^3"),
    (r"的?平方|自乘|\bsquared\b", "^2"),
    (r"的?立方|\bcubed\b", "^3"),
    (rf"(?:the )?(\d+)(?:st|nd|rd|th) power of {_N}", r"(\2^\1)"),
    (rf"的?\s*{_N}\s*次(?:方|幂)", r"^\1"),
    (rf"{_N}\s*的阶乘|factorial of {_N}|{_N} factorial", r"(\1\2\3)!"),
    (r"(?:raised )?to the power (?:of )?|\braised to\b", "^"),
    (r"\bto the (\d+)(?:st|nd|rd|th)(?: power)?", r"^\1"),
    (rf"{_N} (?:off|discount (?:on|off)) (?:of )?{_N}", r"(\2-\1)"),
    (rf"(?:打|按){_N}折", r"*(\1/10)"),
    (rf"(?:the )?(?:sum|total) of {_N} and {_N}|add {_N} (?:and|to|with|plus) {_N}", r"(\1\3+\2\4)"),
    (rf"(?:the )?difference (?:between|of) {_N} and {_N}", r"(\1-\2)"),
    (rf"{_N} (?:subtracted|taken|deducted) from {_N}|{_N} less than {_N}", r"(\2\4-\1\3)"),
    (rf"(?:the )?ratio of {_N} to {_N}", r"(\1/\2)"),
    (rf"(?:subtract|take(?: away)?) {_N} (?:away )?from {_N}", r"(\2-\1)"),
    (rf"(?:the )?product of {_N} and {_N}|multiply {_N} (?:by|and|with|times) {_N}", r"(\1\3*\2\4)"),
    (rf"(?:the )?quotient of {_N} and {_N}|divide {_N} (?:by|into) {_N}", r"(\1\3/\2\4)"),
    (rf"{_N}\s*[和与]\s*{_N}\s*的差", r"(\1-\2)"),
    (rf"{_N}\s*[和与]\s*{_N}\s*的(?:积|乘积)", r"(\1*\2)"),
    (rf"{_N}\s*[和与跟]\s*{_N}\s*(?:相加|的和)", r"(\1+\2)"),
    (rf"{_N}\s*[和与跟]\s*{_N}\s*相乘", r"(\1*\2)"),
    (rf"{_N}\s*[和与跟]\s*{_N}\s*的商", r"(\1/\2)"),
    (rf"{_N}\s*比\s*{_N}\s*多", r"(\1-\2)"),
    (rf"{_N}\s*(?:平均)?分成\s*{_N}\s*份", r"(\1/\2)"),
    (rf"(?:the )?(?:twice|double) (?:of )?{_N}", r"(2*\1)"),
    (r"\b(?:(?:an?|the|1) )?half of\b", "0.5*"),
    (r"\b(?:(?:an?|the|1) )?quarter of\b", "0.25*"),
    (r"\b(?:an?|the|1) fifth of\b", "0.2*"),
    (r"\b(?:an?|the|1) tenth of\b", "0.1*"),
    (r"\b(?:a |one )?third of\b|\b1 third of\b", "(1/3)*"),
    (r"的一半|的1半", "*0.5"),
    (rf"的?\s*{_N}\s*倍", r"*\1"),
    (r"再(?=[加减乘除])|然后", ""),
    (r"\b(?:per ?cent|pct)\b", "%"),
    (r"(?<![a-z])(?:plus|added to|and|(?:increased|raised) by|together with|more than)(?![a-z])", "+"),
    (r"加上?|和", "+"),
    (r"(?<![a-z])(?:minus|less|subtract|take away|(?:decreased|reduced|lowered) by)(?![a-z])", "-"),
    (r"减[去掉]?|去掉|[–—−]", "-"),
    (r"\b(?:multiplied by|multiply by|times(?: as (?:much|many) as)?)\b", "*"),
    (r"(?<=[\d)\s])x(?=[\d(\s-])|乘以?|[×·•⋅∙]|的(?=\s*[\d(])", "*"),
    (r"\b(?:divided by|divide by|split by|shared by|over)\b|除以?|[÷∕]", "/"),
    (r"\b(?:modulo|mod|remainder)\b|取余|取模", " mod "),
    (r"(?<=%)\s*of\b", "*"),
    (r"(?<=[\d)])\s*of\b", "*"),
    (rf"{_N}\s*个\s*{_N}", r"(\1*\2)"),
    (r"的商", ""),
    (r"(?<=\d) ?: ?(?=\d)", "/"),
    (r"\*\*", "^"),
    (r"²", "^2"),
    (r"³", "^3"),
    (r"π|圆周率", "pi"),
)
_MANY_OF = re.compile(
    rf"(?:the )?(average|mean|sum|total|min|max)(?:imum)? of ((?:{_N}(?:[\s,]+(?:and\s+)?)?)+)"
)
_COMPILED = tuple((re.compile(pattern), replacement) for pattern, replacement in _REWRITES)
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")


def in_signs(text: str) -> str:
    """Return the text in digits, signs and names of functions, as far as its words are known."""
    # NFKC would turn a raised 2 into a plain one.
    text = normal(text.replace("²", "^2").replace("³", "^3").replace("−", "-"))
    text = spelled(text)
    if not re.search(r"[a-z]\s*\(", text):
        text = _GROUPED.sub(lambda match: match.group().replace(",", ""), text)
    text = _MANY_OF.sub(lambda m: f"{m[1]}({','.join(re.findall(_N, m[2]))})", text)
    for pattern, replacement in _COMPILED:
        text = pattern.sub(replacement, text).strip()
    return text
