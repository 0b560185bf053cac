"""Dialogues with tools listed: a call, its result, and an answer that copies from the result."""

import random
from typing import Any

from families import Families
from grammar import expand
from words import Filler, load


def schema(name: str) -> dict[str, Any]:
    """Return the OpenAI-style description of a known tool."""
    tool = load("tools")["tool"][name]
    properties = {key: {"type": "string"} for key in tool["arguments"]}
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    function = {"name": name, "description": tool["description"], "parameters": parameters}
    return {"type": "function", "function": function}


def tool_names() -> list[str]:
    """Return the names of all tools that the data knows."""
    return list(load("tools")["tool"])


def tool_turn(families: Families, rng: random.Random) -> tuple[str, list[dict[str, Any]]]:
    """Return the tool's name and the messages: question, call, result, answer."""
    language = families.language
    name = rng.choice(tool_names())
    part = load("tools")["tool"][name][language]
    values = _values(name, families.fill, rng, language)

    def filled(template: str) -> str:
        marked = template
        for key in values:
            marked = marked.replace("{" + key + "}", f"\x01{key}\x02")
        text = expand(marked, rng, families.fill)
        for key, value in values.items():
            text = text.replace(f"\x01{key}\x02", value)
        return text

    user = filled(rng.choice(part["held" if families.held else "train"]))
    arguments = {key: filled(value) for key, value in load("tools")["tool"][name]["arguments"].items()}
    return name, [
        {"role": "user", "content": user},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"function": {"name": name, "arguments": arguments}}],
        },
        {"role": "tool", "content": filled(rng.choice(part["results"]))},
        {"role": "assistant", "content": filled(rng.choice(part["answers"]))},
    ]


def _values(name: str, fill: Filler, rng: random.Random, language: str) -> dict[str, str]:
    if name == "calculator":
        a, b = rng.randrange(2, 1000), rng.randrange(2, 100)
        sign = rng.choice("+-*/")
        spoken = {
            "en": {"+": "plus", "-": "minus", "*": "times", "/": "divided by"},
            "zh": {"+": "加", "-": "减", "*": "乘", "/": "除以"},
        }[language][sign]
        result = {"+": a + b, "-": a - b, "*": a * b, "/": round(a / b, 4)}[sign]
        return {"a": str(a), "b": str(b), "sign": sign, "spoken": spoken, "result": str(result)}
    if name == "help_search":
        turn = Families(language, rng).app(
            rng.choice(["search", "trash", "stop", "edit", "theme", "models", "shortcuts", "text_size"])
        )
        return {
            "question": turn.user,
            "topic": turn.family.split("/")[1].replace("_", " "),
            "passage": turn.answer,
        }
    if name == "current_time":
        return {"place": fill("city"), "clock": fill("clock"), "day": fill("weekday")}
    return {
        "note": f"{fill('object')} {fill('fakeword')}" if language == "en" else f"买{fill('object')}",
        "number": fill("age"),
    }
