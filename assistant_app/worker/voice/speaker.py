"""The voice process as the worker sees it: several requests at once, restarted when it died."""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from assistant_app.core.errors import AssistantError, EngineStopped
from assistant_app.core.events import EngineState, Event
from assistant_app.core.text import N_
from assistant_app.core.voice import SpeakOptions, VoiceMissing, VoiceRow
from assistant_app.engines import protocol
from assistant_app.engines.wire import Message, WireError
from assistant_app.worker.engine_crashes import CrashLog
from assistant_app.worker.engine_errors import error_of
from assistant_app.worker.engine_life import EngineLife, Limits, Sentences
from assistant_app.worker.engine_process import engine_command, engine_environment
from assistant_app.worker.engine_states import EngineStates

log = logging.getLogger(__name__)

_SENTENCES = Sentences(
    stopped=N_("The voice stopped: {reason}; the answer stays as text. Have it read again to restart it."),
    given_up=N_(
        "{model} stopped several times ({reason}) and is not started again for a few minutes; answers stay"
        " text."
    ),
    nameless=N_("The voice"),
)
# While Qt's text to speech is made nothing else moves, on a busy computer for a quarter of a minute.
_LIMITS = Limits(silence_s=60.0)
_R = TypeVar("_R")


class _Request:
    """One request on its way."""

    def __init__(self, on_sound: Callable[[float], None] | None) -> None:
        self.reply: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self.on_sound = on_sound
        self.sounded = False


class VoiceSpeaker:
    """Implements core.voice.Speaker in a process of its own.

    Qt's text to speech stands still for seconds when it is made, and what it speaks through belongs to
    others; neither may hold the window up. A piece that was not heard yet when the process died is said
    by the next one; one that was in the middle counts as said.
    """

    def __init__(
        self,
        on_event: Callable[[Event], None],
        *,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        crashes: CrashLog | None = None,
    ) -> None:
        """Prepare; no process is started.

        Args:
            on_event: Called on the loop with each EngineStateChanged, whose engine is "voice".
            command: The engine's command line without its descriptors; None for this program's own.
            environment: None for this process's without secrets and proxies.
            limits: How long to wait for it.
            crashes: Where crashes are counted.
        """
        self.on_sound: Callable[[float], None] | None = None
        self._states = EngineStates(on_event, "voice")
        self._life = EngineLife(
            engine_command("voice") if command is None else command,
            engine_environment(kind="voice") if environment is None else environment,
            self._states,
            crashes or CrashLog(),
            limits or _LIMITS,
            self._on_message,
            self._on_gone,
            _SENTENCES,
        )
        self._ids = itertools.count(1)
        self._requests: dict[int, _Request] = {}
        self._hushes = 0
        """How often silence was wanted: what waits for the process to start is not said either."""
        self._dismissed = False
        """Its end was asked for: what still waited is not said by another process."""

    # --- looking
    @property
    def state(self) -> EngineState:
        """Where in its life the process is."""
        return self._states.current

    @property
    def pid(self) -> int | None:
        """Process identifier, or None when no process runs."""
        return self._life.process.pid if self._life.process is not None else None

    # --- core.voice.Speaker
    async def prepare(self) -> None:
        """Start the process and find out what can speak here. Raises VoiceMissing, EngineStopped."""
        await self.voices()

    async def voices(self) -> Sequence[VoiceRow]:
        """Return what can speak here, preferred voices first. Raises VoiceMissing, EngineStopped."""
        found = await self._ask(protocol.OpenVoices(next(self._ids)), protocol.Voices)
        if not found.rows:
            raise VoiceMissing()
        return found.rows

    async def say(self, text: str, language: str, options: SpeakOptions) -> None:
        """Read one piece; pieces that are asked for at once are read one after the other.

        Raises VoiceMissing where nothing can speak or be heard, EngineStopped when the process cannot
        be kept alive. Cancelling it does not silence it: that is what `hush` is for.
        """
        voice = options.voices.get(language.partition("-")[0], "")
        hushes = self._hushes
        self._dismissed = False
        for last_try in (False, True):
            request = protocol.Say(
                next(self._ids), text, language, voice, rate=options.rate, volume=options.volume
            )
            waiting = _Request(self._sounds)
            try:
                await self._life.ensure()
                if hushes != self._hushes:
                    return
                await self._send(request, waiting)
                return
            except EngineStopped as error:
                if waiting.sounded:
                    log.warning("the voice died while it read: %s", error)
                    return
                if last_try or self._dismissed:
                    raise

    async def hush(self) -> None:
        """Silence, at once; every running `say` returns."""
        self._hushes += 1
        await self._tell(lambda identifier: protocol.Hush(identifier))

    async def pause(self) -> None:
        """Hold what is read."""
        await self._tell(lambda identifier: protocol.Pause(identifier, True))

    async def resume(self) -> None:
        """Go on; a voice that cannot go on within a piece reads it once more."""
        await self._tell(lambda identifier: protocol.Pause(identifier, False))

    # --- life
    async def stop(self) -> None:
        """Be silent and end the process. The next request starts a new one."""
        self._dismissed = True
        await self._life.stop()

    async def kill(self) -> None:
        """End the process at once."""
        self._dismissed = True
        await self._life.kill()

    # --- how requests travel
    async def _tell(self, make: Callable[[int], protocol.Request]) -> None:
        """Ask for something that only makes sense while a process runs."""
        if self._life.running is not None:
            # One that died meanwhile is silent too, and reads nothing that could be held.
            with contextlib.suppress(EngineStopped):
                await self._ask(make(next(self._ids)), protocol.Ok)

    async def _ask(self, request: protocol.Request, kind: type[_R]) -> _R:
        reply = await self._send(request, _Request(None))
        if not isinstance(reply, kind):
            raise AssistantError(detail=f"the voice answered without a {kind.__name__}")
        return reply

    async def _send(self, request: protocol.Request, waiting: _Request) -> Message:
        self._dismissed = False
        process = self._life.running or await self._life.ensure()
        self._requests[request.id] = waiting
        try:
            with contextlib.suppress(OSError):  # its end is a reply to come
                # Written at once, so that requests arrive in the order in which they were made.
                process.connection.post(request)
            reply = await waiting.reply
        except WireError as error:
            raise AssistantError(detail=str(error)) from error
        finally:
            self._requests.pop(request.id, None)
        if isinstance(reply, protocol.Failed):
            raise error_of(reply)
        return reply

    def _sounds(self, at: float) -> None:
        if self.on_sound is not None:
            self.on_sound(at)

    # --- what the process says
    def _on_message(self, message: Message) -> None:
        request = self._requests.get(getattr(message, "id", 0))
        if request is None or isinstance(message, protocol.Pong):
            return
        if isinstance(message, protocol.Sounding):
            first, request.sounded = not request.sounded, True
            if first and request.on_sound is not None:
                request.on_sound(message.at)
        elif not request.reply.done():
            request.reply.set_result(message)

    def _on_gone(self, error: EngineStopped) -> None:
        for request in self._requests.values():
            if not request.reply.done():
                request.reply.set_exception(error)
