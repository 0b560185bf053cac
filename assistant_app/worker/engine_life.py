"""Keeps one engine process alive: starts it when it is needed, watches it, ends it, says why it ended."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant_app.core.errors import EngineStopped
from assistant_app.core.events import EngineState
from assistant_app.core.text import N_
from assistant_app.engines.protocol import Hello, Shutdown
from assistant_app.engines.wire import Message, WireError
from assistant_app.i18n import _
from assistant_app.worker.engine_crashes import CrashLog, CrashReport
from assistant_app.worker.engine_process import EngineProcess, reason_of
from assistant_app.worker.engine_states import EngineStates

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sentences:
    """What the user reads when an engine has died; English templates."""

    stopped: str
    """With {reason}."""
    given_up: str
    """After several crashes; with {model} and {reason}."""
    nameless: str
    """Stands for {model} before there is a name."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait for an engine, in seconds."""

    start_s: float = 60.0
    """Until its first message: native libraries come from a cold disk."""
    silence_s: float = 20.0
    """Without any message, although it reports once a second."""
    load_silence_s: float = 60.0
    """The same while a model is loaded, when the machine may be short of memory."""
    cancel_s: float = 3.0
    """From the wish to stop until it is idle; then it is killed."""
    cancel_load_s: float = 0.1
    """The same while a model is loaded: making its context cannot be interrupted, and a process
    without a model has nothing to lose."""
    shutdown_s: float = 2.0
    """To save what is worth saving and exit."""
    terminate_s: float = 1.0
    tick_s: float = 1.0


class EngineLife:
    """Owns the process. All methods run on one loop, in a thread that outlives the process.

    Attributes:
        process: The child, from its start until its end has been dealt with.
        hello: What it said first; None until then.
        model: Name of the model that is loaded or being loaded, for sentences.
        key: What crashes are counted by: that model and its parameters.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        states: EngineStates,
        crashes: CrashLog,
        limits: Limits,
        on_message: Callable[[Message], None],
        on_gone: Callable[[EngineStopped], None],
        sentences: Sentences,
    ) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self._states = states
        self._crashes = crashes
        self._limits = limits
        self._on_message = on_message
        self._on_gone = on_gone
        self._sentences = sentences
        self.process: EngineProcess | None = None
        self.hello: Hello | None = None
        self.model = ""
        self.key = ""
        self._seen = 0.0
        self._starting: asyncio.Task[EngineProcess] | None = None
        self._attending: asyncio.Task[None] | None = None

    @property
    def running(self) -> EngineProcess | None:
        """The process if it can take requests now."""
        process = self.process
        return process if process is not None and process.alive and self.hello is not None else None

    async def ensure(self) -> EngineProcess:
        """Return a process that can take requests, started first if there is none. Raises EngineStopped."""
        if (process := self.running) is not None:
            return process
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start())
            # Whoever waited may have been cancelled; the failure has been announced as a state.
            self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())
        starting = self._starting
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            if starting.cancelled():  # by `stop`, not by our caller's caller
                raise self._stopped(_(N_("it was ended"))) from None
            raise

    async def stop(self) -> None:
        """End the process politely, then less so; returns when it is gone."""
        await self._stop_starting()
        process = self.process
        if process is not None:
            process.dismissed = True
            with contextlib.suppress(OSError, WireError):
                process.connection.post(Shutdown(0))
            for patience_s, harsher in (
                (self._limits.shutdown_s, process.terminate),
                (self._limits.terminate_s, process.kill),
            ):
                await asyncio.wait({process.exited}, timeout=patience_s)
                if process.exited.done():
                    break
                harsher()
        await self._finish()

    async def kill(self) -> None:
        """End the process at once; returns when it is gone."""
        await self._stop_starting()
        if self.process is not None:
            self.process.dismissed = True
            self.process.kill()
        await self._finish()

    async def _stop_starting(self) -> None:
        if self._starting is not None and not self._starting.done() and self.process is None:
            self._starting.cancel()
            await asyncio.wait({self._starting})

    async def _finish(self) -> None:
        if self._attending is not None:
            await asyncio.shield(self._attending)
        self._states.move(EngineState.STOPPED)

    async def _start(self) -> EngineProcess:
        if self._attending is not None:
            await asyncio.shield(self._attending)
        if self._crashes.given_up(self.key):
            raise self._error(self._crashes.last.reason if self._crashes.last else "")
        await asyncio.sleep(self._crashes.pause_s())
        self._states.move(EngineState.STARTING, self.model)
        try:
            process = await EngineProcess.spawn(self._command, self._environment)
        except OSError as error:
            raise self._crashed(N_("it could not be started"), {}, None, repr(error)) from error
        self.process = process
        greeting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._attending = asyncio.create_task(self._attend(process, greeting))
        await greeting
        return process

    async def _attend(self, process: EngineProcess, greeting: "asyncio.Future[None]") -> None:
        """Follow a process from its first message to its end."""
        reading = asyncio.create_task(self._read(process, greeting))
        watching = asyncio.create_task(self._watch(process))
        either: set[asyncio.Future[Any]] = {reading, process.exited}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if process.exited.done():
            # Its last messages may still be on their way.
            await asyncio.wait({reading}, timeout=1.0)
        else:
            await asyncio.wait({process.exited}, timeout=self._limits.terminate_s)
            if process.alive:
                process.kill(N_("it broke the connection"))
            # A process in an uninterruptible wait (a dead disk) must not hold everything up.
            await asyncio.wait({process.exited}, timeout=5.0)
        reading.cancel()
        watching.cancel()
        error = self._conclude(process)
        if not greeting.done():
            greeting.set_exception(error)
            greeting.exception()
        self._on_gone(error)

    async def _read(self, process: EngineProcess, greeting: "asyncio.Future[None]") -> None:
        try:
            while (message := await process.connection.receive()) is not None:
                self._seen = time.monotonic()
                if isinstance(message, Hello):
                    self.hello = message
                    self._states.move(EngineState.IDLE)
                    if not greeting.done():
                        greeting.set_result(None)
                else:
                    self._on_message(message)
        except (WireError, ValueError) as error:
            log.error("the engine sent nonsense: %s", error, exc_info=True)
            process.kill(N_("it sent something that makes no sense"))

    async def _watch(self, process: EngineProcess) -> None:
        """Kill a process that is silent for too long."""
        limits = self._limits
        self._seen = time.monotonic()
        while process.alive:
            before = time.monotonic()
            await asyncio.sleep(limits.tick_s)
            now = time.monotonic()
            if now - before > limits.tick_s + 2.0:
                # The computer slept or this process stood still: the engine had no chance either.
                self._seen = now
                continue
            if self.hello is None:
                limit = limits.start_s
            elif self._states.current is EngineState.LOADING:
                limit = limits.load_silence_s
            else:
                limit = limits.silence_s
            if now - self._seen > limit:
                process.kill(N_("it stopped answering"))
                return

    def _conclude(self, process: EngineProcess) -> EngineStopped:
        code = process.exited.result() if process.exited.done() else None
        process.release()
        self.process = None
        self.hello = None
        if process.dismissed:
            if process.verdict:
                log.warning("engine %d was ended: %s", process.pid, process.verdict)
            self._states.move(EngineState.STOPPED)
            return self._stopped(_(N_("it was ended")))
        template, params = (process.verdict, {}) if process.verdict or code is None else reason_of(code)
        return self._crashed(template, params, code, process.output.text())

    def _crashed(
        self, template: str, params: Mapping[str, object], code: int | None, output: str
    ) -> EngineStopped:
        """Note a crash, announce it, and return the error for whoever waited."""
        reason = template.format(**params)
        report = CrashReport(reason, self.model, code, output, time.time())
        self._crashes.add(report, self.key)
        log.error("the engine died (%s, exit %s) with %r:\n%s", reason, code, self.model, output[-4000:])
        error = self._error(_(template).format(**params))
        self._states.move(EngineState.CRASHED, self.model, error.sentence(_))
        if self._crashes.given_up(self.key):
            self._states.move(EngineState.GIVEN_UP, self.model, error.sentence(_))
        return error

    def _error(self, reason: str) -> EngineStopped:
        if not self._crashes.given_up(self.key):
            return self._stopped(reason)
        return EngineStopped(
            self._sentences.given_up, model=self.model or _(self._sentences.nameless), reason=reason
        )

    def _stopped(self, reason: str) -> EngineStopped:
        return EngineStopped(self._sentences.stopped, reason=reason)
