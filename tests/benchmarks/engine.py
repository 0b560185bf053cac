"""An engine process as the application starts it, driven over the wire, with the time of every message."""

import random
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assistant_app.core.generation import ChatMessage
from assistant_app.core.sampling import Sampling
from assistant_app.engines import protocol as p
from assistant_app.engines.wire import Connection, Message
from assistant_app.worker.engine_process import engine_command, engine_environment
from assistant_app.worker.engine_start import start_engine

WORDS = (
    "the of and to in is you that it he was for on are as with his they at be this have from or one had by"
    " word but not what all were we when your can said there use an each which she do how their if will up"
).split()
TOKENS_PER_WORD = 1.7
"""Of these words in the vocabulary of the benchmark's model."""

NEUTRAL = Sampling(temperature=0.8, seed=1)
"""The application's own sampling, with a fixed seed."""


@dataclass
class Trace:
    """What happened during one request. Times are `time.monotonic` seconds."""

    sent_at: float
    read_at: float = 0.0
    """When the last prompt token had been read."""
    ended_at: float = 0.0
    heard_at: float = 0.0
    """When the last message before the end came: a piece of text or progress."""
    deltas: list[tuple[float, int]] = field(default_factory=list)
    """Time and number of characters of each piece."""
    text: str = ""
    end: Message | None = None

    @property
    def usage(self) -> p.UsageSummary:
        assert isinstance(self.end, p.Generated), self.end
        return self.end.usage

    @property
    def prompt_speed(self) -> float:
        """Prompt tokens per second, as the caller saw it."""
        return self.usage.evaluated_tokens / (self.read_at - self.sent_at)

    @property
    def generation_speed(self) -> float:
        """Tokens per second from the end of reading to the end of the answer, as the caller saw it."""
        return self.usage.generated_tokens / (self.ended_at - self.read_at)


class Engine:
    """One engine process. Use `running`."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        self.process, ours, self.stop_byte = start_engine(
            engine_command(), engine_environment() if environment is None else environment
        )
        # What it prints is of no interest here, but a full pipe would stop it.
        threading.Thread(target=self.process.communicate, name="engine-output", daemon=True).start()
        self.connection = Connection(ours)
        self._last_id = 0

    def next_id(self) -> int:
        """Return an identifier for a request."""
        self._last_id += 1
        return self._last_id

    def request(self, message: p.Request) -> Trace:
        """Send a request and follow it to its end."""
        trace = Trace(time.monotonic())
        self.connection.send(message)
        for _reply in self.follow(message, trace):
            pass
        return trace

    def follow(self, message: p.Request, trace: Trace) -> Iterator[Message]:
        """Yield the replies to a request that was sent, up to its end, and note them."""
        while True:
            reply = self.connection.receive()
            now = time.monotonic()
            assert reply is not None, f"the engine ended with {self.process.wait(10)}"
            if isinstance(reply, p.Hello | p.Pong) or reply.id != message.id:
                continue
            if isinstance(reply, p.Reading) and reply.done_tokens == reply.total_tokens:
                trace.read_at = now
            elif isinstance(reply, p.Delta):
                trace.deltas.append((now, len(reply.text)))
                trace.text += reply.text
            elif not isinstance(reply, p.Reading | p.LoadProgress):
                trace.ended_at = now
                trace.end = reply
                return
            trace.heard_at = now
            yield reply

    def load(self, model: Path, *, n_ctx: int, threads: int = 0, state_dir: str = "") -> p.Loaded:
        """Load a model. Raises AssertionError with the engine's sentence."""
        load = p.Load(self.next_id(), str(model), "bench", "bench", n_ctx, threads, state_dir)
        end = self.request(load).end
        assert isinstance(end, p.Loaded), end
        return end

    def generate(
        self,
        messages: Iterable[ChatMessage],
        max_tokens: int,
        conversation: str = "",
        sampling: Sampling = NEUTRAL,
    ) -> Trace:
        """Generate at most `max_tokens` tokens."""
        return self.request(self.generation(messages, max_tokens, conversation, sampling))

    def generation(
        self,
        messages: Iterable[ChatMessage],
        max_tokens: int,
        conversation: str = "",
        sampling: Sampling = NEUTRAL,
    ) -> p.Generate:
        """Return the request of `generate`."""
        limited = Sampling(
            temperature=sampling.temperature,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            min_p=sampling.min_p,
            repeat_penalty=sampling.repeat_penalty,
            seed=sampling.seed,
            max_tokens=max_tokens,
        )
        return p.Generate(self.next_id(), tuple(messages), limited, conversation)

    def count(self, message: ChatMessage) -> int:
        """Return what a message costs in the prompt, in tokens."""
        end = self.request(p.Count(self.next_id(), (message,))).end
        assert isinstance(end, p.Counted), end
        return end.tokens[0]

    def close(self) -> None:
        """End the process."""
        self.connection.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.stop_byte.close()


@contextmanager
def running(environment: dict[str, str] | None = None) -> Iterator[Engine]:
    """Start an engine process for the length of a `with` block."""
    engine = Engine(environment)
    try:
        yield engine
    finally:
        engine.close()


def words(tokens: int, seed: int = 0) -> str:
    """Return text of about that many tokens, different for each seed from the first word on."""
    choose = random.Random(seed)
    return " ".join(choose.choice(WORDS) for _ in range(round(tokens / TOKENS_PER_WORD)))


def question(text: str) -> list[ChatMessage]:
    """Return a conversation of one message."""
    return [ChatMessage("user", text)]
