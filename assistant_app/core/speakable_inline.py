"""Within a line of Markdown: what of it is said, and from where in the source."""

import html
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from assistant_app.core.spoken_formulas import spoken_formula
from assistant_app.core.spoken_words import Words, words

HELD_MOST = 400
"""How many characters of something unfinished are waited for; then it is taken as it stands."""
_HELD_MOST_FORMULA = 120

_PLAIN = re.compile(r"[^\\`!\[<$*_~&:/.\s#@]+")
_SPACE = re.compile(r"[ \t\r\n\u00a0]+")
_TICKS = re.compile(r"`+")
_IMAGE_OR_LINK = re.compile(
    r"(?P<image>!?)\[(?P<text>(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]"
    r"(?:\((?P<target>[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:\s+[\"'][^\"']*[\"'])?\s*\)|\[[^\[\]]*\])?"
)
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]:?")
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'`\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]+", re.IGNORECASE
)
_ADDRESS_BEGINS = re.compile(r"h(t(tp?s?(:/?/?)?)?)?|w(ww?\.?)?", re.IGNORECASE)
_ADDRESS_INSIDE = re.compile(r"(?<![A-Za-z0-9])(?:h|htt?|https?|ww?w?)\Z", re.IGNORECASE)
_ADDRESS_END = ".,;:!?)]}*_~"
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->")
_BREAK_TAG = re.compile(r"<(?:br|/p|/li|/div)\b", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_EMPHASIS = re.compile(r"\*+|_+|~~+")
_FORMULA = re.compile(
    r"\$(?![\s$])(?P<latex>(?:[^$\\\n]|\\.)*[^\s$\\]|\\.)\$(?!\d)|\\\((?P<round>.*?)\\\)", re.DOTALL
)
_MONEY = re.compile(
    r"\$\d[\d.,]*(?:\s*(?:k|m|bn|million|billion)\b)?(?=[.,;:!?)]*\s+[A-Za-z\u4e00-\u9fff(]{2}|[.,;:!?)]*\s*$)"
)
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff\u2934\u2935\u3030\u303d\u3297\u3299"
    "\ufe0e\ufe0f\u200d\u20e3\U000e0020-\U000e007f]+"
)
_ESCAPABLE = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


@dataclass(slots=True)
class Spoken:
    """A piece of what is said: its characters, and for each where in the source it begins."""

    text: str = ""
    starts: list[int] = field(default_factory=list)

    def literal(self, text: str, start: int) -> None:
        """Add characters that stand in the source as they are said."""
        self.text += text
        self.starts.extend(range(start, start + len(text)))

    def instead(self, text: str, start: int) -> None:
        """Add what is said in place of something that begins there."""
        self.text += text
        self.starts.extend([start] * len(text))

    def add(self, other: "Spoken") -> None:
        """Add what comes next."""
        self.text += other.text
        self.starts += other.starts


def formula(latex: str, language: str) -> str:
    """Return what is said for a formula, never nothing."""
    return spoken_formula(latex, chinese=language.partition("-")[0] == "zh") or words(language).formula


def host_of(address: str) -> str:
    """Return the part of an address that is worth hearing."""
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        host = ""
    return (host or address).removeprefix("www.")


class Inline:
    """Walks over a part of one line. `place` is how far it has come."""

    def __init__(self, source: str, start: int, end: int, complete: bool, language: str) -> None:
        """Prepare.

        Args:
            source: The whole answer so far.
            start: Where in it to begin.
            end: Where the line ends, or all that has come of it.
            complete: Whether nothing more can come on this line.
            language: In which words stand for what cannot be read.
        """
        self._source = source
        self._end = end
        self._complete = complete
        self._language = language
        self._words: Words = words(language)
        self.place = start
        self.spoken = Spoken()

    def walk(self, stop_at: "re.Pattern[str] | None" = None) -> bool:
        """Go on to the end, or to where `stop_at` matches; False when more must come first."""
        while self.place < self._end:
            if stop_at is not None and stop_at.match(self._source, self.place):
                return True
            if not self._step():
                return False
        return True

    def _step(self) -> bool:
        source, place = self._source, self.place
        if plain := _PLAIN.match(source, place, self._end):
            return self._plain(plain.group())
        match source[place]:
            case "\\":
                return self._backslash()
            case "`":
                return self._code()
            case "!" | "[":
                return self._link()
            case "<":
                return self._tag()
            case "$":
                return self._dollar()
            case "*" | "_" | "~":
                return self._emphasis()
            case "&":
                return self._entity()
        if space := _SPACE.match(source, place, self._end):
            self.spoken.literal(" ", place)
            return self._to(space.end())
        return self._literal(1)

    def _to(self, place: int) -> bool:
        self.place = place
        return True

    def _literal(self, length: int) -> bool:
        self.spoken.literal(self._source[self.place : self.place + length], self.place)
        return self._to(self.place + length)

    def _held(self, most: int = HELD_MOST) -> bool:
        """Whether something unfinished may still become something."""
        return not self._complete and self._end - self.place <= most

    def _plain(self, text: str) -> bool:
        source, place = self._source, self.place
        if _ADDRESS_BEGINS.fullmatch(source, place, self._end) and self._held():
            return False
        if address := _ADDRESS.match(source, place, self._end):
            if address.end() == self._end and self._held():
                return False
            found = address.group().rstrip(_ADDRESS_END)
            self.spoken.instead(host_of(found), place)
            return self._to(place + len(found))
        if (inside := _ADDRESS_INSIDE.search(text)) and inside.start():
            text = text[: inside.start()]
        for said, start, length in _runs(text, self._words):
            if said is None:
                self.spoken.literal(text[start : start + length], place + start)
            else:
                self.spoken.instead(said, place + start)
        return self._to(place + len(text))

    def _backslash(self) -> bool:
        source, place = self._source, self.place
        if place + 1 >= self._end:
            return False if self._held(1) else self._to(place + 1)
        if source.startswith("\\(", place):
            found = _FORMULA.match(source, place, self._end)
            if found:
                self.spoken.instead(formula(found["round"], self._language), place)
                return self._to(found.end())
            if self._held():
                return False
        if source[place + 1] in _ESCAPABLE:
            self.place += 1
        return self._literal(1)

    def _code(self) -> bool:
        source, place = self._source, self.place
        ticks = _TICKS.match(source, place, self._end)
        assert ticks is not None
        closing = re.compile(rf"(?<!`){ticks.group()}(?!`)").search(source, ticks.end(), self._end)
        if closing is None or (closing.end() == self._end and not self._complete and self._held(0)):
            return False if closing is None and self._held() else self._to(ticks.end())
        for offset, char in enumerate(source[ticks.end() : closing.start()]):
            # Names of things are words with signs between them.
            self.spoken.literal(" " if char in "_`" else char, ticks.end() + offset)
        return self._to(closing.end())

    def _link(self) -> bool:
        source, place = self._source, self.place
        if source[place] == "!" and not source.startswith("![", place):
            if place + 1 == self._end and self._held(1):
                return False
            return self._literal(1)
        if footnote := _FOOTNOTE.match(source, place, self._end):
            return self._to(footnote.end())
        found = _IMAGE_OR_LINK.match(source, place, self._end)
        unfinished = found is None or (
            found["target"] is None and source[found.end() : found.end() + 1] in ("", "(")
        )
        if unfinished and self._held():
            return False
        if found is None:
            return self._literal(1)
        text = Inline(source, found.start("text"), found.end("text"), True, self._language)
        text.walk()
        self.spoken.add(text.spoken)
        return self._to(found.end())

    def _tag(self) -> bool:
        source, place = self._source, self.place
        following = source[place + 1 : place + 2]
        if not following and self._held(1):
            return False
        if re.match(r"https?://|mailto:", source[place + 1 : place + 9]):
            closing = source.find(">", place, self._end)
            if closing < 0 and self._held():
                return False
            address = source[place + 1 : closing if closing >= 0 else self._end]
            self.spoken.instead(host_of(address.removeprefix("mailto:")), place)
            return self._to(place + 1 + len(address) + (closing >= 0))
        if tag := _TAG.match(source, place, self._end):
            if _BREAK_TAG.match(source, place):
                self.spoken.instead("\n", place)
            return self._to(tag.end())
        if (following.isalpha() or following in ("/", "!")) and self._held(HELD_MOST):
            return False
        return self._literal(1)

    def _dollar(self) -> bool:
        source, place = self._source, self.place
        found = _FORMULA.match(source, place, self._end)
        if found:
            self.spoken.instead(formula(found["latex"], self._language), place)
            return self._to(found.end())
        money = _MONEY.match(source, place, self._end)
        undecided = money is None or (money.end() == self._end and not self._complete)
        if undecided and self._held(_HELD_MOST_FORMULA):
            return False
        return self._literal(1)

    def _emphasis(self) -> bool:
        source, place = self._source, self.place
        marks = _EMPHASIS.match(source, place, self._end)
        if marks is None:  # a single tilde
            return self._literal(1)
        if marks.end() == self._end and self._held(HELD_MOST):
            return False
        before = source[place - 1 : place]
        after = source[marks.end() : marks.end() + 1]
        if marks.group() == "*" and before in ("", " ") and after == " ":
            self.spoken.instead(self._words.symbols["×"].strip(), place)
        elif marks.group()[0] == "_" and before.isalnum() and after.isalnum():
            self.spoken.literal(" ", place)
        return self._to(marks.end())

    def _entity(self) -> bool:
        source, place = self._source, self.place
        if entity := _ENTITY.match(source, place, self._end):
            self.spoken.instead(html.unescape(entity.group()).replace("\u00a0", " "), place)
            return self._to(entity.end())
        if re.fullmatch(r"&#?[A-Za-z0-9]{0,31}", source[place : self._end]) and self._held(33):
            return False
        return self._literal(1)


def _runs(text: str, said: Words) -> list[tuple[str | None, int, int]]:
    """Cut plain text where signs are said as words or, like emoji, not at all: (words, start, length)."""
    runs: list[tuple[str | None, int, int]] = []
    place = 0
    for found in re.finditer(rf"{_EMOJI.pattern}|[{''.join(said.symbols)}]", text):
        if found.start() > place:
            runs.append((None, place, found.start() - place))
        runs.append((said.symbols.get(found.group(), ""), found.start(), len(found.group())))
        place = found.end()
    if place < len(text):
        runs.append((None, place, len(text) - place))
    return runs
