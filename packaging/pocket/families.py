"""Turns by family: small talk and the app, declining, facts, passages, copying."""

import random
import re
from dataclasses import dataclass, field

from grammar import expand
from words import Filler, load


@dataclass(frozen=True)
class Turn:
    """One question with its answer, and how the evaluation judges an answer."""

    user: str
    answer: str
    family: str
    must: tuple[str, ...] = field(default=())
    """Regular expressions that an answer must contain."""


class Families:
    """Draws turns in one language; with `held`, only phrasings that are never trained."""

    def __init__(self, language: str, rng: random.Random, held: bool = False) -> None:
        self.language = language
        self.rng = rng
        self.held = held
        self.fill = Filler(language, rng)
        self._intents = [intent for intent in load("app")["intent"] if intent[language].get(self._split)]

    @property
    def _split(self) -> str:
        return "held" if self.held else "train"

    def _draw(self, templates: list[str]) -> str:
        return expand(self.rng.choice(templates), self.rng, self.fill)

    def app(self, intent_id: str | None = None) -> Turn:
        """Return a question about the app or small talk."""
        rng = self.rng
        intent = (
            next(item for item in self._intents if item["id"] == intent_id)
            if intent_id
            else rng.choices(self._intents, [item.get("weight", 1) for item in self._intents])[0]
        )
        part = intent[self.language]
        return Turn(
            self._draw(part[self._split]),
            rng.choice(part["answers"]),
            f"app/{intent['id']}",
            tuple(part["must"]),
        )

    def decline(self) -> Turn:
        """Return a question that the model cannot know, with the honest answer."""
        data = load("decline")
        kind = self.rng.choices(["know", "create", "calculate"], [6, 2, 2])[0]
        user = self._draw(data[kind][self.language][self._split])
        must = ("口袋模型", "模型") if self.language == "zh" else ("(?i)pocket model", "Models")
        return Turn(user, self.rng.choice(data["answers"][self.language][kind]), f"decline/{kind}", must)

    def copying(self) -> Turn:
        """Return a request to say a text again."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.7:
            text = self.fill.sentence()
        elif kind < 0.8:
            text = self.fill("number")
        elif kind < 0.9:
            text = self.fill("path")
        else:
            text = self.fill.fakename()
        template = rng.choice(load("passages")["copy"][0][self.language][self._split])
        return Turn(self._with(template, text), text, "copy/repeat", ("^" + re.escape(text) + "$",))

    def spelling(self) -> Turn:
        """Return a request to spell a word letter by letter."""
        word = self.rng.choice([self.fill.fakename, self.fill.fakeword])()
        if self.language == "zh":
            word = Filler("en", self.rng).fakeword()
            user = self._draw([f"(拼写|拼一下|怎么拼)(：| ){word}"])
        else:
            user = self._draw([f"(Spell|Please spell|How do you spell) {word}"])
        letters = "-".join(word)
        return Turn(user, letters, "copy/spell", ("^" + re.escape(letters) + "$",))

    def again(self, previous: str) -> Turn:
        """Return a request to say the previous answer again."""
        templates = {
            "en": (
                [
                    "(Say|Repeat) that again(|, please)(|.)",
                    "(What|Pardon|Sorry)?",
                    "(Can you|Please) repeat (that|your answer)(|?)",
                    "What did you (just say|say)?",
                ],
                ["Come again?"],
            ),
            "zh": (
                [
                    "(再说一遍|再说一次|重复一遍)(|。)",
                    "(你刚才说什么|你说什么)？",
                    "请重复(你的回答|刚才的话)(|。)",
                ],
                ["没听清，再来一次。"],
            ),
        }[self.language]
        return Turn(
            self._draw(templates[self.held]), previous, "copy/again", ("^" + re.escape(previous) + "$",)
        )

    def tell(self, fact: dict, value: str) -> Turn:  # type: ignore[type-arg]
        """Return the turn in which the user states a fact (always a trained phrasing style of its split)."""
        part = fact[self.language]
        templates = part["tell_held" if self.held else "tell"]
        user = self._with(self.rng.choice(templates), value)
        return Turn(
            user, self._with(self.rng.choice(part["ack"]), value), f"tell/{fact['id']}", (re.escape(value),)
        )

    def ask(self, fact: dict, value: str | None) -> Turn:  # type: ignore[type-arg]
        """Return the question for a fact; without a value the answer says that it was not told."""
        part = fact[self.language]
        user = self._with(self.rng.choice(part["ask_held" if self.held else "ask"]), "")
        if value is None:
            return Turn(
                user,
                part["unknown"][0],
                f"unknown/{fact['id']}",
                ("没有" if self.language == "zh" else "(?i)not told",),
            )
        return Turn(user, self._with(part["answer"][0], value), f"recall/{fact['id']}", (re.escape(value),))

    def fact(self) -> tuple[dict, str]:  # type: ignore[type-arg]
        """Return a random fact description and a value for it."""
        facts = load("facts")["fact"]
        chosen = self.rng.choices(facts, [item["weight"] for item in facts])[0]
        return chosen, self.fill(chosen["value"])

    def passage(self) -> list[Turn]:
        """Return one to three turns on a small text: in one message, or text first and questions later."""
        rng, data, language = self.rng, load("passages"), self.language
        subject = rng.choice(data["subject"])
        name = expand(subject[language], rng, self.fill)
        names = rng.sample(subject["fields"], rng.randint(2, min(4, len(subject["fields"]))))
        values = {key: self.fill(data["field"][key]["slot"]) for key in names}
        says = [
            self._about(rng.choice(data["field"][key][language]["says"]), name, values[key]) for key in names
        ]
        text = ("" if language == "zh" else " ").join(says)
        lead = data["lead"][language]
        opening = self._with(rng.choice(lead[self._split]).replace("{p}", "{v}"), text)
        questions = []
        for key in rng.sample(names, min(len(names), rng.randint(1, 2))):
            part = data["field"][key][language]
            ask = self._about(rng.choice(part[self._split]), name, "")
            answer = self._about(rng.choice(part["answers"]), name, values[key])
            questions.append(Turn(ask, answer, f"passage/{key}", (re.escape(values[key]),)))
        if rng.random() < 0.3:
            return [Turn(opening, rng.choice(lead["ack"]), "passage/read"), *questions]
        first = questions[0]
        joined = (
            f"{opening}{rng.choice([chr(10), chr(10), ' '])}{first.user}"
            if rng.random() < 0.8
            else f"{first.user}\n{opening}"
        )
        return [Turn(joined, first.answer, first.family, first.must), *questions[1:]]

    def _with(self, template: str, value: str) -> str:
        return expand(template.replace("{v}", "\0"), self.rng, self.fill).replace("\0", value)

    def _about(self, template: str, name: str, value: str) -> str:
        marked = template.replace("{s}", "\1").replace("{S}", "\2").replace("{v}", "\0")
        text = expand(marked, self.rng, self.fill).replace("\1", name)
        return text.replace("\2", name[:1].upper() + name[1:]).replace("\0", value)
