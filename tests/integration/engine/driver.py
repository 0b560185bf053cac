"""Drives a real engine process over its socket, without the supervisor."""

import mmap
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from assistant_app.core.generation import ChatMessage
from assistant_app.core.sampling import Sampling
from assistant_app.engines import protocol
from assistant_app.engines.wire import Connection

GREEDY = Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=24, seed=1)
TIMEOUT_S = 60.0

_START = (
    "import sys; from assistant_app.engines import child, handover;"
    " sys.exit(child.main(lambda: handover.take_inherited(int(sys.argv[1]), int(sys.argv[2]))))"
)


@dataclass
class Answer:
    """What came back for one Generate."""

    text: str = ""
    readings: list[protocol.Reading] = field(default_factory=list)
    end: protocol.Generated | protocol.Failed | None = None

    @property
    def done(self) -> protocol.Generated:
        """The end of an answer that did not fail."""
        assert isinstance(self.end, protocol.Generated), self.end
        return self.end

    @property
    def evaluated(self) -> int:
        """Prompt tokens that were really read."""
        return self.done.usage.evaluated_tokens


class EngineDriver:
    """A child process and the worker's end of its socket."""

    def __init__(self, *, before: str = "", env: dict[str, str] | None = None, stderr: Any = None) -> None:
        ours, theirs = socket.socketpair()
        with tempfile.TemporaryFile() as stop_file:
            stop_file.truncate(4096)
            self.stop = mmap.mmap(stop_file.fileno(), 4096)
            fds = (theirs.fileno(), stop_file.fileno())
            self.process = subprocess.Popen(
                [sys.executable, "-c", before + _START, *map(str, fds)],
                pass_fds=fds,
                cwd=Path(__file__).parents[3],
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stderr=stderr if stderr is not None else subprocess.DEVNULL,
            )
        theirs.close()
        ours.settimeout(TIMEOUT_S)
        self.connection = Connection(ours)
        ours.settimeout(TIMEOUT_S)
        self._last_id = 0
        self.hello = self.wait(lambda m: isinstance(m, protocol.Hello))

    def __enter__(self) -> "EngineDriver":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> int:
        """Hang up and return the exit status."""
        self.connection.close()
        try:
            return self.process.wait(TIMEOUT_S)
        finally:
            self.process.kill()

    def next_id(self) -> int:
        """Return a new request identifier."""
        self._last_id += 1
        return self._last_id

    def send(self, kind: Callable[..., Any], *args: Any, **fields: Any) -> int:
        """Send a request; return its identifier."""
        request_id = self.next_id()
        self.connection.send(kind(request_id, *args, **fields))
        return request_id

    def wait(self, wanted: Callable[[Any], bool]) -> Any:
        """Return the first message that is wanted; others are dropped."""
        while True:
            message = self.connection.receive()
            assert message is not None, f"the engine is gone: {self.process.wait(TIMEOUT_S)}"
            if wanted(message):
                return message

    def ask(self, kind: Callable[..., Any], *args: Any, **fields: Any) -> Any:
        """Send a request and return its final reply."""
        request_id = self.send(kind, *args, **fields)
        return self.wait(lambda m: m.id == request_id and not isinstance(m, _PROGRESS))

    def load(self, path: Path | str, **options: Any) -> Any:
        """Load a model and return the reply."""
        return self.ask(protocol.Load, str(path), "tiny", "Tiny", **{"n_threads": 1, **options})

    def cancel(self) -> None:
        """Do what the worker does: set the byte."""
        self.stop[0] = 1

    def generate(
        self,
        messages: Sequence[ChatMessage] | str,
        *,
        sampling: Sampling = GREEDY,
        on_message: Callable[[Any], None] = lambda _: None,
        **fields: Any,
    ) -> Answer:
        """Generate an answer and collect it."""
        turns = (ChatMessage("user", messages),) if isinstance(messages, str) else tuple(messages)
        request_id = self.send(protocol.Generate, turns, sampling, **fields)
        answer = Answer()
        while answer.end is None:
            message = self.wait(lambda m: getattr(m, "id", 0) == request_id)
            match message:
                case protocol.Delta():
                    answer.text += message.text
                case protocol.Reading():
                    answer.readings.append(message)
                case protocol.Generated() | protocol.Failed():
                    answer.end = message
            on_message(message)
        self.stop[0] = 0
        return answer


_PROGRESS = (protocol.Pong, protocol.LoadProgress, protocol.Reading, protocol.Delta, protocol.Hello)


def turns(*texts: str) -> list[ChatMessage]:
    """Return alternating questions and answers."""
    return [ChatMessage("user" if i % 2 == 0 else "assistant", text) for i, text in enumerate(texts)]


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def seconds_since(begin: float) -> float:
    """Return the time that has passed."""
    return time.perf_counter() - begin
