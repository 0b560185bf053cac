"""PortAudio as far as it is used: loaded on first use, and called from one thread of its own."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

from assistant_app.portaudio_library import import_sounddevice
from assistant_app.speech.faults import library_missing

T = TypeVar("T")

INVALID_CHANNEL_COUNT = -9998


class Stream(Protocol):
    """A stream that calls back from PortAudio's own thread."""

    def start(self) -> None: ...

    def abort(self) -> None: ...

    def close(self) -> None: ...


class PortAudio(Protocol):
    """What is used of the module `sounddevice`."""

    PortAudioError: type[Exception]

    def query_devices(self, device: int | None = None, kind: str | None = None) -> Any: ...

    def query_hostapis(self) -> Sequence[Mapping[str, Any]]: ...

    def WasapiSettings(self, *, auto_convert: bool) -> object: ...

    def InputStream(self, **options: Any) -> Stream: ...

    def _terminate(self) -> None: ...

    def _initialize(self) -> None: ...


def load_portaudio() -> PortAudio:
    """Import sounddevice, which initialises PortAudio and can take seconds. Raises MicrophoneError."""
    try:
        portaudio: Any = import_sounddevice()
    except OSError as error:
        raise library_missing(error) from error
    return cast(PortAudio, portaudio)


def error_code(error: Exception) -> int:
    """Return PortAudio's number of an error; 0 where it has none."""
    code = error.args[1] if len(error.args) > 1 else 0
    return code if isinstance(code, int) else 0


def hand_over(loop: asyncio.AbstractEventLoop, receive: Callable[..., object], *values: object) -> None:
    """Call `receive` on the loop, from another thread; nothing when the loop has ended meanwhile."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(receive, *values)


class AudioThread:
    """Runs PortAudio's calls one after the other, for it allows nothing else and some of them take seconds.

    A thread of its own, not a pool's: one that hangs in a driver must not keep the program from ending.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._started = False

    def post(self, job: Callable[[], T]) -> "asyncio.Future[T]":
        """Do `job` after all that was posted before. On the loop; the future may be left alone."""
        future: asyncio.Future[T] = self._loop.create_future()

        def work() -> None:
            try:
                answer = job()
            except Exception as error:
                hand_over(self._loop, _fail, future, error)
            else:
                hand_over(self._loop, _succeed, future, answer)

        if not self._started:
            self._started = True
            threading.Thread(target=self._run, name="audio", daemon=True).start()
        self._jobs.put(work)
        return future

    def _run(self) -> None:
        while True:
            self._jobs.get()()


def _succeed(future: "asyncio.Future[T]", answer: T) -> None:
    if not future.done():
        future.set_result(answer)


def _fail(future: "asyncio.Future[T]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
