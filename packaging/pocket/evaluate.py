"""Judges a GGUF of the pocket model on phrasings that were never trained, and prints a Markdown table.

Every question comes from the `held` templates. An answer is right when it ends by itself and contains what
the family demands: the fact, the copied text, the words that an answer about the app cannot do without.
"""

import argparse
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chat import render
from data import DEFAULT_SYSTEM, as_messages
from families import Families, Turn
from llama_cpp import Llama
from toolcalls import tool_names, tool_turn
from words import load

_CJK = re.compile(r"[\u4e00-\u9fff]")
_LONGEST = 160


@dataclass
class Case:
    """A prompt with what its answer must contain."""

    messages: list[dict[str, Any]]
    language: str
    must: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    """Whole answers of which one must be given; empty: any."""
    tools: list[str] = field(default_factory=list)
    call: dict[str, Any] | None = None
    """The tool call that must be made; None: none may be made."""


class Judge:
    """Answers cases with one model and one sampling."""

    def __init__(self, model: Path, temperature: float, repeat_penalty: float) -> None:
        self._model = Llama(str(model), n_ctx=4096, n_threads=1, verbose=False, seed=1)
        self._temperature = temperature
        self._penalty = repeat_penalty
        self.ended = self.asked = self.same_language = 0

    def answer(self, case: Case) -> str:
        """Return the model's answer; empty when it did not end by itself."""
        prompt = render(
            [{"role": "system", "content": DEFAULT_SYSTEM}, *case.messages], case.tools, prompt=True
        )
        ids = self._model.tokenize(prompt.encode(), add_bos=False, special=True)
        out: list[int] = []
        ended = False
        self._model.reset()
        for token in self._model.generate(
            ids, temp=self._temperature, repeat_penalty=self._penalty, top_k=40, top_p=0.95, min_p=0.05
        ):
            if token == self._model.token_eos():
                ended = True
                break
            out.append(token)
            if len(out) >= _LONGEST:
                break
        text = self._model.detokenize(out, special=True).decode("utf-8", "replace")
        self.asked += 1
        self.ended += ended
        return text if ended else ""

    def right(self, case: Case) -> tuple[bool, str]:
        """Return whether the answer is right, and the answer."""
        text = self.answer(case)
        if case.call is not None:
            return _calls(text) == [case.call], text
        fine = bool(text) and "<tool_call>" not in text and all(re.search(part, text) for part in case.must)
        return fine and (not case.accepted or text in case.accepted), text


def _calls(text: str) -> list[Any]:
    try:
        return [json.loads(part) for part in re.findall(r"<tool_call>\n(.*?)\n</tool_call>", text, re.S)]
    except ValueError:
        return []


def _case(families: Families, turns: list[Turn], rng: random.Random) -> Case:
    messages = [message for turn in turns for message in as_messages(turn, rng)]
    return Case(messages[:-1], families.language, turns[-1].must)


def app(families: Families, rng: random.Random) -> Case:
    """A question about the app or small talk."""
    turn = families.app()
    case = _case(families, [turn], rng)
    if not turn.must:
        intents = {item["id"]: item for item in load("app")["intent"]}
        case.accepted = tuple(intents[turn.family.split("/")[1]][families.language]["answers"])
    return case


def decline(families: Families, rng: random.Random) -> Case:
    """A question that it cannot know."""
    return _case(families, [families.decline()], rng)


def recall(between: int) -> Callable[[Families, random.Random], Case]:
    """A fact, `between` other turns, and the question for the fact."""

    def make(families: Families, rng: random.Random) -> Case:
        fact, value = families.fact()
        trained = Families(families.language, rng)
        others = [rng.choice([trained.app, trained.decline])() for _ in range(between)]
        return _case(families, [families.tell(fact, value), *others, families.ask(fact, value)], rng)

    return make


def unknown(families: Families, rng: random.Random) -> Case:
    """The question for a fact that was never told."""
    fact, _ = families.fact()
    return _case(families, [Families(families.language, rng).app(), families.ask(fact, None)], rng)


def copying(families: Families, rng: random.Random) -> Case:
    """A text to repeat exactly."""
    return _case(families, [families.copying()], rng)


def passage(families: Families, rng: random.Random) -> Case:
    """A question about a text in the conversation."""
    turns = families.passage()
    return _case(families, turns[:2] if turns[0].family == "passage/read" else turns[:1], rng)


def no_tool(families: Families, rng: random.Random) -> Case:
    """Tools are listed, but none is needed."""
    turn = families.app(rng.choice(["greet", "thanks", "who", "ok", "human", "bye", "how_are_you"]))
    case = _case(families, [turn], rng)
    case.tools = rng.sample(tool_names(), 3)
    case.must = ()
    return case


def tool(families: Families, rng: random.Random) -> Case:
    """The right tool with the right arguments."""
    name, messages = tool_turn(families, rng)
    call = {"name": name, "arguments": messages[1]["tool_calls"][0]["function"]["arguments"]}
    others = [other for other in tool_names() if other != name]
    tools = rng.sample([name, *rng.sample(others, 2)], 3)
    return Case(messages[:1], families.language, tools=tools, call=call)


def tool_result(families: Families, rng: random.Random) -> Case:
    """An answer that copies from a tool's result."""
    name, messages = tool_turn(families, rng)
    return Case(messages[:3], families.language, accepted=(messages[3]["content"],), tools=[name])


KINDS: dict[str, Callable[[Families, random.Random], Case]] = {
    "questions about the app, small talk": app,
    "declines what it cannot know": decline,
    "recalls a fact, next turn": recall(0),
    "recalls a fact after 4 other turns": recall(4),
    "says that it was not told": unknown,
    "repeats a text exactly": copying,
    "answers from a text exactly": passage,
    "no tool when none is needed": no_tool,
    "right tool and right arguments": tool,
    "answers from a tool's result exactly": tool_result,
}


def main() -> None:
    """Print the table; with --wrong also each wrong answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--count", type=int, default=100, help="questions per row and language")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--repeat-penalty", type=float, default=1.0)
    parser.add_argument("--trained", action="store_true", help="phrasings that were trained, to compare")
    parser.add_argument("--wrong", action="store_true")
    options = parser.parse_args()
    judge = Judge(options.model, options.temperature, options.repeat_penalty)
    same_language = 0
    print(f"| {'trained' if options.trained else 'held-out'} phrasings | English | Chinese |")
    print("| --- | --- | --- |")
    for title, make in KINDS.items():
        shares = []
        for language in ("en", "zh"):
            rng = random.Random(f"{options.seed} {title} {language}")
            families = Families(language, rng, held=not options.trained)
            good = 0
            for _ in range(options.count):
                case = make(families, rng)
                fine, text = judge.right(case)
                good += fine
                same_language += (
                    case.call is not None or make is copying or bool(_CJK.search(text)) == (language == "zh")
                )
                if options.wrong and not fine:
                    print(f"  wrong: {case.messages[-1]['content']!r} -> {text!r}")
            shares.append(f"{100 * good / options.count:.0f} %")
        print(f"| {title} | {shares[0]} | {shares[1]} |", flush=True)
    print(f"| answers in the language of the question | {100 * same_language / judge.asked:.1f} % | |")
    print(f"| ends by itself | {100 * judge.ended / judge.asked:.1f} % | |")


if __name__ == "__main__":
    main()
