"""Self-test of the engines: the language model answers, survives a crash; voices; speech becomes text."""

import asyncio
import math
import struct
from dataclasses import dataclass
from pathlib import Path

import psutil

from assistant_app.app import build_worker, prepare
from assistant_app.core import word_errors
from assistant_app.core.conversation import Message
from assistant_app.core.errors import EngineStopped
from assistant_app.core.events import Event, TextDelta, ToolCallStarted
from assistant_app.core.voice import SAMPLE_RATE, Heard, ListenOptions, SpeechPlan, VoiceMissing
from assistant_app.doctor import start_engine
from assistant_app.doctor_voice import list_voices
from assistant_app.own_program import how_to_get_speech, speech_installed
from assistant_app.paths import Paths
from assistant_app.selftest.report import CheckFailed
from assistant_app.terminal import Terminal

QUESTION, TOOL, RESULT = "What is 12 times 12?", "calculator", "144"
_TONE_HZ, _TONE_S = 440.0, 2.0


def greeting() -> str:
    """Start a language engine and return what it says about itself and the processor."""
    hello = start_engine()
    if not hello.system_info:
        raise CheckFailed(f"{hello.library} names no processor back end")
    isolation = "cut off from the network" if hello.isolated else "not cut off from the network"
    return f"{hello.library}; {' '.join(hello.system_info.split())}; {isolation}"


class Answering:
    """A terminal on a profile of its own, with the service, the store, the tools and the pocket model."""

    def __init__(self) -> None:
        self._terminal: Terminal | None = None
        self._killed: list[int] = []
        self._kills = False

    def answer(self) -> str:
        """Ask what needs a tool, and see that the answer is right."""
        return _said(self._ask())

    def crash(self) -> str:
        """Kill the engine while it writes an answer, and see that another one answers the next question."""
        self._ask()
        self._kills = True
        self._ask()
        if not self._killed:
            raise CheckFailed("no engine process could be killed")
        said = _said(self._ask())
        now = _engine_pids()
        if set(now) & set(self._killed) or not now:
            raise CheckFailed(f"process {self._killed[0]} was killed, and now there are {now}")
        return f"process {self._killed[0]} was killed, process {now[0]} answers; {said}"

    def close(self) -> None:
        """End the worker and its engine."""
        if self._terminal is not None:
            self._terminal.__exit__(None, None, None)

    def _ask(self) -> Message:
        if self._terminal is None:
            paths = Paths.default()
            worker = build_worker(paths, prepare(paths), {"seed": 1}, rings=False)
            worker.api.subscribe(self._hear)
            self._terminal = Terminal(worker, None, None, None, quiet=True).__enter__()
        return self._terminal.ask(QUESTION)

    def _hear(self, event: Event) -> None:
        """On the worker's thread."""
        if self._kills and isinstance(event, TextDelta | ToolCallStarted):
            self._kills = False
            for pid in _engine_pids():
                psutil.Process(pid).kill()
                self._killed.append(pid)


def _said(answer: Message) -> str:
    if answer.error:
        raise CheckFailed(answer.error)
    used = [call.name for call, _result in answer.tool_calls]
    if RESULT not in answer.text or TOOL not in used:
        raise CheckFailed(f"“{QUESTION}” was answered with {used} and “{answer.text}”")
    usage = answer.usage
    speed = f", {usage.tokens_per_s:.0f} tokens/s" if usage is not None else ""
    return f"{answer.model}: {answer.text.strip()} ({', '.join(used)}{speed})"


def _engine_pids() -> list[int]:
    found: list[int] = []
    for child in psutil.Process().children():
        try:
            command = child.cmdline()
        except psutil.Error:
            continue
        if ["--engine", "language"] in [command[at : at + 2] for at in range(len(command))]:
            found.append(child.pid)
    return found


def voices() -> str:
    """Start a voice process and ask what can read aloud; nothing is fine."""
    try:
        rows = list_voices()
    except VoiceMissing:
        return "the process answers; nothing on this system reads aloud"
    engines = sorted({row.engine for row in rows})
    return f"{len(rows)} voices ({', '.join(engines)})"


@dataclass(frozen=True, slots=True)
class Speech:
    """Self-test of speech recognition.

    Attributes:
        wanted: it must be installed.
        model: a Whisper file, or None to try the libraries only.
        sound: a file with a spoken sentence for the model, or None.
        text: the sentence.
    """

    wanted: bool
    model: Path | None
    sound: Path | None
    text: str

    def check(self) -> str:
        """Start the engine, load the model, hear a tone, recognise the sentence."""
        if speech_installed():
            return asyncio.run(self._recognise())
        if self.wanted:
            raise CheckFailed(how_to_get_speech())
        return "not installed"

    async def _recognise(self) -> str:
        from assistant_app.worker.speech_engine import SpeechEngine

        engine = SpeechEngine(lambda _event: None)
        try:
            await engine.start()
            hello = engine.hello
            told = [hello.library if hello is not None else ""]
            # Where its libraries do not load, the engine greets all the same and refuses to listen.
            heard = await engine.feed("tone", _tone())
            if heard.text:
                raise CheckFailed(f"a tone was understood as “{heard.text}”")
            if self.model is not None:
                info = await engine.load(SpeechPlan(str(self.model), self.model.stem))
                told.append(f"{info.name}, warm-up {info.warm_up_s:.1f} s")
                _expect(await engine.final("silence", bytes(2 * SAMPLE_RATE), ListenOptions()), "")
                _expect(await engine.final("tone-again", _tone(), ListenOptions()), "")
                if self.sound is not None:
                    heard = await engine.final("spoken", _samples(self.sound), ListenOptions(language="en"))
                    _expect(heard, self.text)
                    told.append(f"“{heard.text.strip()}”")
            return "; ".join(told)
        except EngineStopped as error:
            crash = engine.last_crash
            raise CheckFailed(f"{error.sentence()} {crash.output[-500:] if crash else ''}") from error
        finally:
            await engine.stop()


def _expect(heard: Heard, text: str) -> None:
    if word_errors.units(heard.text) != word_errors.units(text):
        raise CheckFailed(f"“{text}” was understood as “{heard.text.strip()}”")


def _tone() -> bytes:
    count = int(_TONE_S * SAMPLE_RATE)
    step = 2 * math.pi * _TONE_HZ / SAMPLE_RATE
    return struct.pack(f"<{count}h", *(round(6000 * math.sin(step * at)) for at in range(count)))


def _samples(path: Path) -> bytes:
    from assistant_app.speech.files import open_sound

    reader = open_sound(path)
    try:
        return b"".join(iter(reader.read, b""))
    finally:
        reader.close()
