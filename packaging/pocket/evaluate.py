"""Judges a GGUF of the pocket model on phrasings that were never trained, and prints Markdown tables.

Every question comes from the `held` templates and all tools are offered. An answer is right when it ends by
itself and contains what its family demands: the call, the fact, the copied text. An argument is right when
the application's own tool reads it as the expected one: "12 + 7" for "12 plus 7", "litres" for "liters".
"""

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from chat import TEMPLATE_PATH, ChatEncoder
from data import DEFAULT_SYSTEM, as_messages
from families import Families, Turn
from llama_cpp import Llama
from tokenizers import Tokenizer
from toolcalls import KINDS, TOOLS, Request, Requests, tool_of

sys.path.append(str(Path(__file__).parents[2]))

from assistant_app.tools.help_search import help_search as look_up
from assistant_app.tools.reading.durations import read_duration
from assistant_app.tools.reading.expression import NotArithmetic, TooLarge, evaluate
from assistant_app.tools.reading.moments import read_moment
from assistant_app.tools.reading.units import UnknownUnit, unit

_CJK = re.compile(r"[\u4e00-\u9fff]")
_LONGEST = 300
_NOW = datetime(2026, 3, 2, 11, 30).astimezone()
_READERS: dict[str, Callable[[str], Any]] = {
    "expression": evaluate,
    "duration": read_duration,
    "when": lambda text: read_moment(text, _NOW),
    "from_unit": unit,
    "to_unit": unit,
}
"""How the tools read their arguments; all others have to be the same text."""
_DECLINES = {"en": ("(?i)pocket model", "Models"), "zh": ("口袋模型", "模型")}


@dataclass
class Case:
    """A prompt with what its answer must contain."""

    messages: list[dict[str, Any]]
    must: tuple[str, ...] = ()
    accepted: str | None = None
    """The whole answer that must be given; None: any that has `must`."""
    call: dict[str, Any] | None = None
    """The tool call that must be made; None: none may be made."""
    looks_up: bool = False
    """Whether it may search the help first, and is judged by what it says then."""


Make = Callable[[Families, random.Random], Case]


class Judge:
    """Answers cases with one model and one sampling."""

    def __init__(self, model: Path, temperature: float, repeat_penalty: float) -> None:
        self._encoder = ChatEncoder(Tokenizer.from_file(str(TEMPLATE_PATH.with_name("tokenizer.json"))))
        self._model = Llama(str(model), n_ctx=4096, n_threads=1, verbose=False, seed=1)
        self._temperature = temperature
        self._penalty = repeat_penalty
        self.ended = self.asked = 0

    def answer(self, case: Case) -> str:
        """Return the model's answer; empty when it did not end by itself."""
        messages = [{"role": "system", "content": DEFAULT_SYSTEM}, *case.messages]
        # As the application does it: each message apart from what the template wrote around it.
        ids, _ours = self._encoder.encode(messages, list(TOOLS), prompt=True)
        out: list[int] = []
        ended = False
        for token in self._model.generate(
            ids, temp=self._temperature, repeat_penalty=self._penalty, top_k=40, top_p=0.95, min_p=0.05
        ):
            if token == self._model.token_eos():
                ended = True
                break
            out.append(token)
            if len(out) >= _LONGEST:
                break
        self.asked += 1
        self.ended += ended
        return self._model.detokenize(out, special=True).decode("utf-8", "replace") if ended else ""

    def right(self, case: Case) -> tuple[bool, str]:
        """Return whether the answer is right, and the answer as the application shows it."""
        text = self.answer(case).removeprefix(" ")
        if case.call is not None:
            made = calls_in(text)
            return len(made) == 1 and same_call(made[0], case.call), text
        if case.looks_up and [call["name"] for call in calls_in(text)] == ["help_search"]:
            return self.right(replace(case, messages=_looked_up(case.messages, text), looks_up=False))
        fine = bool(text) and "<tool_call>" not in text and all(re.search(part, text) for part in case.must)
        return fine and case.accepted in (None, text), text


def calls_in(text: str) -> list[Any]:
    """Return the tool calls in a text, outer space cut off as the tools do; empty when one is malformed."""
    try:
        return [_trimmed(call) for call in _written(text)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _written(text: str) -> list[Any]:
    return [json.loads(part) for part in re.findall(r"<tool_call>\n(.*?)\n</tool_call>", text, re.S)]


def _looked_up(messages: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """Return the messages with the search of the help that `text` asks for, and what it finds."""
    call = _written(text)[0]
    return [
        *messages,
        {"role": "assistant", "content": "", "tool_calls": [{"function": call}]},
        {"role": "tool", "content": look_up(call["arguments"]["query"])},
    ]


def same_call(made: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Return whether a call does what the wanted one does, as the tools read their arguments."""
    if made.get("name") != wanted["name"] or made["arguments"].keys() != wanted["arguments"].keys():
        return False
    return all(_same(name, made["arguments"][name], value) for name, value in wanted["arguments"].items())


def _same(name: str, made: Any, wanted: Any) -> bool:
    if made == wanted:
        return True
    read = _READERS.get(name)
    if read is None or not isinstance(made, str):
        return False
    try:
        value = read(made)
        return value is not None and value == read(wanted)
    except (NotArithmetic, TooLarge, UnknownUnit):
        return False


def _trimmed(call: dict[str, Any]) -> dict[str, Any]:
    values = {
        key: value.strip() if isinstance(value, str) else value for key, value in call["arguments"].items()
    }
    return {**call, "arguments": values}


def _case(turns: list[Turn], rng: random.Random) -> Case:
    messages = [message for turn in turns for message in as_messages(turn, rng)]
    return Case(messages[:-1], turns[-1].must)


def _asked(request: Request) -> Case:
    if not request.tool:
        return Case(request.messages()[:1], accepted=request.answer)
    return Case(request.messages()[:1], call={"name": request.tool, "arguments": request.arguments})


def tool(kind: str) -> Make:
    """A request that needs one certain call."""
    return lambda families, rng: _asked(Requests(families).draw(kind))


def any_tool(families: Families, rng: random.Random) -> Case:
    """A request for any tool, the help search among them."""
    return help_search(families, rng) if rng.random() < 0.12 else _asked(Requests(families).draw())


def help_search(families: Families, rng: random.Random) -> Case:
    """A question about the app, to be searched for word for word."""
    return _asked(Requests(families).help())


def no_tool(families: Families, rng: random.Random) -> Case:
    """Small talk, facts, questions that it cannot know, texts to repeat: nothing to call a tool for."""
    pick = rng.random()
    if pick < 0.3:
        turn = families.smalltalk()
    elif pick < 0.6:
        turn = families.decline()
    elif pick < 0.8:
        turn = families.tell(*families.fact())
    else:
        turn = families.copying()
    case = _case([turn], rng)
    case.must = ()
    return case


def smalltalk(families: Families, rng: random.Random) -> Case:
    """Small talk, answered with one of its answers."""
    turn = families.smalltalk()
    case = _case([turn], rng)
    answers = families.smalltalk_answers(turn)
    case.must = ("^(" + "|".join(map(re.escape, answers)) + ")$",)
    return case


def decline(families: Families, rng: random.Random) -> Case:
    """A question that it cannot know."""
    case = _case([families.decline()], rng)
    case.must = _DECLINES[families.language]
    return case


def decline_in_the_end(families: Families, rng: random.Random) -> Case:
    """A question that it cannot know, which it may look up in the help first, as the application does it."""
    return replace(decline(families, rng), looks_up=True)


def recall(between: int) -> Make:
    """A fact, `between` other turns, and the question for the fact."""

    def make(families: Families, rng: random.Random) -> Case:
        fact, value = families.fact()
        messages = as_messages(families.tell(fact, value), rng)
        trained = Families(families.language, rng)
        for _ in range(between):
            if rng.random() < 0.3:
                messages += Requests(trained).draw().messages()
            else:
                messages += as_messages(rng.choice([trained.smalltalk, trained.decline])(), rng)
        asked = _case([families.ask(fact, value)], rng)
        return Case([*messages, *asked.messages], asked.must)

    return make


def unknown(families: Families, rng: random.Random) -> Case:
    """The question for a fact that was never told."""
    fact, _ = families.fact()
    return _case([Families(families.language, rng).smalltalk(), families.ask(fact, None)], rng)


def copying(families: Families, rng: random.Random) -> Case:
    """A text to repeat exactly."""
    return _case([families.copying()], rng)


def passage(families: Families, rng: random.Random) -> Case:
    """A question about a text in the conversation."""
    turns = families.passage()
    return _case(turns[:2] if turns[0].family == "passage/read" else turns[:1], rng)


def tool_result(families: Families, rng: random.Random) -> Case:
    """An answer that copies from a tool's result."""
    requests = Requests(families)
    request = requests.draw()
    while not request.tool:
        request = requests.draw()
    return Case(request.messages()[:3], accepted=request.answer)


def help_result(families: Families, rng: random.Random) -> Case:
    """An answer that copies a help passage."""
    request = Requests(families).help()
    while request.result == "none":
        request = Requests(families).help()
    return Case(request.messages()[:3], accepted=request.answer)


ROWS: dict[str, Make] = {
    "right tool and right arguments": any_tool,
    "no tool when none is needed": no_tool,
    "exact copy: answers from a tool's result": tool_result,
    "exact copy: answers from a help passage": help_result,
    "exact copy: answers from a text": passage,
    "exact copy: repeats a text": copying,
    "recalls a fact, next turn": recall(0),
    "recalls a fact after 4 other turns": recall(4),
    "says that it was not told": unknown,
    "declines what it cannot know": decline,
    "the same, of others, where it may search the help first": decline_in_the_end,
    "questions about the app go to the help search, word for word": help_search,
    "small talk": smalltalk,
}
TOOL_ROWS: dict[str, Make] = {f"{kind} ({tool_of(kind) or 'asks back'})": tool(kind) for kind in KINDS}


def main() -> None:
    """Print the tables; with --wrong also each wrong answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--count", type=int, default=100, help="questions per row and language")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--repeat-penalty", type=float, default=1.0)
    parser.add_argument("--trained", action="store_true", help="phrasings that were trained, to compare")
    parser.add_argument("--tools", action="store_true", help="a row for each kind of tool request too")
    parser.add_argument("--wrong", action="store_true")
    options = parser.parse_args()
    judge = Judge(options.model, options.temperature, options.repeat_penalty)
    same_language = judged = 0
    begin = time.time()
    print(f"| {'trained' if options.trained else 'held-out'} phrasings | English | Chinese |")
    print("| --- | --- | --- |")
    for title, make in {**ROWS, **(TOOL_ROWS if options.tools else {})}.items():
        shares = []
        for language in ("en", "zh"):
            rng = random.Random(f"{options.seed} {title} {language}")
            families = Families(language, rng, held=not options.trained)
            good = 0
            for _ in range(options.count):
                case = make(families, rng)
                fine, text = judge.right(case)
                good += fine
                if make in (decline, smalltalk, no_tool, unknown):
                    judged += 1
                    same_language += bool(_CJK.search(text)) == (language == "zh")
                if options.wrong and not fine:
                    print(f"  wrong: {case.messages[-1]['content']!r} -> {text!r}")
            shares.append(f"{100 * good / options.count:.0f} %")
        print(f"| {title} | {shares[0]} | {shares[1]} |", flush=True)
    print(f"| answers in the language of the question | {100 * same_language / judged:.1f} % | |")
    print(f"| ends by itself | {100 * judge.ended / judge.asked:.1f} % | |")
    print(f"\n{judge.asked} answers in {time.time() - begin:.0f} s")


if __name__ == "__main__":
    main()
