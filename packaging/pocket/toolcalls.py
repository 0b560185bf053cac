"""Requests for tools: what the user says, the call that it means, a result, the answer from it.

What a call says is the user's own words wherever the tool understands them, because a small model copies far
better than it rewrites. In a call such words begin with the space that stood before them: "miles" behind a
space is another token than without, and only the same tokens can be copied. The application cuts it off.
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from families import Families
from grammar import as_read, careless, expand
from passages import help_passage
from words import figures, load, spoken, vocabulary

TOOLS = (
    "calculator date_time convert_units set_timer set_reminder list_reminders cancel_reminder add_note"
    " list_notes search_notes help_search open_page"
).split()
"""The tools of the application, in its order."""
KINDS = {
    "calculator": 17,
    "date_time_here": 6,
    "date_time_place": 8,
    "convert_units": 16,
    "set_timer": 8,
    "set_reminder": 15,
    "set_reminder_ask": 4,
    "list_reminders": 7,
    "cancel_reminder": 6,
    "cancel_timer": 2,
    "add_note": 9,
    "list_notes": 5,
    "search_notes": 10,
    "open_page": 6,
}
"""Kinds of requests with their weights; kinds that share a tool share its first words."""
Made = tuple[dict[str, str], dict[str, Any], str, dict[str, str]]
"""Slots of the phrasing, arguments of the call, result, and what of it the answer takes."""
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_FAILURES = 0.06
_UNITS_OF_THE_TOOL = Path(__file__).parents[2] / "resources" / "tools" / "units.toml"
_LAST_WORDS = {
    "en": [", please", " please", ", ok?", ", thanks", ", will you?", " okay?", ", thank you"],
    "zh": ["吧", "啊", "哈", "呀", "呗", "哦", "喔", "嘛", "，谢谢", "，好吗", "，麻烦了", "，拜托"],
}
"""What people put behind a request, although the call ends before it."""
_TAKE_LAST_WORDS = frozenset(
    ("convert_units", "date_time_place", "set_timer", "set_reminder", "set_reminder_ask", "cancel_reminder")
)


@dataclass(frozen=True)
class Request:
    """A request with one possible course."""

    kind: str
    user: str
    arguments: dict[str, Any]
    result: str
    answer: str

    @property
    def tool(self) -> str:
        """The tool that has to be called; empty where a question comes first."""
        return tool_of(self.kind)

    def messages(self) -> list[dict[str, Any]]:
        """Return question, call, result and answer; without a tool only question and answer."""
        user = {"role": "user", "content": self.user}
        answer = {"role": "assistant", "content": self.answer}
        if not self.tool:
            return [user, answer]
        arguments = {key: self._as_read(key, value) for key, value in self.arguments.items()}
        call = {"function": {"name": self.tool, "arguments": arguments}}
        return [
            user,
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": self.result},
            answer,
        ]

    def _as_read(self, name: str, value: Any) -> Any:
        """Return words with the space that stood before them; a page is chosen, not copied."""
        if not isinstance(value, str) or name == "page" or value[:1].isdigit():
            return value
        # Words of an earlier message nearly always stood behind a space there.
        earlier = value not in self.user and value.isascii()
        return f" {value}" if earlier else as_read(value, self.user)


def schema(name: str) -> dict[str, Any]:
    """Return an OpenAI-style description; the model's template shows the name only."""
    return {"type": "function", "function": {"name": name, "description": "", "parameters": {}}}


def tool_of(kind: str) -> str:
    """Return the tool that a kind of request calls; empty for none."""
    if kind == "set_reminder_ask":
        return ""
    if kind == "cancel_timer":
        return "cancel_reminder"
    return "date_time" if kind.startswith("date_time") else kind


@lru_cache
def units_of_the_tool(language: str) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """Return what the tool calls units in a language, by what they measure: names, and English singulars."""
    groups = []
    for group in tomllib.loads(_UNITS_OF_THE_TOOL.read_text("utf-8")).values():
        names = [name.replace("-", " ") for names in group.values() for name in names.split()]
        fitting = tuple(name for name in names if name.isascii() == (language == "en") and name not in "'\"")
        singles = tuple(name.replace("_", " ") for name in group if re.fullmatch("[a-z_]{3,}", name))
        if len(fitting) > 1:
            groups.append((fitting, singles))
    return tuple(groups)


def _as_said(user: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with capitals where the user wrote them."""
    said = dict(arguments)
    for name, value in arguments.items():
        at = user.lower().find(value.lower()) if isinstance(value, str) and value not in user else -1
        if at >= 0 and name != "page":
            said[name] = user[at : at + len(value)]
    return said


class Requests:
    """Draws requests in one language; with held families, only phrasings that are never trained."""

    def __init__(self, families: Families) -> None:
        self._families = families
        self._language = families.language
        self._rng = families.rng
        self._makers: dict[str, Callable[[], Made]] = {
            "date_time_here": self._here,
            "date_time_place": self._place,
            "convert_units": self._units,
            "set_timer": self._timer,
            "set_reminder": self._reminder,
            "set_reminder_ask": self._ask,
            "list_reminders": self._reminders,
            "cancel_reminder": self._cancel,
            "cancel_timer": self._cancel_timer,
            "add_note": self._note,
            "list_notes": self._notes,
            "search_notes": self._search,
            "open_page": self._page,
        }

    def draw(self, kind: str | None = None) -> Request:
        """Return a request of a kind, or of any."""
        kind = kind or self._rng.choices(list(KINDS), list(KINDS.values()))[0]
        if kind == "calculator":
            return self._calculator()
        slots, arguments, result, parts = self._makers[kind]()
        user = self._say(kind, slots)
        return self._request(kind, user, _as_said(user, arguments), result, parts)

    def help(self) -> Request:
        """Return a question about the app, searched for word for word, answered with the passage."""
        question = self._families.dressed(careless(self._families.app().user, self._rng))
        none = self._rng.random() < 0.07
        passage = "none" if none else help_passage(self._language, self._rng)
        arguments = {"query": question}
        answer = self._families.decline().answer if none else passage
        if not none and self._rng.random() < _FAILURES / 2:
            return self._failed("help_search", question, arguments)
        return Request("help_search", question, arguments, passage, answer)

    def follow_up(self) -> Request:
        """Return the question for another place, as it is asked after a question for the time."""
        phrases = {
            "en": [
                "And in {p}?",
                "And {p}?",
                "What about {p}?",
                "How about {p}?",
                "And what about {p}?",
                "In {p}?",
            ],
            "zh": ["{p}呢？", "那{p}呢？", "那么{p}呢？", "在{p}呢？"],
        }
        slots, arguments, result, parts = self._place()
        user = self._rng.choice(phrases[self._language]).replace("{p}", slots["place"])
        return self._request("date_time_place", user, arguments, result, parts)

    def told_when(self, asked: Request) -> Request:
        """Return the message that gives the time for a reminder that had none."""
        when, task = self._when(), asked.arguments["text"]
        shapes = {"en": ["{w}", "{w}", "{w}, please", "{w}."], "zh": ["{w}", "{w}吧", "{w}。"]}
        user = self._rng.choice(shapes[self._language]).replace("{w}", when)
        result, parts = self._reminder_result(task)
        return self._request("set_reminder", user, {"text": task, "when": when}, result, parts)

    # --- drawing
    def _request(
        self, kind: str, user: str, arguments: dict[str, Any], result: str, parts: dict[str, str]
    ) -> Request:
        if tool_of(kind) and self._rng.random() < _FAILURES:
            return self._failed(kind, user, arguments)
        table = "answer_none" if result == "none" else "answer"
        answer = load("calls")[table][kind.replace("cancel_timer", "cancel_reminder")][self._language]
        for key, value in {"r": result, **parts}.items():
            answer = answer.replace("{" + key + "}", value)
        return Request(kind, user, arguments, result, answer)

    def _failed(self, kind: str, user: str, arguments: dict[str, Any]) -> Request:
        sentence = self._pick(load("calls")["error"])
        answer = load("calls")["answer_other"]["failed"][self._language].replace("{r}", sentence)
        return Request(kind, user, arguments, f"error: {sentence}", answer)

    def _say(self, kind: str, slots: dict[str, str]) -> str:
        part = load("tools")[kind][self._language]
        template = self._rng.choice(part["held" if self._families.held else "train"])
        if "digits" in slots and not re.search(r"\{value\} ?\{from\}", template):
            slots = {**slots, "value": slots["digits"]}
        return self._dress(kind, template, self._expand(template, slots))

    def _dress(self, kind: str, template: str, text: str) -> str:
        if template.startswith("{when}"):
            text = text[:1].upper() + text[1:]
        # A value at the start or the end stays as it is, for it stands in the arguments too.
        text = careless(text, self._rng, start=not template.startswith("{"))
        if template.endswith("}") and kind in _TAKE_LAST_WORDS and not self._families.held:
            text += self._rng.choice(_LAST_WORDS[self._language]) if self._rng.random() < 0.15 else ""
        if template.startswith("{"):
            return text
        return self._families.dressed(text, end=not template.endswith("}"))

    def _expand(self, template: str, slots: dict[str, str]) -> str:
        """Expand a template; what fills a slot is never read as a template."""
        for index, key in enumerate(slots):
            template = template.replace("{" + key + "}", f"\x01{index}\x02")
        text = expand(template, self._rng, self._fill)
        for index, value in enumerate(slots.values()):
            text = text.replace(f"\x01{index}\x02", value)
        return text

    def _pick(self, table: dict[str, Any]) -> str:
        return expand(self._rng.choice(table[self._language]), self._rng, self._fill)

    def _fill(self, slot: str) -> str:
        rng = self._rng
        calls = load("calls")
        if slot in ("note", "task"):
            if not self._families.held and rng.random() < 0.12:
                return self._families.fill.sentence(2, 4)  # what cannot be guessed has to be copied
            return self._pick(calls[slot])
        if slot == "who":
            if rng.random() < 0.45:
                return self._families.fill("anyname")
            return rng.choice(calls["who"][self._language].split(", "))
        if slot in ("what", "things"):
            word = self._families.fill("fakeword" if rng.random() < 0.2 else "object")
            return f"{word}s" if slot == "things" and self._language == "en" else word
        if slot in ("N", "s"):
            number = (
                rng.randrange(2, 13) if self._families.held or rng.random() < 0.6 else rng.randrange(2, 60)
            )
            return spoken(number, self._language) if slot == "N" else str(rng.randrange(1, 13))
        if slot == "H":
            hour = rng.randrange(1, 13)
            return "两" if hour == 2 and self._language == "zh" else spoken(hour, self._language)
        if slot == "n2":
            return str(rng.randrange(1, 60))
        if slot == "n":
            return str(
                rng.choice([rng.randrange(1, 61), rng.randrange(1, 61), rng.choice([90, 100, 120, 200])])
            )
        if slot in ("h", "day", "d"):
            return str(rng.randrange(1, 13 if slot == "h" else 29))
        if slot == "date":
            return self._date()
        if slot == "code":
            return f"{self._families.fill('fakeword')}{rng.randrange(1, 1000)}"
        if slot == "sentence":
            return self._families.fill.sentence(2, 5)
        return self._families.fill(slot)

    def _date(self) -> str:
        rng = self._rng
        return f"{rng.randrange(2025, 2032)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"

    def _clock(self) -> str:
        return f"{self._rng.randrange(24):02d}:{self._rng.randrange(60):02d}"

    def _moment(self) -> tuple[str, dict[str, str]]:
        """Return a date with clock time and weekday as the tools write it, and its parts as answers do."""
        date, clock, weekday = self._date(), self._clock(), self._rng.randrange(7)
        spoken = _WEEKDAYS[weekday] if self._language == "en" else "星期" + "一二三四五六日"[weekday]
        return f"{date} {clock} {_WEEKDAYS[weekday]}", {"d": date, "t": clock, "w": spoken}

    # --- the kinds
    def _calculator(self) -> Request:
        rng, held = self._rng, self._families.held
        table = "math" if held else rng.choices(["math", "order", "problem"], [72, 10, 18])[0]
        said, meant = self.sum(*rng.choice(load("calls")[table][self._language]))
        if table == "math":
            user = self._say("calculator", {"m": said})
        else:
            user = self._dress("calculator", "", said)
        expression = meant if table == "problem" else _as_said(user, {"": said})[""]
        value = figures(rng, rng.randint(1, 7))
        if rng.random() < 0.45:
            value += f".{figures(rng, rng.randint(1, 4))}"
        value = f"-{value}" if rng.random() < 0.08 else value
        return self._request("calculator", user, {"expression": expression}, f"{expression} = {value}", {})

    def sum(self, phrase: str, meant: str) -> tuple[str, str]:
        """Return a sum as it is said, and in signs."""
        rng = self._rng
        slots = self._operands(phrase)
        for key in "AB":
            if "{" + key + "}" in phrase:
                small = self._families.held or rng.random() < 0.5
                # "Eight hundred and five" is one number, so before "and" there is no hundred.
                large = rng.random() < 0.3 and "} and {" not in phrase
                number = rng.randrange(21 if small else 1000 if large else 100)
                slots[key], slots[key.lower()] = spoken(number, self._language), str(number)
        if "{things}" not in phrase and not any(mark in phrase for mark in ("|", "?")):
            said = phrase  # its brackets are meant
            for key, value in slots.items():
                said = said.replace("{" + key + "}", value)
        else:
            said = self._expand(phrase, slots)
        for key, value in slots.items():
            meant = meant.replace("{" + key + "}", value)
        return said, meant

    def _operands(self, phrase: str) -> dict[str, str]:
        rng = self._rng
        slots = {}
        for key in "abc":
            number = figures(rng, rng.choice([1, 1, 2, 2, 2, 3, 3, 4, 5, 7]))
            slots[key] = number + (f".{rng.randrange(1, 100)}" if rng.random() < 0.18 else "")
        slots["p"] = str(rng.choice([5, 10, 12, 15, 17, 19, 20, 25, 30, 7.5, 50, rng.randrange(1, 100)]))
        slots["e"] = str(rng.randrange(2, 21))
        price = f"{rng.randrange(1, 100)}.{rng.randrange(0, 100):02d}"
        slots["m"] = price if rng.random() < 0.6 else str(rng.randrange(1, 500))
        return slots

    def _here(self) -> Made:
        moment, parts = self._moment()
        return {"weekday": self._families.fill("weekday")}, {}, moment, parts

    def _place(self) -> Made:
        place = self._families.fill(self._rng.choice(["city", "city", "anyplace", "place"]))
        moment, parts = self._moment()
        return {"place": place}, {"place": place}, f"{place}: {moment}", {"x": place, **parts}

    def _units(self) -> Made:
        rng = self._rng
        one, other = self._two_units()
        number: float = int(figures(rng, rng.choice([1, 1, 2, 2, 3, 3, 4])))
        if rng.random() < 0.25:
            number = float(f"{number}.{rng.randrange(1, 100)}")
        said = written = f"{number:.10g}"
        if not self._families.held and rng.random() < 0.1:
            # Small numbers are also said in words; "a mile" is one mile.
            number = rng.choice([*range(1, 21), *range(30, 101, 10)])
            said, written = spoken(number, self._language), str(number)
            if self._language == "zh" and rng.random() < 0.35:
                number, said = rng.choice([(2, "两"), (2, "两"), (0.5, "半")])
                written = str(number)
            if self._language == "en" and rng.random() < 0.6:
                names, singles = rng.choice([group for group in units_of_the_tool("en") if group[1]])
                one, other = rng.choice(singles), rng.choice(names)
                number, written = 1, "1"
                said = "one" if rng.random() < 0.3 else "an" if one[0] in "aeiou" and one[0] != "u" else "a"
        decimals = rng.choice(["", f".{figures(rng, rng.randint(1, 4))}"])
        result = f"{written} {one} = {figures(rng, rng.randint(1, 5))}{decimals} {other}"
        slots = {"value": said, "digits": written, "from": one, "to": other}
        number = int(number) if number == int(number) else number
        return slots, {"value": number, "from_unit": one, "to_unit": other}, result, {}

    def _two_units(self) -> list[str]:
        """Return two units: mostly usual ones, some of the tool's others, and some that nobody knows."""
        rng = self._rng
        chance = 0.0 if self._families.held else rng.random()
        if chance < 0.6:
            return rng.sample(rng.choice(load("calls")["units"][self._language]).split(", "), 2)
        if chance < 0.85:
            return rng.sample(rng.choice(units_of_the_tool(self._language))[0], 2)
        return [self._families.fill("fakeword" if rng.random() < 0.4 else "word") for _ in range(2)]

    def _timer(self) -> Made:
        said, meant, short = self._rng.choice(load("calls")["duration"][self._language])
        slots = {key: self._fill(key) for key in ("n", "n2", "s", "N")}
        said, meant, short = (self._expand(text, slots) for text in (said, meant, short))
        clock = self._clock()
        # Before a noun a duration stands in the singular; the call has it as it would stand alone.
        return (
            {"duration": said, "short": short},
            {"duration": meant},
            f"{meant}, rings at {clock}",
            {"x": meant, "t": clock},
        )

    def _when(self) -> str:
        return self._pick(load("calls")["when"])

    def _reminder(self) -> Made:
        task, when = self._fill("task"), self._when()
        result, parts = self._reminder_result(task)
        return {"task": task, "when": when}, {"text": task, "when": when}, result, parts

    def _reminder_result(self, task: str) -> tuple[str, dict[str, str]]:
        date, clock = self._date(), self._clock()
        return f"{date} {clock}: {task}", {"d": date, "t": clock, "x": task}

    def _ask(self) -> Made:
        task = self._fill("task")
        return {"task": task}, {"text": task}, "", {}

    def _reminders(self) -> Made:
        rng = self._rng
        lines = []
        for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 3, 4, 5])):
            duration = self._timer()[1]["duration"]
            moment = f"{self._date()} {self._clock()}"
            lines.append(f"{moment}: {f'timer {duration}' if rng.random() < 0.2 else self._fill('task')}")
        return {}, {}, "\n".join(sorted(lines)) or "none", {}

    def _cancel(self) -> Made:
        task = self._fill("task")
        return {"task": task}, {"text": task}, task, {}

    def _cancel_timer(self) -> Made:
        return {}, {"text": "timer"}, f"timer {self._timer()[1]['duration']}", {}

    def _note(self) -> Made:
        note = self._fill("note")
        return {"note": note}, {"text": note}, note, {}

    def _lines(self, most: int) -> str:
        rng = self._rng
        number = rng.choice([1, 1, rng.randrange(1, 30)])
        lines = []
        for _ in range(min(most, rng.choice([0, 1, 1, 2, 2, 3, 3, 4, 5]))):
            lines.append(f"{number}. {self._fill('note')}")
            number += rng.choice([1, 1, 1, 2])
        return "\n".join(lines) or "none"

    def _notes(self) -> Made:
        return {}, {}, self._lines(5), {}

    def _search(self) -> Made:
        query = self._pick(load("calls")["query"])
        if not self._families.held and self._rng.random() < 0.25:
            joint = "" if self._language == "zh" else " "
            query = joint.join(self._rng.choices(vocabulary(self._language), k=self._rng.randint(1, 2)))
        return {"query": query}, {"query": query}, self._lines(3), {}

    def _page(self) -> Made:
        page, names = self._rng.choice(list(load("calls")["page"].items()))
        said = self._rng.choice(names[self._language])
        shown = said if self._language == "en" else names["zh"][0]
        return {"page": said}, {"page": page}, page, {"x": page if self._language == "en" else shown}
