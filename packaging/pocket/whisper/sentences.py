"""The sentences that are spoken: from the pocket model's templates, commands.toml, and plain words in a row.

Every sentence is written in one way only, for a listener cannot know what is not audible: digits for
numbers, British spelling, capitals for names, a question mark after a question's words.
"""

import random
import re
import sys
import tomllib
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).parent
sys.path.insert(1, str(HERE.parent))

from families import Families  # noqa: E402
from grammar import expand  # noqa: E402
from toolcalls import Requests  # noqa: E402
from words import Filler, words  # noqa: E402

LONGEST = 90
"""Characters of the longest sentence."""

_SPELLING = dict(
    pair.split(">")
    for pair in (
        "color>colour colors>colours colored>coloured favorite>favourite gray>grey center>centre "
        "neighbor>neighbour neighbors>neighbours airplane>aeroplane kilometers>kilometres "
        "kilometer>kilometre "
        "meters>metres meter>metre liters>litres liter>litre centimeters>centimetres summarize>summarise "
        "practice>practise yogurt>yoghurt mom>mum program>programme behavior>behaviour license>licence "
        "ok>okay thx>thanks km>kilometres kg>kilograms cm>centimetres lb>pounds min>minutes hrs>hours"
    ).split()
)
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
).split()
_TENS = "thirty forty fifty sixty seventy eighty ninety".split()
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(_SMALL)} | {
    word: str(10 * number) for number, word in enumerate(_TENS, 3)
}
_COUNTED = (
    "second|minute|hour|day|week|month|year|mile|metre|kilometre|pound|cup|litre|percent|plus|minus|times"
)
_SIGNS = {"-": "minus", "+": "plus", "*": "times", "x": "times", "×": "times", "/": "divided by"}
_ASKING = frozenset(
    (
        "what what's how how's who who's whose where where's when why which can could will would shall "
        "should may do does did is are was were am has have had any "
        "isn't aren't don't doesn't didn't can't won't"
    ).split()
)
_ORDERING = frozenset(
    "tell say show give name explain repeat calculate list help guide call set remind describe".split()
)
_PROPER_SLOTS = ("name", "city", "place", "person", "weekday", "month", "topic")
_PROPER_WORDS = "I English Chinese French German Spanish Mandarin Celsius Fahrenheit Christmas".split()
_HOLD_EVERY = 25
"""One in so many sentences is kept for the evaluation."""
_SALAD = 0.25
"""Share of the training sentences without sense: in them only listening helps, no guessing."""


Part = Literal["training", "sentences", "phrasings"]


class Unspeakable(Exception):
    """A template asked for something that has no one spelling: a path, code, a made-up word."""


@lru_cache
def _commands() -> dict[str, Any]:
    return tomllib.loads((HERE / "commands.toml").read_text("utf-8"))


def _list(slot: str) -> tuple[str, ...]:
    """Return the spoken words of a slot; empty when there is no such list."""
    own = _commands()["words"].get(slot)
    if own:
        return tuple(word.strip() for word in own.split(","))
    return words("en", slot.removesuffix("_held"))


@lru_cache
def _proper() -> frozenset[str]:
    """Return the words that have a capital everywhere."""
    listed = " ".join(entry for slot in _PROPER_SLOTS for entry in words("en", slot))
    return frozenset([*_PROPER_WORDS, *re.findall(r"\b[A-Z][A-Za-z']*", listed)])


class SpokenFiller(Filler):
    """Fills slots with what a listener can spell: real words and names, numbers that people say."""

    def __call__(self, slot: str) -> str:
        """Return a value for `slot`. Raises Unspeakable for what has no one spelling."""
        rng = self.rng
        makers: dict[str, Callable[[], str]] = {
            "small": lambda: str(rng.randrange(1, 100)),
            "year": lambda: str(rng.randrange(1900, 2030)),
            "dec": lambda: f"{rng.randrange(0, 20)}.{rng.randrange(1, 10)}",
            "price": lambda: f"{rng.randrange(1, 30)}.{rng.randrange(1, 10)}",
            "digits": lambda: " ".join(str(rng.randrange(10)) for _ in range(rng.randint(3, 5))),
            "liking": lambda: self.pick(rng.choice(["food", "colour", "hobby", "shopping"])),
            "duration1": self.duration_adjective,
            "round": self.round_number,
            **dict.fromkeys(("n", "number", "age"), self.number),
            **dict.fromkeys(("clock", "time"), self.time),
            **dict.fromkeys(("daytime", "when"), self.when),
            "duration": self.duration,
            **dict.fromkeys(("fakename", "anyname", "petname"), lambda: self.pick("name")),
            "anyplace": lambda: self.pick("city"),
        }
        return makers[slot]() if slot in makers else self.pick(slot)

    def pick(self, slot: str) -> str:
        """Return a word of a list, its own slots filled in. Raises Unspeakable when there is no such list."""
        choices = _list(slot)
        if not choices:
            raise Unspeakable(slot)
        return expand(self.rng.choice(choices), self.rng, self)

    def number(self) -> str:
        """Return a number as people say them: mostly small, seldom above a hundred."""
        kind = self.rng.random()
        if kind < 0.35:
            return str(self.rng.randrange(1, 21))
        if kind < 0.85:
            return str(self.rng.randrange(1, 100))
        return str(self.rng.randrange(100, 1000)) if kind < 0.93 else self.round_number()

    def round_number(self) -> str:
        """Return a round number up to ten thousand."""
        return str(self.rng.randrange(1, 20) * self.rng.choice([5, 10, 50, 100, 100, 500]))

    def time(self) -> str:
        """Return a time of day."""
        hour = str(self.rng.randrange(1, 13))
        forms = [
            "{}",
            "{} am",
            "{} pm",
            "{} pm",
            "{} o'clock",
            "half past {}",
            "quarter to {}",
            "quarter past {}",
        ]
        return self.rng.choice([*forms, "noon", "midnight"]).format(hour)

    def when(self) -> str:
        """Return a moment in the future."""
        day = self.rng.choice(
            ["tomorrow", "today", f"on {self.pick('weekday')}", f"next {self.pick('weekday')}"]
        )
        at = f"at {self.time()}"
        soon = ["tomorrow morning", "tonight", "this evening", "next week", f"in {self.duration()}"]
        return self.rng.choice([f"{day} {at}", at, day, *soon])

    def duration(self) -> str:
        """Return a length of time."""
        count = self.rng.choice([*range(2, 16), 20, 25, 30, 40, 45, 50, 60, 90])
        forms = ["{} minutes", "{} minutes", "{} seconds", "{} hours", "{} days", "1 hour and {} minutes"]
        whole = ["1 minute", "an hour", "half an hour", "an hour and a half", "a quarter of an hour"]
        return self.rng.choice([*forms, *whole]).format(count)

    def duration_adjective(self) -> str:
        """Return a length of time before a noun."""
        count = self.rng.choice([*range(2, 16), 20, 25, 30, 45, 60, 90])
        return f"{count} {self.rng.choice(['minute', 'minute', 'second', 'hour'])}"


def written(text: str) -> str | None:
    """Return the one way to write what is said, or None for what cannot be spoken and spelled."""
    text = re.sub(r"[\s_]+", " ", text.replace("’", "'").replace('"', ""))
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"\b(\d{1,2}):00\b", r"\1 o'clock", text)
    text = re.sub(r"(?<=\d) ?([-+*x×/]) ?(?=\d)", lambda found: f" {_SIGNS[found[1]]} ", text)
    text = re.sub(r"(?<=\d) ?(percent\b|%)", "%", text)
    text = re.sub(r":(?= |$)", ",", text)
    text = re.sub(r"[!;…]+", ".", text).strip(" ,")
    if not re.fullmatch(r"[A-Za-z0-9 ,.?'%-]+", text) or re.search(
        r"\d{5}|\b0\d|\d[A-Za-z]|[A-Za-z]\d", text
    ):
        return None
    text = re.sub(rf"\b[Oo]ne (?=({_COUNTED})s?\b)", "1 ", text)
    tokens = re.findall(r"\d+\.\d+%?|[A-Za-z0-9'%][A-Za-z0-9'%-]*|[,.?]", text)
    sentences: list[list[str]] = [[]]
    for token in tokens:
        if token in ".?":
            if sentences[-1]:
                sentences[-1].append(token)
                sentences.append([])
        elif token != "," or (sentences[-1] and sentences[-1][-1] != ","):
            sentences[-1].append(_word(token, first=not sentences[-1]))
    result = " ".join(_ended(sentence) for sentence in sentences if sentence)
    return result if 0 < len(result) <= LONGEST else None


def _word(token: str, first: bool) -> str:
    """Return a word in its one spelling; capitals stay at the first word of a sentence and in names."""
    lower = token.lower()
    if lower in _NUMBER_WORDS and lower != "one":
        return _NUMBER_WORDS[lower]
    token = _SPELLING.get(lower, token)
    if first or token in _proper() or token.split("'")[0] in _proper():
        return token
    return token if any(letter.isupper() for letter in token[1:]) else token.lower()


def _ended(sentence: list[str]) -> str:
    """Return one sentence with its capital and its mark, which follows from its first words."""
    body = [token for token in sentence if token not in ".?"]
    while body and body[-1] == ",":
        body.pop()
    spoken = [token.lower() for token in body if token != ","] or [""]
    if spoken[:2] in (["do", "not"], ["what", "a"]) or spoken[0] == "don't" or spoken[0] in _ORDERING:
        asks = False
    else:
        asks = spoken[0] in _ASKING or sentence[-1] == "?"
    text = " ".join(body).replace(" ,", ",")
    return text[:1].upper() + text[1:] + ("?" if asks else ".")


def key(text: str) -> str:
    """Return the words alone: sentences with one key sound the same."""
    return " ".join(re.findall(r"[a-z0-9.']*[a-z0-9]", text.lower()))


def is_held(text: str) -> bool:
    """Tell whether a sentence is kept for the evaluation, by its words only."""
    return zlib.crc32(key(text).encode()) % _HOLD_EVERY == 0


def _raw(rng: random.Random, held: bool) -> str:
    """Return a sentence of any source. Raises Unspeakable."""
    families = Families("en", rng, held)
    families.fill = SpokenFiller("en", rng)
    kind = rng.random()
    if kind < 0.5:
        family = rng.choice(_commands()["family"])
        return expand(rng.choice(family["held" if held else "train"]), rng, families.fill)
    if kind < 0.64:
        return families.app().user
    if kind < 0.7:
        return families.smalltalk().user
    if kind < 0.75:
        return families.decline().user
    if kind < 0.83:
        fact, value = families.fact()
        return (families.ask(fact, value) if rng.random() < 0.5 else families.tell(fact, value)).user
    return Requests(families).draw().user


def _salad(rng: random.Random) -> str:
    """Return words in a row, or pieces of different sentences: what follows cannot be guessed."""
    if rng.random() < 0.5:
        return " ".join(rng.choice(lexicon()) for _ in range(rng.randint(2, 5)))
    pieces: list[str] = []
    for _ in range(rng.randint(2, 4)):
        spoken = re.findall(r"[A-Za-z0-9.'%-]*[A-Za-z0-9%]", written(_raw(rng, held=False)) or "")
        if spoken:
            at = rng.randrange(len(spoken))
            pieces += spoken[at : at + rng.randint(1, 4)]
    return re.sub(r"(\d) (?=\d)", r"\1 or ", " ".join(pieces))  # 40 5 would sound like 45


@lru_cache
def vocabulary() -> frozenset[str]:
    """Return all words, in small letters, that are ever spoken; numbers are not among them."""
    return frozenset((HERE / "vocabulary.txt").read_text("utf-8").split())


@lru_cache
def lexicon() -> tuple[str, ...]:
    """Return the vocabulary in order without names and without words that sound like another one."""
    twins = set((HERE / "homophones.txt").read_text("utf-8").split())
    names = {name.lower() for name in _proper()}
    return tuple(sorted(word for word in vocabulary() - twins - names if word.isalpha() and len(word) > 2))


def sentences(seed: int, part: Part = "training") -> Iterator[str]:
    """Yield different sentences of a part forever.

    `training` is what is trained and has no sentence of the others: `sentences` are kept back of the
    trained phrasings, `phrasings` come from other ones with the same words. What cannot be spoken, or has
    a word outside the vocabulary, is left out.
    """
    rng = random.Random(seed)
    seen: set[str] = set()
    while True:
        salad = part == "training" and rng.random() < _SALAD
        try:
            text = written(_salad(rng) if salad else _raw(rng, part == "phrasings"))
        except (Unspeakable, KeyError):
            continue
        if text is None or key(text) in seen:
            continue
        if is_held(text) is (part == "training"):
            continue
        if not vocabulary().issuperset(re.findall(r"[a-z][a-z'-]*", text.lower())):
            continue
        seen.add(key(text))
        yield text
