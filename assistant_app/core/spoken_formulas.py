"""Reads a formula aloud: LaTeX as words where that helps, nothing where it would not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

MOST_WORDS = 40
"""A longer formula cannot be followed by ear."""
_DEEPEST = 8

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:[.,]\d+)*|[A-Za-z]|[{}^_]|\S", re.DOTALL)
_IGNORED = frozenset(
    r"\left \right \big \Big \bigl \bigr \displaystyle \limits \, \; \: \! \quad \qquad ~ &".split()
)
_TEXTS = frozenset(r"\text \mathrm \mathbf \mathit \operatorname \textbf \mathbb \mathcal".split())
_RANGED = frozenset((r"\sum", r"\prod", r"\int"))
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi"
    " omega"
).split()
_FUNCTIONS: Mapping[str, tuple[str, str]] = {
    "sin": ("sine of", "正弦"),
    "cos": ("cosine of", "余弦"),
    "tan": ("tangent of", "正切"),
    "log": ("log", "对数"),
    "ln": ("natural log of", "自然对数"),
    "lim": ("the limit of", "极限"),
    "max": ("maximum of", "最大值"),
    "min": ("minimum of", "最小值"),
}
_SIGNS: Mapping[str, tuple[str, str]] = {
    "+": ("plus", "加"),
    "-": ("minus", "减"),
    "−": ("minus", "减"),
    "=": ("equals", "等于"),
    "<": ("is less than", "小于"),
    ">": ("is greater than", "大于"),
    "*": ("times", "乘以"),
    "/": ("over", "除以"),
    "|": ("", ""),
    "%": ("percent", "百分号"),
    "!": ("factorial", "的阶乘"),
    "'": ("prime", "撇"),
    r"\%": ("percent", "百分号"),
    r"\times": ("times", "乘以"),
    r"\cdot": ("times", "乘以"),
    r"\div": ("divided by", "除以"),
    r"\pm": ("plus or minus", "正负"),
    r"\leq": ("is at most", "小于等于"),
    r"\le": ("is at most", "小于等于"),
    r"\geq": ("is at least", "大于等于"),
    r"\ge": ("is at least", "大于等于"),
    r"\neq": ("is not equal to", "不等于"),
    r"\ne": ("is not equal to", "不等于"),
    r"\approx": ("is about", "约等于"),
    r"\equiv": ("is identical to", "恒等于"),
    r"\to": ("to", "趋于"),
    r"\rightarrow": ("to", "到"),
    r"\Rightarrow": ("therefore", "所以"),
    r"\infty": ("infinity", "无穷大"),
    r"\sum": ("the sum", "求和"),
    r"\prod": ("the product", "求积"),
    r"\int": ("the integral", "积分"),
    r"\partial": ("partial", "偏"),
    r"\in": ("in", "属于"),
    r"\circ": ("degrees", "度"),
    r"\ldots": ("and so on", "等等"),
    r"\dots": ("and so on", "等等"),
    r"\cdots": ("and so on", "等等"),
    "(": ("", ""),
    ")": ("", ""),
    "[": ("", ""),
    "]": ("", ""),
    r"\{": ("", ""),
    r"\}": ("", ""),
    ",": (",", "，"),
    ":": ("to", "比"),
    **{rf"\{name}": (name, name) for name in _GREEK},
    **{rf"\{name.capitalize()}": (f"capital {name}", f"大写{name}") for name in _GREEK},
    **{rf"\{name}": said for name, said in _FUNCTIONS.items()},
}


class _Unspeakable(Exception):
    """There is something in it for which there are no words."""


@dataclass
class _Reader:
    tokens: list[str]
    chinese: bool
    place: int = 0

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.place += 1
        return token

    def argument(self, depth: int) -> list[str]:
        """Read one token or one group in braces."""
        if self.peek() == "{":
            self.take()
            words = self.sequence(depth + 1, "}")
            if self.take() != "}":
                raise _Unspeakable
            return words
        return self.item(depth + 1)

    def sequence(self, depth: int, end: str) -> list[str]:
        words: list[str] = []
        while self.peek() not in ("", end):
            words += self.item(depth)
        return words

    def item(self, depth: int) -> list[str]:
        if depth > _DEEPEST:
            raise _Unspeakable
        token = self.take()
        if token in _IGNORED:
            return []
        if token == "{":
            self.place -= 1
            return self.argument(depth)
        if token in _TEXTS:
            return self.argument(depth)
        if token in (r"\frac", r"\dfrac", r"\tfrac"):
            above, below = self.argument(depth), self.argument(depth)
            return [*below, "分之", *above] if self.chinese else [*above, "over", *below]
        if token == r"\sqrt":
            if self.peek() == "[":
                raise _Unspeakable
            return ["根号" if self.chinese else "the square root of", *self.argument(depth)]
        if token == "^":
            return self.power(self.argument(depth))
        if token == "_":
            return [*self.argument(depth)] if self.chinese else ["sub", *self.argument(depth)]
        if token in _RANGED:
            return [_SIGNS[token][1 if self.chinese else 0], *self.limits(depth)]
        if token in _SIGNS:
            said = _SIGNS[token][1 if self.chinese else 0]
            return [said] if said else []
        if re.fullmatch(r"\d[\d.,]*|[^\W_]", token):
            return [token]
        raise _Unspeakable

    def limits(self, depth: int) -> list[str]:
        """Read where a sum or an integral begins and ends."""
        words: list[str] = []
        while self.peek() in ("_", "^"):
            below = self.take() == "_"
            words.append(("从" if below else "到") if self.chinese else ("from" if below else "to"))
            words += self.argument(depth)
        return words if self.chinese else [*words, "of"]

    def power(self, exponent: list[str]) -> list[str]:
        match exponent:
            case ["2"]:
                return ["的平方" if self.chinese else "squared"]
            case ["3"]:
                return ["的立方" if self.chinese else "cubed"]
            case ["degrees" | "度" | "prime" | "撇"]:
                return exponent
        return ["的", *exponent, "次方"] if self.chinese else ["to the power of", *exponent]


def spoken_formula(latex: str, *, chinese: bool) -> str:
    """Return a formula as words; empty where it is too long or means more than words can say.

    Args:
        latex: What stands between the dollar signs.
        chinese: In which of both languages.
    """
    reader = _Reader(_TOKEN.findall(latex), chinese)
    try:
        words = reader.sequence(0, "")
    except _Unspeakable:
        return ""
    if not words or len(words) > MOST_WORDS:
        return ""
    if not chinese:
        return re.sub(r" ([,.])", r"\1", " ".join(words))
    return _joined(words)


def _joined(words: list[str]) -> str:
    """Join Chinese words without spaces, Latin ones beside each other with one."""
    text = ""
    for word in words:
        text += f" {word}" if text and text[-1].isascii() and word[0].isascii() else word
    return text
