"""The speech engine as the worker sees it: keeps an utterance's sound until it is understood."""

import asyncio
import base64
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Literal

from assistant_app.core.errors import AssistantError, ModelError
from assistant_app.core.events import Event
from assistant_app.core.text import N_
from assistant_app.core.voice import Heard, ListenOptions, SpeechGap, SpeechModelInfo, SpeechPlan
from assistant_app.engines import protocol
from assistant_app.worker.engine_client import Dialect, EngineClient, Loading
from assistant_app.worker.engine_crashes import CrashLog
from assistant_app.worker.engine_life import Limits, Sentences

_SAMPLE_BYTES = 2

_DIALECT: Dialect[SpeechModelInfo] = Dialect(
    kind="speech",
    last=(protocol.SpeechLoaded, protocol.Listened, protocol.Failed),
    loads=(protocol.LoadSpeech,),
    unloads=(),
    info=lambda reply: reply.info if isinstance(reply, protocol.SpeechLoaded) else None,
    busy=lambda request: isinstance(request, protocol.Listen) and request.stage != "feed",
    sentences=Sentences(
        stopped=N_(
            "Speech recognition stopped: {reason}; your recording is kept. Try again to recognise it once"
            " more."
        ),
        given_up=N_(
            "{model} stopped several times ({reason}) and is not started again for a few minutes; your"
            " recording is kept. Choose a smaller one under Models → Speech, then try again."
        ),
        nameless=N_("Speech recognition"),
    ),
)


class _Utterance:
    """All samples of one utterance, so that a new engine can be told of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.samples = bytearray()


class SpeechEngine(EngineClient[SpeechPlan, SpeechModelInfo]):
    """Implements core.voice.Recogniser in a process of its own.

    When that process dies the running job raises EngineStopped; the next one starts another, loads
    the same model, and sends the whole utterance again.
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
        """Prepare; no process is started. The arguments are EngineClient's."""
        super().__init__(
            _DIALECT, on_event, command=command, environment=environment, limits=limits, crashes=crashes
        )
        self._plan: SpeechPlan | None = None
        self._loading = asyncio.Lock()
        self._utterance = _Utterance("")
        self._there: tuple[int | None, str, int] = (None, "", 0)
        """Process, utterance and number of samples that the engine certainly has."""

    async def load(self, plan: SpeechPlan) -> SpeechModelInfo:
        """Load a model and run it once on silence; at once when it is loaded. Raises ModelError too."""
        self._plan = plan
        async with self._loading:
            if self.loaded is not None and self.loaded[0] == plan:
                return self.loaded[1]
            loading = Loading(plan, plan.name, plan.path)
            async with aclosing(self._exchange(lambda i: protocol.LoadSpeech(i, plan), loading)) as replies:
                async for reply in replies:
                    if isinstance(reply, protocol.SpeechLoaded):
                        return reply.info
        raise AssistantError(detail="the engine ended a LoadSpeech without a model")

    async def feed(self, utterance: str, samples: bytes) -> Heard:
        """Take the next 16-bit samples of an utterance, without recognising; say what is speech in all."""
        return await self._listen(utterance, samples, "feed", ListenOptions())

    async def partial(self, utterance: str, samples: bytes, options: ListenOptions) -> Heard:
        """Take samples and recognise all that was heard so far."""
        return await self._listen(utterance, samples, "partial", options)

    async def final(self, utterance: str, samples: bytes, options: ListenOptions) -> Heard:
        """Take the last samples and recognise the utterance; its sound is kept until the next one."""
        return await self._listen(utterance, samples, "final", options)

    async def _listen(
        self,
        name: str,
        samples: bytes,
        stage: Literal["feed", "partial", "final"],
        options: ListenOptions,
    ) -> Heard:
        utterance = self._utterance
        if utterance.name != name:
            utterance = self._utterance = _Utterance(name)
        # Kept before anything is waited for: what comes next must come after it.
        utterance.samples += samples
        end = len(utterance.samples) // _SAMPLE_BYTES
        if stage != "feed":
            if self._plan is None:
                raise ModelError(N_("No speech model is loaded; choose one in the settings."))
            await self.load(self._plan)
        try:
            return await self._send_rest(utterance, end, stage, options)
        except SpeechGap:
            self._there = (None, "", 0)
            return await self._send_rest(utterance, end, stage, options)

    async def _send_rest(
        self,
        utterance: _Utterance,
        end: int,
        stage: Literal["feed", "partial", "final"],
        options: ListenOptions,
    ) -> Heard:
        """Send what the engine lacks of an utterance, up to sample `end`, when the turn has come."""

        def request(identifier: int) -> protocol.Request:
            there = self._there
            start = there[2] if there[:2] == (self.pid, utterance.name) else 0
            start = min(start, end)
            missing = bytes(utterance.samples[start * _SAMPLE_BYTES : end * _SAMPLE_BYTES])
            text = base64.b64encode(missing).decode("ascii")
            return protocol.Listen(identifier, utterance.name, start, text, stage, options)

        heard = (await self._result(request, protocol.Listened)).heard
        self._there = (self.pid, utterance.name, end)
        return heard
