"""Nothing is read twice: tokens evaluated at turn 20 of a long conversation, and after an excursion."""

import tempfile
from collections.abc import Iterator

from assistant_app.core.generation import ChatMessage
from assistant_app.core.sampling import Sampling
from tests.benchmarks import llama_bench
from tests.benchmarks.engine import Engine, running, words
from tests.benchmarks.table import Row, at_most

TURNS = 20
TOKENS = 4000
SLACK_TOKENS = 32
ANSWER_TOKENS = 40
GREEDY = Sampling(temperature=0.0, seed=1)


def turns() -> Iterator[Row]:
    """(b) Turn 20, then the same after another conversation, then after a restart of the engine."""
    each = TOKENS // TURNS - ANSWER_TOKENS
    with tempfile.TemporaryDirectory() as folder:
        messages = [ChatMessage("system", "You are Assistant.")]
        with running() as engine:
            engine.load(llama_bench.model(), n_ctx=8192, state_dir=folder)
            for turn in range(TURNS - 1):
                _turn(engine, messages, words(each, seed=turn))
            yield _row("tokens read at turn 20", *_turn(engine, messages, words(each, seed=50)))
            _turn(engine, [ChatMessage("system", "Another conversation.")], words(600, seed=99), "other")
            yield _row("the same after another conversation", *_turn(engine, messages, words(each, seed=51)))
        with running() as engine:
            engine.load(llama_bench.model(), n_ctx=8192, state_dir=folder)
            yield _row("the same after a restart", *_turn(engine, messages, words(each, seed=52)))


def _turn(
    engine: Engine, messages: list[ChatMessage], text: str, conversation: str = "long"
) -> tuple[int, int, int]:
    """Add a question and its answer; return tokens read, tokens of the question, tokens of the prompt."""
    asked = ChatMessage("user", text)
    messages.append(asked)
    trace = engine.generate(messages, ANSWER_TOKENS, conversation, GREEDY)
    messages.append(ChatMessage("assistant", trace.text))
    return trace.usage.evaluated_tokens, engine.count(asked), trace.usage.prompt_tokens


def _row(what: str, read: int, new: int, prompt: int) -> Row:
    return at_most(what, read, new + SLACK_TOKENS, "tokens", f"prompt {prompt}, new message {new}")
