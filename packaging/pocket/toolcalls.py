"""Requests for tools: what the user says, the call that it means, a result, the answer from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from families import Families
from grammar import careless, expand
from passages import help_passage
from words import load

TOOLS = (
    "calculator date_time convert_units set_timer set_reminder list_reminders cancel_reminder add_note"
    " list_notes search_notes help_search open_page"
).split()
"""The tools of the application, in its order."""
KINDS = {
    "calculator": 13,
    "date_time_here": 6,
    "date_time_place": 9,
    "convert_units": 12,
    "set_timer": 10,
    "set_reminder": 14,
    "set_reminder_ask": 4,
    "list_reminders": 5,
    "cancel_reminder": 7,
    "cancel_timer": 2,
    "add_note": 11,
    "list_notes": 5,
    "search_notes": 8,
    "open_page": 7,
}
"""Kinds of requests with their weights; kinds that share a tool share its first words."""
Made = tuple[dict[str, str], dict[str, Any], str, dict[str, str]]
"""Slots of the phrasing, arguments of the call, result, and what of it the answer takes."""
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_FAILURES = 0.06
_LARGEST_NUMBER_WORD = 20


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
        call = {"function": {"name": self.tool, "arguments": self.arguments}}
        return [
            user,
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": self.result},
            answer,
        ]


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
        return self._request(kind, self._say(kind, slots), arguments, result, parts)

    def help(self) -> Request:
        """Return a question about the app, searched for word for word, answered with the passage."""
        question = self._families.dressed(careless(self._families.app().user, self._rng))
        none = self._rng.random() < 0.04
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
        text = self._expand(template, slots)
        if template.startswith("{when}"):
            text = text[:1].upper() + text[1:]
        # A value at the start or the end stays as it is, for it stands in the arguments too.
        text = careless(text, self._rng, start=not template.startswith("{"))
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
            return self._pick(calls[slot])
        if slot == "who":
            if rng.random() < 0.45:
                return self._families.fill("anyname")
            return rng.choice(calls["who"][self._language].split(", "))
        if slot in ("what", "things"):
            word = self._families.fill("fakeword" if rng.random() < 0.2 else "object")
            return f"{word}s" if slot == "things" and self._language == "en" else word
        if slot in ("N", "s"):
            return self._numbers()[rng.randrange(2, 13)] if slot == "N" else str(rng.randrange(1, 13))
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

    def _numbers(self) -> list[str]:
        return [word.strip() for word in load("calls")["number"][self._language].split(",")]

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
        rng = self._rng
        whole = rng.random() < 0.16 and not self._families.held
        phrase, meant = rng.choice(load("calls")["problem" if whole else "math"][self._language])
        slots = self._operands(phrase)
        words = self._numbers()
        for key in "AB":
            if "{" + key + "}" in phrase:
                number = rng.randrange(_LARGEST_NUMBER_WORD + 1)
                slots[key], slots[key.lower()] = words[number], str(number)
        said = self._expand(phrase, slots)
        expression = meant
        for key, value in slots.items():
            expression = expression.replace("{" + key + "}", value)
        user = said if whole else self._say("calculator", {"m": said})
        value = rng.choice(
            [str(rng.randrange(-500, 100000)), f"{rng.randrange(0, 5000)}.{rng.randrange(1, 10000)}"]
        )
        return self._request("calculator", user, {"expression": expression}, f"{expression} = {value}", {})

    def _operands(self, phrase: str) -> dict[str, str]:
        rng = self._rng
        slots = {}
        for key in "abc":
            number = str(rng.randrange(1, 10 ** rng.choice([1, 1, 2, 2, 2, 3, 3, 4, 5, 7])))
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
        one, other = rng.sample(rng.choice(load("calls")["units"][self._language]).split(", "), 2)
        whole = rng.randrange(1, 10 ** rng.choice([1, 2, 2, 3, 4]))
        number = round(whole + rng.randrange(1, 100) / 100, 2) if rng.random() < 0.25 else whole
        spoken = f"{number:.10g}"
        decimals = rng.choice(["", f".{rng.randrange(1, 9999)}"])
        result = f"{spoken} {one} = {rng.randrange(0, 9999)}{decimals} {other}"
        slots = {"value": spoken, "from": one, "to": other}
        return slots, {"value": number, "from_unit": one, "to_unit": other}, result, {}

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
        for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 4])):
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
        for _ in range(rng.randint(0, most)):
            lines.append(f"{number}. {self._fill('note')}")
            number += rng.choice([1, 1, 1, 2])
        return "\n".join(lines) or "none"

    def _notes(self) -> Made:
        return {}, {}, self._lines(4), {}

    def _search(self) -> Made:
        query = self._pick(load("calls")["query"])
        return {"query": query}, {"query": query}, self._lines(2), {}

    def _page(self) -> Made:
        page, names = self._rng.choice(list(load("calls")["page"].items()))
        said = self._rng.choice(names[self._language])
        shown = said if self._language == "en" else names["zh"][0]
        return {"page": said}, {"page": page}, page, {"x": page if self._language == "en" else shown}
