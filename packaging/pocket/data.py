"""Writes the training dialogues as JSON lines, from a seed.

Each line: {"messages": […], "tools": [names], "language": "en"|"zh"}. The evaluation draws from the same
families with `held=True`, whose phrasings never occur here.
"""

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from families import Families, Turn
from toolcalls import tool_names, tool_turn
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
MIX = {"app": 30, "decline": 25, "recall": 22, "copy": 10, "passage": 13}
"""Shares of turns in percent; a dialogue strings several of them together."""
MODEST_MIX = {"app": 54, "decline": 28, "recall": 8, "copy": 5, "passage": 5}


def dialogue(rng: random.Random, modest: bool = False) -> dict[str, Any]:
    """Return one random training dialogue.

    `modest` is for a model that will be trained too little to copy and to remember: it learns to say so, and
    no tools.
    """
    language = "en" if rng.random() < 0.62 else "zh"
    families = Families(language, rng)
    messages: list[dict[str, Any]] = []
    chance = rng.random()
    if chance < 0.55:
        messages.append({"role": "system", "content": DEFAULT_SYSTEM})
    elif chance < 0.8:
        messages.append({"role": "system", "content": rng.choice(SYSTEMS)})
    tools: list[str] = []
    if rng.random() < 0.1 and not modest:
        tools = _with_tools(families, rng, messages)
    else:
        for turn in turns(families, rng, MODEST_MIX if modest else MIX):
            messages += as_messages(modestly(turn, families) if modest else turn, rng)
    return {"messages": messages, "tools": tools, "language": language}


def turns(families: Families, rng: random.Random, mix: dict[str, int]) -> Iterator[Turn]:
    """Yield the turns of one dialogue: facts are told, other turns follow, facts are asked for."""
    length = rng.choices([1, 2, 3, 4, 6, 9, 14], [30, 22, 18, 12, 10, 6, 2])[0]
    told: dict[str, str] = {}
    previous = ""
    count = 0
    while count < length:
        kind = rng.choices(list(mix), list(mix.values()))[0]
        if kind == "recall":
            drawn = _recall(families, rng, told)
            if length == 1 and not drawn[-1].family.startswith("unknown"):
                length = 2 + rng.choice([0, 0, 1, 2])
        elif kind == "passage":
            drawn = families.passage()
        elif kind == "copy":
            pick = rng.random()
            again = previous and pick < 0.25
            drawn = [
                families.again(previous)
                if again
                else families.copying()
                if pick < 0.92
                else families.spelling()
            ]
        else:
            drawn = [families.app() if kind == "app" else families.decline()]
        for turn in drawn:
            yield turn
            previous = turn.answer
            count += 1
    if told and rng.random() < 0.8:  # what was told is asked for at the end, over the turns between
        key = rng.choice(list(told))
        yield families.ask(_fact(key), told[key])


def modestly(turn: Turn, families: Families) -> Turn:
    """Return the turn with an answer that needs no copying."""
    kinds = {"tell": "told", "recall": "recall", "unknown": "recall", "copy": "copy", "passage": "passage"}
    kind = kinds.get(turn.family.split("/")[0])
    if kind is None:
        return turn
    return Turn(turn.user, load("decline")["answers"][families.language][kind][0], turn.family)


def as_messages(turn: Turn, rng: random.Random) -> list[dict[str, Any]]:
    """Return a turn as two messages, the user's typed a little carelessly at times."""
    return [
        {"role": "user", "content": careless(turn.user, rng)},
        {"role": "assistant", "content": turn.answer},
    ]


def careless(text: str, rng: random.Random) -> str:
    """Drop the final mark, or the first capital, as people do."""
    if rng.random() < 0.2 and text[-1:] in "?.!？。！":
        text = text[:-1]
    if rng.random() < 0.15 and text[:1].isupper() and not text[1:2].isupper():
        text = text[:1].lower() + text[1:]
    return text


def _recall(families: Families, rng: random.Random, told: dict[str, str]) -> list[Turn]:
    fact, value = families.fact()
    key = fact["id"]
    if key in told:
        return [families.ask(fact, told[key])]
    if rng.random() < 0.15:
        return [families.ask(fact, None)]
    told[key] = value
    tell = families.tell(fact, value)
    return [tell, families.ask(fact, value)] if rng.random() < 0.4 else [tell]


def _fact(key: str) -> dict[str, Any]:
    return next(fact for fact in load("facts")["fact"] if fact["id"] == key)


def _with_tools(families: Families, rng: random.Random, messages: list[dict[str, Any]]) -> list[str]:
    tools = rng.sample(tool_names(), rng.randint(2, len(tool_names())))
    for _ in range(rng.choice([1, 1, 2, 3])):
        name, drawn = tool_turn(families, rng)
        if name in tools and rng.random() < 0.65:
            messages += drawn
        else:
            turn = families.app(rng.choice(["greet", "thanks", "who", "ok", "human", "bye", "how_are_you"]))
            messages += as_messages(turn, rng)
    return tools


def main() -> None:
    """Write the data file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--count", type=int, default=60000, help="dialogues")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--modest", action="store_true", help="for short training: no copying, no memory, no tools"
    )
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with options.output.open("w", encoding="utf-8") as file:
        for _ in range(options.count):
            file.write(json.dumps(dialogue(rng, options.modest), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
