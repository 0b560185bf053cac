"""Writes the training dialogues as JSON lines, from a seed.

Each line: {"messages": […], "tools": [names], "language": "en"|"zh"}. The evaluation draws from the same
families with `held=True`, whose phrasings never occur here.
"""

import argparse
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from families import Families, Turn
from grammar import careless
from toolcalls import TOOLS, Request, Requests
from words import load

DEFAULT_SYSTEM = "You are Assistant, a helpful assistant that runs on the user's own computer."
SYSTEMS = [
    "You are a helpful assistant.",
    "You are Assistant.",
    "You are a friendly assistant. Answer briefly.",
    "Answer in one sentence.",
    "You are Pocket, a small model.",
    "Be polite and short.",
    "你是一个有用的助手。",
    "你是 Assistant，一个在用户自己的电脑上运行的助手。",
    "请简短回答。",
]
OTHER_TOOLS = "web_search read_file send_mail run_code weather list_files browser play_music".split()
"""Names of tools that the model does not know."""
MIX = {
    "tool": 26,
    "help": 14,
    "decline": 20,
    "smalltalk": 17,
    "remark": 2,
    "recall": 7,
    "copy": 6,
    "passage": 8,
}
"""Shares of turns in percent; a dialogue strings several of them together."""
LENGTHS = {1: 24, 2: 26, 3: 20, 4: 12, 5: 8, 6: 5, 8: 3, 10: 2}
"""Turns of a dialogue, with weights."""

Messages = list[dict[str, Any]]


def dialogue(rng: random.Random) -> dict[str, Any]:
    """Return one random training dialogue."""
    language = "en" if rng.random() < 0.58 else "zh"
    chance = rng.random()
    messages: Messages = []
    if chance < 0.75:
        messages.append({"role": "system", "content": DEFAULT_SYSTEM})
    elif chance < 0.9:
        messages.append({"role": "system", "content": rng.choice(SYSTEMS)})
    writer = Writer(Families(language, rng), offered(rng))
    for turn in writer.turns(rng.choices(list(LENGTHS), list(LENGTHS.values()))[0]):
        messages += turn
    return {"messages": messages, "tools": writer.offered, "language": language}


def offered(rng: random.Random) -> list[str]:
    """Return the tools of a dialogue: mostly all, sometimes some, none, or others that nobody asks for."""
    chance = rng.random()
    if chance < 0.76:
        return list(TOOLS)
    if chance < 0.91:
        kept = rng.sample(TOOLS, rng.randint(1, 3) if rng.random() < 0.4 else rng.randint(4, len(TOOLS) - 1))
        return [name for name in TOOLS if name in kept]
    if chance < 0.97:
        return [*TOOLS, *rng.sample(OTHER_TOOLS, rng.randint(1, 3))]
    return []


class Writer:
    """Writes the turns of one dialogue: facts are told, other turns follow, facts are asked for."""

    def __init__(self, families: Families, tools: list[str]) -> None:
        self.offered = tools
        self._families = families
        self._requests = Requests(families)
        self._rng = families.rng
        self._told: dict[str, str] = {}
        self._previous = ""

    def turns(self, length: int) -> Iterator[Messages]:
        """Yield about `length` turns, each as its messages."""
        count = 0
        while count < length:
            kind = self._rng.choices(list(MIX), list(MIX.values()))[0]
            for messages in self._turn(kind):
                yield messages
                self._previous = messages[-1]["content"]
                count += 1
        # What was told is asked for at the end, over the turns between.
        if self._told and self._rng.random() < 0.85:
            key = self._rng.choice(list(self._told))
            yield as_messages(self._families.ask(_fact(key), self._told[key]), self._rng)

    def _turn(self, kind: str) -> list[Messages]:
        families, rng = self._families, self._rng
        if kind == "tool":
            return self._tool()
        if kind == "help":
            return [self._possible(self._requests.help())]
        if kind == "recall":
            turns = self._recall()
        elif kind == "passage":
            turns = families.passage()
        elif kind == "copy":
            turns = [self._copy()]
        else:
            turns = [getattr(families, kind)()]
        if kind in ("decline", "smalltalk", "remark"):
            turns = [replace(turn, user=families.dressed(turn.user)) for turn in turns]
        elif kind == "recall":
            turns = [replace(turn, user=families.dressed(turn.user, end=False)) for turn in turns]
        return [as_messages(turn, rng) for turn in turns]

    def _tool(self) -> list[Messages]:
        request = self._requests.draw()
        # Where few tools are offered, mostly one of these is asked for.
        for _ in range(8):
            if (request.tool or "set_reminder") in self.offered or self._rng.random() < 0.15:
                break
            request = self._requests.draw()
        if request.kind == "set_reminder_ask" and "set_reminder" in self.offered:
            return [request.messages(), self._possible(self._requests.told_when(request))]
        if request.kind == "date_time_place" and self._rng.random() < 0.25:
            return [self._possible(request), self._possible(self._requests.follow_up())]
        return [self._possible(request)]

    def _possible(self, request: Request) -> Messages:
        """Return the messages of a request; the honest answer where its tool is not offered."""
        tool = request.tool or "set_reminder"
        if tool in self.offered:
            return request.messages()
        off = load("calls")["answer_other"]["off"][self._families.language]
        answer = self._families.decline().answer if tool == "help_search" else off
        return [{"role": "user", "content": request.user}, {"role": "assistant", "content": answer}]

    def _copy(self) -> Turn:
        pick = self._rng.random()
        if self._previous and pick < 0.2:
            return self._families.again(self._previous)
        return self._families.copying() if pick < 0.94 else self._families.spelling()

    def _recall(self) -> list[Turn]:
        families, rng = self._families, self._rng
        fact, value = families.fact()
        key = fact["id"]
        if key in self._told:
            return [families.ask(fact, self._told[key])]
        if rng.random() < 0.22:
            return [families.ask(fact, None)]
        self._told[key] = value
        tell = families.tell(fact, value)
        return [tell, families.ask(fact, value)] if rng.random() < 0.35 else [tell]


def as_messages(turn: Turn, rng: random.Random) -> Messages:
    """Return a turn as two messages; the user's is typed a little carelessly, save what is to be copied."""
    user = turn.user if turn.family.startswith("copy") else careless(turn.user, rng)
    return [
        {"role": "user", "content": user},
        {"role": "assistant", "content": turn.answer},
    ]


def _fact(key: str) -> dict[str, Any]:
    return next(fact for fact in load("facts")["fact"] if fact["id"] == key)


def main() -> None:
    """Write the data file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--count", type=int, default=60000, help="dialogues")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with options.output.open("w", encoding="utf-8") as file:
        for _ in range(options.count):
            file.write(json.dumps(dialogue(rng), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
