"""Turns by family: small talk, the app, declining, facts, passages, copying."""

import random
import re
from dataclasses import dataclass, field
from functools import lru_cache

from grammar import as_read, dressed, expand
from words import Filler, load, vocabulary

_WORLD_IN_APP_FRAMES = 0.4
"""Share of the questions on the world that are asked in the words of those on the application."""
_NAMES_THE_APP = re.compile(
    r"(?i)\b(app|application|program|assistant|software|here|window|screen)\b|应用|程序|软件|助手|这里|这儿|界面"
)
_SLOT = re.compile(r"\{\w+\}")
_OF_THE_WORLD = ("{topic}", "{topic}", "{person}", "{place}")
_APP_IN_WORLD_FRAMES = 0.2
"""Share of the questions on a thing of the application that are asked in the words of those on the world."""
_LEAST_OF_A_NAME = {"en": 14, "zh": 4}
"""Characters of a thing that may be asked for so: "the clock" and "tokens" are of the world as well."""
_ANSWERS_THE_SAME = ({"place", "street"}, {"room", "spot"}, {"path", "spot"})
"""Fields of a text of which one question may mean either, so that only one of them is told."""


@lru_cache
def _world_frames(language: str) -> list[str]:
    """Return frames of questions on the application that ask for the world, so that the topic decides."""
    frames = [f for f in load("app")["frame"][language]["thing_train"] if not _NAMES_THE_APP.search(f)]
    return [frame.replace("{thing}", slot) for frame in frames for slot in _OF_THE_WORLD]


@lru_cache
def _app_frames(language: str) -> list[str]:
    """Return frames of questions on the world that ask for a {thing} of the application, as above."""
    frames = [f for f in load("decline")["know"][language]["train"] if set(_SLOT.findall(f)) == {"{topic}"}]
    return [frame.replace("{topic}", "{thing}") for frame in frames]


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

    @property
    def _split(self) -> str:
        return "held" if self.held else "train"

    def _draw(self, templates: list[str]) -> str:
        return expand(self.rng.choice(templates), self.rng, self.fill)

    def dressed(self, text: str, *, end: bool = True) -> str:
        """Put words around a trained phrasing at times; what is held out stays as it is."""
        return text if self.held else dressed(text, load("around")[self.language], self.rng, end=end)

    def app(self, intent_id: str | None = None) -> Turn:
        """Return a question about the app."""
        return self._intent("app", intent_id)

    def smalltalk(self, intent_id: str | None = None) -> Turn:
        """Return something that people say in passing, with a short answer."""
        return self._intent("smalltalk", intent_id)

    def remark(self) -> Turn:
        """Return something told that is no request although it holds a number, with a short answer."""
        return self._intent("remarks", None)

    def _intent(self, file: str, intent_id: str | None) -> Turn:
        rng, data = self.rng, load(file)
        intent = (
            next(item for item in data["intent"] if item["id"] == intent_id)
            if intent_id
            else rng.choices(data["intent"], [item.get("weight", 1) for item in data["intent"]])[0]
        )
        part = intent[self.language]
        sources = [part[self._split]]
        for kind in ("task", "thing"):
            about = [*part.get(kind, []), *(part.get(f"{kind}_held", []) if self.held else [])]
            if about:
                frames = data["frame"][self.language][f"{kind}_{self._split}"]
                name = rng.choice(about)
                if kind == "thing" and not self.held and len(name) >= _LEAST_OF_A_NAME[self.language]:
                    frames = _app_frames(self.language) if rng.random() < _APP_IN_WORLD_FRAMES else frames
                sources.append([frame.replace(f"{{{kind}}}", name) for frame in frames])
        return Turn(
            self._draw(rng.choice(sources)),
            rng.choice(part["answers"]),
            f"{file}/{intent['id']}",
            tuple(part["must"]),
        )

    def smalltalk_answers(self, turn: Turn) -> list[str]:
        """Return all answers that a turn of small talk may have."""
        chosen = next(
            item for item in load("smalltalk")["intent"] if turn.family == f"smalltalk/{item['id']}"
        )
        return list(chosen[self.language]["answers"])

    def decline(self) -> Turn:
        """Return a question that the model cannot know, with the honest answer."""
        data = load("decline")
        kind = self.rng.choices(["know", "create", "act"], [6, 3, 1])[0]
        templates = data[kind][self.language][self._split]
        if kind == "know" and not self.held and self.rng.random() < _WORLD_IN_APP_FRAMES:
            templates = _world_frames(self.language)
        user = self._draw(templates)
        must = ("口袋模型", "模型") if self.language == "zh" else ("(?i)pocket model", "Models")
        return Turn(user, self.rng.choice(data["answers"][self.language][kind]), f"decline/{kind}", must)

    def copying(self) -> Turn:
        """Return a request to say a text again."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.3:
            text = self.fill.sentence()
        elif kind < 0.45:
            joint = "" if self.language == "zh" else " "
            text = joint.join(rng.choices(vocabulary(self.language), k=rng.randint(1, 4)))
        elif kind < 0.75:
            text = self._draw(load("passages")["phrase"][self.language])
        elif kind < 0.85:
            text = self.fill("number")
        elif kind < 0.93:
            text = self.fill("path")
        else:
            text = self.fill.fakename()
        template = rng.choice(load("passages")["copy"][0][self.language][self._split])
        user = self._with(template, text)
        if text[-1] in ".?!。？！" and user.endswith(text):  # the mark belongs to the text, so it is quoted
            left, right = "“”" if self.language == "zh" else '""'
            user = f"{user.removesuffix(text)}{left}{text}{right}"
        return Turn(user, as_read(text, user), "copy/repeat", ("^" + re.escape(text) + "$",))

    def spelling(self) -> Turn:
        """Return a request to spell a word letter by letter."""
        latin = Filler("en", self.rng)
        word = self.rng.choice([latin.fakename, latin.fakeword])()
        user = self._with(self.rng.choice(load("passages")["spell"][self.language][self._split]), word)
        letters = "-".join(word)
        return Turn(user, letters, "copy/spell", ("^" + re.escape(letters) + "$",))

    def again(self, previous: str) -> Turn:
        """Return a request to say the previous answer again."""
        user = self._draw(load("passages")["again"][self.language][self._split])
        return Turn(user, previous, "copy/again", ("^" + re.escape(previous) + "$",))

    def tell(self, fact: dict, value: str) -> Turn:  # type: ignore[type-arg]
        """Return the turn in which the user states a fact."""
        user = self._with(self.rng.choice(self._sayings(fact, "tell_held" if self.held else "tell")), value)
        return Turn(user, self._reply(fact, "ack", value), f"tell/{fact['id']}", (re.escape(value),))

    def ask(self, fact: dict, value: str | None) -> Turn:  # type: ignore[type-arg]
        """Return the question for a fact; without a value the answer says that it was not told."""
        user = self._with(self.rng.choice(self._sayings(fact, "ask_held" if self.held else "ask")), "")
        if value is None:
            must = "没有" if self.language == "zh" else "(?i)not told"
            return Turn(user, self._reply(fact, "unknown", ""), f"unknown/{fact['id']}", (must,))
        return Turn(user, self._reply(fact, "answer", value), f"recall/{fact['id']}", (re.escape(value),))

    def fact(self) -> tuple[dict, str]:  # type: ignore[type-arg]
        """Return a random fact description and a value for it."""
        facts = load("facts")["fact"]
        chosen = self.rng.choices(facts, [item["weight"] for item in facts])[0]
        return chosen, self._value(chosen["value"])

    def _sayings(self, fact: dict, key: str) -> list[str]:  # type: ignore[type-arg]
        """Return the fact's own templates and those of its shape, ready but for {v}."""
        part, shape = fact[self.language], load("facts")["shape"][fact["shape"]][self.language]
        about = part["x"]
        yours = about.replace("我", "你") if self.language == "zh" else re.sub(r"\b(my|our)\b", "your", about)
        slots = {
            "x": about,
            "X": about[:1].upper() + about[1:],
            "y": yours,
            "Y": yours[:1].upper() + yours[1:],
            **{name: part[name] for name in ("q", "c", "be") if name in part},
        }
        templates = [*shape[key], *part.get(key, [])]
        for name, text in slots.items():
            templates = [template.replace(f"{{{name}}}", text) for template in templates]
        return templates

    def _reply(self, fact: dict, key: str, value: str) -> str:  # type: ignore[type-arg]
        """Return what the assistant says of a fact: the fact's own words, else those of its shape."""
        own = len(fact[self.language].get(key, []))
        return self._with(self.rng.choice(self._sayings(fact, key)[-own:]), value)

    def _value(self, slot: str) -> str:
        return expand(f"{{{slot}}}", self.rng, self.fill)

    def passage(self) -> list[Turn]:
        """Return one to three turns on a small text: in one message, or text first and questions later."""
        rng, data, language = self.rng, load("passages"), self.language
        subject = rng.choice(data["subject"])
        name = expand(subject[language], rng, self.fill)
        names = rng.sample(subject["fields"], rng.randint(2, min(4, len(subject["fields"]))))
        for pair in _ANSWERS_THE_SAME:
            if pair <= set(names):
                names.remove(rng.choice(sorted(pair)))
        values = {key: self._value(data["field"][key]["slot"]) for key in names}
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
