"""Numbers in words become digits, in English and Chinese; text is brought to one form first."""

import re
import unicodedata
from decimal import Decimal

_UNITS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
        " sixteen seventeen eighteen nineteen".split()
    )
}
_TENS = {
    word: 10 * number
    for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ENGLISH = "|".join([*_UNITS, *_TENS, *_SCALES, "hundred"])
# "three hundred and five" is one number, "forty and five" are two.
_AND = r"(?:(?:(?<=hundred )|(?<=thousand )|(?<=million )|(?<=billion ))and\s+)?"
_ENGLISH_RUN = re.compile(
    rf"\b(?:an? (?=hundred|thousand|million|billion))?(?:{_ENGLISH})\b(?:[\s-]+{_AND}(?:{_ENGLISH})\b)*"
    rf"(?:\s+point(?:\s+(?:{'|'.join(_UNITS)})\b)+)?"
)
_SCALED = re.compile(r"(\d+(?:\.\d+)?)\s*(hundred|thousand|million|billion|trillion|k)\b")

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_PLACES = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_CHINESE_RUN = re.compile(
    r"(?<![\d.])(?=[百千万萬亿億]*[零〇一二两兩三四五六七八九十])[零〇一二两兩三四五六七八九十百千万萬亿億]+(?:点[零〇一二三四五六七八九]+)?"
)
_CHINESE_SCALED = re.compile(r"(\d+(?:\.\d+)?)\s*([千万萬亿億])(?!米|克|瓦|卡|字|焦|赫|帕)")


def normal(text: str) -> str:
    """Return the text in compatibility form, lower case, single spaces: ７：３０ and 7:30 are one."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return " ".join(folded.split())


def spelled(text: str) -> str:
    """Return normal text with its numbers in digits: "twenty-five" and 二十五 become 25."""
    text = _SCALED.sub(_scaled, text)
    text = _ENGLISH_RUN.sub(lambda match: _english(match.group()), text)
    text = _CHINESE_SCALED.sub(_scaled, text)
    return _CHINESE_RUN.sub(lambda match: _chinese(match.group()), text)


def read_number(text: str) -> float | None:
    """Return the number that a whole text is, in digits or words; else None."""
    plain = spelled(normal(text)).replace(",", "").replace(" ", "")
    try:
        return float(plain)
    except ValueError:
        return None


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scaled(match: "re.Match[str]") -> str:
    scales = {**_SCALES, "hundred": 100, "k": 1000, "千": 1000, **_MYRIADS}
    return _plain(Decimal(match[1]) * scales[match[2]])


def _english(words: str) -> str:
    whole, _point, decimals = words.partition(" point")
    numbers: list[str] = []
    total, part, last = 0, 0, 0
    for word in re.findall(r"[a-z]+", whole):
        if word in ("a", "an"):
            part = 1
        elif word in _SCALES:
            total, part, last = total + (part or 1) * _SCALES[word], 0, 1000
        elif word == "hundred":
            part, last = (part or 1) * 100, 100
        elif word != "and":
            value = _UNITS[word] if word in _UNITS else _TENS[word]
            if (last and value >= last) or (last and last < 20):
                # "six thirty" is two numbers, "thirty six" is one.
                numbers.append(str(total + part))
                total, part = 0, 0
            part += value
            last = value if value >= 20 else max(1, value)
    numbers.append(str(total + part))
    text = " ".join(numbers)
    return f"{text}.{''.join(str(_UNITS[word]) for word in decimals.split())}" if decimals else text


def _chinese(run: str) -> str:
    whole, _point, decimals = run.partition("点")
    if not any(c in _PLACES or c in _MYRIADS for c in whole):
        text = "".join(str(_DIGITS[c]) for c in whole)
    else:
        text = str(_chinese_whole(whole))
    return f"{text}.{''.join(str(_DIGITS[c]) for c in decimals)}" if decimals else text


def _chinese_whole(text: str) -> int:
    total, section, digit = 0, 0, 0
    seen = 1
    for character in text:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _PLACES:
            seen = _PLACES[character]
            section += (digit or (1 if seen == 10 or not section else 0)) * seen
            digit = 0
        else:
            total = (
                (total + section + digit) * _MYRIADS[character]
                if _MYRIADS[character] > total
                else (total + (section + digit) * _MYRIADS[character])
            )
            seen = _MYRIADS[character]
            section, digit = 0, 0
    if digit and len(text) > 1 and text[-2] in (*_PLACES, *_MYRIADS) and seen > 10:
        # 两百五 is 250, 三万五 is 35000; 二百零五 is 205.
        digit *= seen // 10
    return total + section + digit
