"""Requests to one engine process: each waits its turn, can be stopped, and ends when the process does."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from assistant_app.core.errors import AssistantError, Cancelled, EngineStopped, RequestInvalid
from assistant_app.core.events import EngineState, Event
from assistant_app.core.text import N_
from assistant_app.engines import protocol
from assistant_app.engines.wire import Message, WireError
from assistant_app.i18n import _
from assistant_app.worker.engine_crashes import CrashLog, CrashReport
from assistant_app.worker.engine_errors import error_of
from assistant_app.worker.engine_life import EngineLife, Limits, Sentences
from assistant_app.worker.engine_process import (
    EngineKind,
    EngineProcess,
    engine_command,
    engine_environment,
)
from assistant_app.worker.engine_states import EngineStates

log = logging.getLogger(__name__)

_REPEAT_S = 0.05
"""How often the stop byte is set again until the engine is idle: it may clear it for an older request."""

Plan = TypeVar("Plan")
Info = TypeVar("Info")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Dialect(Generic[Info]):
    """Which messages of the protocol mean what to one kind of engine."""

    kind: EngineKind
    last: tuple[type[Any], ...]
    """Replies that end a request."""
    loads: tuple[type[Any], ...]
    """Requests that replace what is loaded."""
    unloads: tuple[type[Any], ...]
    info: Callable[[Message], Info | None]
    """What a reply says to be loaded now; None when it says nothing of it."""
    busy: Callable[[protocol.Request], bool]
    """Whether a request is work that the state shows."""
    sentences: Sentences


@dataclass(frozen=True, slots=True)
class Loading(Generic[Plan]):
    """What a request loads: the plan, its name for sentences, and what its crashes are counted by."""

    plan: Plan
    name: str
    key: str


class _Job(Generic[Plan]):
    """One request on its way."""

    def __init__(self, identifier: int, loading: Loading[Plan] | None) -> None:
        self.id = identifier
        self.loading = loading
        self.request: protocol.Request | None = None
        self.replies: asyncio.Queue[Message | AssistantError] = asyncio.Queue()
        self.cancelled = asyncio.Event()
        self.ended = asyncio.Event()
        self.stopping: asyncio.Task[None] | None = None


class EngineClient(Generic[Plan, Info]):
    """Starts an engine process on the first request and again after it died.

    Everything runs on one asyncio loop. Requests wait for each other; replies to requests that are
    over are ignored. Every method raises AssistantError only: EngineStopped when the process ended
    meanwhile, Cancelled after `cancel`.
    """

    def __init__(
        self,
        dialect: Dialect[Info],
        on_event: Callable[[Event], None],
        *,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        crashes: CrashLog | None = None,
    ) -> None:
        """Prepare; no process is started.

        Args:
            dialect: Which engine it is.
            on_event: Called on the loop with each EngineStateChanged.
            command: The engine's command line without its descriptors; None for this program's own.
            environment: None for this process's without secrets and proxies.
            limits: How long to wait for it.
            crashes: Where crashes are counted.
        """
        self._dialect = dialect
        self._states = EngineStates(on_event, dialect.kind)
        self._crashes = crashes or CrashLog()
        self._limits = limits or Limits()
        self._life = EngineLife(
            engine_command(dialect.kind) if command is None else command,
            engine_environment(kind=dialect.kind) if environment is None else environment,
            self._states,
            self._crashes,
            self._limits,
            self._on_message,
            self._on_gone,
            dialect.sentences,
        )
        self._ids = itertools.count(1)
        self._turn = asyncio.Lock()
        self._job: _Job[Plan] | None = None
        self._loaded: tuple[Plan, Info] | None = None

    # --- looking
    @property
    def state(self) -> EngineState:
        """Where in its life the engine is."""
        return self._states.current

    @property
    def pid(self) -> int | None:
        """Process identifier, or None when no process runs."""
        return self._life.process.pid if self._life.process is not None else None

    @property
    def hello(self) -> protocol.Hello | None:
        """What the running engine said about itself."""
        return self._life.hello

    @property
    def loaded(self) -> tuple[Plan, Info] | None:
        """What is in memory and how it was asked for; None when there is nothing (any more)."""
        return self._loaded

    @property
    def last_crash(self) -> CrashReport | None:
        """How the engine died last, for the log and the doctor."""
        return self._crashes.last

    # --- life
    async def start(self) -> None:
        """Start the process before it is needed. Raises EngineStopped."""
        await self._life.ensure()

    async def stop(self) -> None:
        """End the process: politely, then with force. The next request starts a new one."""
        await self.cancel()
        await self._life.stop()

    async def kill(self) -> None:
        """End the process at once."""
        await self.cancel()
        await self._life.kill()

    async def cancel(self) -> None:
        """Stop the running request, if there is one; returns at once, the request ends by itself."""
        if self._job is not None:
            self._stop_job(self._job)

    # --- how a request travels
    async def _result(self, make: Callable[[int], protocol.Request], kind: type[_R]) -> _R:
        async with aclosing(self._exchange(make)) as replies:
            async for reply in replies:
                if isinstance(reply, kind):
                    return reply
        raise AssistantError(detail=f"the engine answered without a {kind.__name__}")

    async def _exchange(
        self, make: Callable[[int], protocol.Request], loading: Loading[Plan] | None = None
    ) -> AsyncGenerator[Message, None]:
        """Send a request when its turn comes and yield its replies; the last one ends it.

        Whoever leaves early stops the request, and the next one waits until the engine is idle.
        """
        await self._turn.acquire()
        job = self._job = _Job(next(self._ids), loading)
        process: EngineProcess | None = None
        try:
            if loading is not None:
                self._life.model = loading.name
                self._life.key = loading.key
            process = await self._ready(job)
            await self._send(process, job, make(job.id))
            while True:
                reply = await job.replies.get()
                if isinstance(reply, AssistantError):
                    raise reply
                if isinstance(reply, protocol.Failed):
                    raise error_of(reply)
                if not (job.cancelled.is_set() and isinstance(reply, protocol.Delta)):
                    yield reply
                if isinstance(reply, self._dialect.last):
                    return
        finally:
            if process is None or job.request is None or job.ended.is_set():
                self._release(job)
            else:
                self._stop_job(job)
                # A task of its own: the engine must come to rest although the caller is cancelled.
                await asyncio.shield(asyncio.create_task(self._rest(job)))

    async def _ready(self, job: _Job[Plan]) -> EngineProcess:
        if (process := self._life.running) is not None:
            return process
        starting = asyncio.create_task(self._life.ensure())
        cancelled = asyncio.create_task(job.cancelled.wait())
        try:
            await asyncio.wait({starting, cancelled}, return_when=asyncio.FIRST_COMPLETED)
            if job.cancelled.is_set():
                raise Cancelled()
            return await starting
        finally:
            starting.cancel()
            cancelled.cancel()

    async def _send(self, process: EngineProcess, job: _Job[Plan], request: protocol.Request) -> None:
        if job.cancelled.is_set():
            raise Cancelled()
        job.request = request
        self._enter(request)
        try:
            await process.connection.send(request)
        except WireError as error:
            job.ended.set()
            self._settle(job, protocol.Failed(job.id, "request-invalid", ""))
            raise RequestInvalid(
                reason=_(N_("it is too long or nested too deeply")), detail=str(error)
            ) from error
        except OSError:
            log.info("the engine is gone before request %d", job.id)  # its end is a reply to come

    async def _rest(self, job: _Job[Plan]) -> None:
        try:
            await job.ended.wait()
        finally:
            self._release(job)

    def _release(self, job: _Job[Plan]) -> None:
        if self._job is job:
            self._job = None
        self._turn.release()

    def _stop_job(self, job: _Job[Plan]) -> None:
        job.cancelled.set()
        process = self._life.process
        if (
            process is not None
            and job.request is not None
            and job.stopping is None
            and not job.ended.is_set()
        ):
            job.stopping = asyncio.create_task(self._insist(process, job))

    async def _insist(self, process: EngineProcess, job: _Job[Plan]) -> None:
        """Set the stop byte until the engine is idle; kill it when it does not come to rest."""
        loading = isinstance(job.request, self._dialect.loads)
        limit = self._limits.cancel_load_s if loading else self._limits.cancel_s
        deadline = time.monotonic() + limit
        with contextlib.suppress(OSError, WireError):
            process.connection.post(protocol.Cancel(job.id))
        while not job.ended.is_set() and process.alive:
            process.stop_byte.set()
            if time.monotonic() > deadline:
                process.dismissed = True
                process.kill("it did not stop when asked to")
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(job.ended.wait(), _REPEAT_S)

    # --- what the engine says
    def _on_message(self, message: Message) -> None:
        job = self._job
        if job is None or isinstance(message, protocol.Pong) or getattr(message, "id", None) != job.id:
            return
        job.replies.put_nowait(message)
        if isinstance(message, self._dialect.last):
            if job.cancelled.is_set() and self._life.process is not None:
                self._life.process.stop_byte.clear()
            self._settle(job, message)
            job.ended.set()

    def _on_gone(self, error: EngineStopped) -> None:
        self._loaded = None
        job = self._job
        if job is not None and job.request is not None and not job.ended.is_set():
            job.replies.put_nowait(Cancelled() if job.cancelled.is_set() else error)
            job.ended.set()

    def _enter(self, request: protocol.Request) -> None:
        if isinstance(request, self._dialect.loads):
            self._loaded = None
            self._states.move(EngineState.LOADING, self._life.model)
        elif self._loaded is not None and self._dialect.busy(request):
            self._states.move(EngineState.BUSY, self._life.model)

    def _settle(self, job: _Job[Plan], reply: Message) -> None:
        info = self._dialect.info(reply)
        if info is not None and job.loading is not None:
            self._loaded = (job.loading.plan, info)
        elif isinstance(job.request, self._dialect.loads + self._dialect.unloads):
            self._loaded = None
        rest = EngineState.READY if self._loaded is not None else EngineState.IDLE
        if self._states.current in (EngineState.LOADING, EngineState.BUSY, EngineState.READY):
            self._states.move(rest, self._life.model if self._loaded is not None else "")
