"""Values for template slots: word lists, and made-up names and numbers so that copying has to be learned."""

import random
import tomllib
from functools import lru_cache
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
_ONSETS = "b c d f g h j k l m n p r s t v w z br cr dr fl gr kl pl pr sh st th tr vl sk ch qu x y".split()
_VOWELS = "a e i o u a e i o ai ea oo ou ie y".split()
_CODAS = ["", "", "", "n", "r", "l", "s", "t", "m", "x", "nd", "rk", "th", "ss", "ck"]
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英文华玉兰红建国志海"
    "云飞雪梅春秋月星宇浩然子轩梓涵诗琪佳怡欣悦晨阳思远嘉豪雨桐俊凯"
)
_CODE = [
    "print('hello')",
    "for i in range(10): print(i)",
    "int main() return 0;",
    "let x = 5; x += 1;",
    "def f(x): return x * 2",
    "SELECT * FROM users;",
    "while True: pass",
    "import os",
]


_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


@lru_cache
def load(name: str) -> dict:  # type: ignore[type-arg]
    """Return the parsed template file `name` (without its ending)."""
    return tomllib.loads((TEMPLATES / f"{name}.toml").read_text("utf-8"))


@lru_cache
def words(language: str, slot: str) -> tuple[str, ...]:
    """Return the word list of a slot; empty when there is none."""
    return tuple(word.strip() for word in load("words")[language].get(slot, "").split(",") if word.strip())


@lru_cache
def vocabulary(language: str) -> tuple[str, ...]:
    """Return the words of all lists, each once; none that are held out."""
    slots = [slot for slot in load("words")[language] if not slot.endswith("_held")]
    return tuple(dict.fromkeys(word for slot in slots for word in words(language, slot) if "{" not in word))


def spoken(number: int, language: str) -> str:
    """Return a whole number below 1000 in words."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    if language == "zh":
        digits = "零一二三四五六七八九"
        if not number:
            return digits[0]
        text = f"{digits[hundreds]}百" if hundreds else ""
        text += f"{digits[tens] if tens > 1 or hundreds else ''}十" if tens else "零" if text and ones else ""
        return text + (digits[ones] if ones else "")
    below = _SMALL[rest] if rest < 20 else _TENS[tens - 2] + (f"-{_SMALL[ones]}" if ones else "")
    if not hundreds:
        return below
    return f"{_SMALL[hundreds]} hundred" + (f" and {below}" if rest else "")


def figures(rng: random.Random, length: int) -> str:
    """Return a whole number of so many digits; some are round, or of few different digits: hard to copy."""
    chance = rng.random()
    symbols = rng.sample("0123456789", 10 if chance < 0.72 else rng.choice([2, 3]))
    text = "".join(rng.choices(symbols, k=length))
    if chance > 0.9:
        text = text[: rng.randint(1, 2)].ljust(length, "0")
    return text.lstrip("0") or "7"


class Filler:
    """Fills slots in one language from one random source."""

    def __init__(self, language: str, rng: random.Random) -> None:
        self.language = language
        self.rng = rng

    def __call__(self, slot: str) -> str:
        """Return a value for `slot` (which may hold slots itself). Raises KeyError for an unknown slot."""
        rng = self.rng
        makers = {
            "fakeword": self.fakeword,
            "fakename": self.fakename,
            "anyname": lambda: self.fakename() if rng.random() < 0.6 else self.pick("name"),
            "petname": lambda: self.fakename(short=True) if rng.random() < 0.7 else self.pick("name"),
            "anyplace": lambda: self.fakeword().capitalize() if rng.random() < 0.4 else self.pick("city"),
            "n": lambda: str(rng.randrange(1, 10 ** rng.randint(1, 4))),
            "number": lambda: figures(rng, rng.randint(1, 6)),
            "age": lambda: str(rng.randrange(5, 99)),
            "year": lambda: str(rng.randrange(1000, 2030)),
            "code": lambda: rng.choice(_CODE),
            "clock": lambda: f"{rng.randrange(0, 24)}:{rng.randrange(0, 60):02d}",
            "daytime": self.daytime,
            "price": lambda: f"{rng.randrange(1, 900)}.{rng.randrange(0, 100):02d}",
            "path": self.path,
        }
        maker = makers.get(slot)
        return maker() if maker else self.pick(slot)

    def pick(self, slot: str) -> str:
        """Return a random word of a list."""
        choices = words(self.language, slot)
        if not choices:
            raise KeyError(slot)
        return self.rng.choice(choices)

    def fakeword(self) -> str:
        """Return a made-up word of two or three syllables."""
        rng = self.rng
        parts = (rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(rng.randint(2, 3)))
        return "".join(parts) + rng.choice(_CODAS)

    def fakename(self, short: bool = False) -> str:
        """Return a made-up name: syllables, or Chinese characters."""
        rng = self.rng
        if self.language == "zh" and rng.random() < 0.85:
            given = "".join(rng.choice(_GIVEN) for _ in range(rng.randint(1, 2)))
            return (
                given * 2 if short and len(given) == 1 else given if short else rng.choice(_SURNAMES) + given
            )
        return self.fakeword().capitalize()

    def daytime(self) -> str:
        """Return a weekday with a clock time, or either."""
        rng = self.rng
        day, clock = self.pick("weekday"), self("clock")
        both = f"{day}{clock}" if self.language == "zh" else f"{day} at {clock}"
        return rng.choice([both, both, day])

    def path(self) -> str:
        """Return a made-up file path or file name."""
        rng = self.rng
        ending = rng.choice(["txt", "pdf", "csv", "py", "md", "jpg", "log", "json"])
        folders = [self.fakeword() for _ in range(rng.randint(0, 3))]
        name = f"{self.fakeword()}{rng.choice(['', '-2', '_old', '7', '-final'])}.{ending}"
        return "/" + "/".join([*folders, name]) if folders else name

    def sentence(self, low: int = 2, high: int = 8) -> str:
        """Return random words in a row: text without sense that can only be copied."""
        pieces = [
            self.fakeword()
            if self.rng.random() < 0.15
            else self("number")
            if self.rng.random() < 0.1
            else self.pick("word")
            for _ in range(self.rng.randint(low, high))
        ]
        return ("" if self.language == "zh" else " ").join(pieces)
