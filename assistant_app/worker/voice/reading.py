"""Reads answers aloud while they are written, and knows how much of them was really heard."""

import asyncio
import contextlib
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from assistant_app.core.clauses import Clauses, Piece
from assistant_app.core.conversation import Message, MessageState
from assistant_app.core.errors import AssistantError
from assistant_app.core.events import (
    Event,
    SpokenProgress,
    TextDelta,
    ToolCallStarted,
    TurnEnded,
    TurnStarted,
)
from assistant_app.core.spoken import spoken_text
from assistant_app.core.voice import Speaker, SpeakOptions

log = logging.getLogger(__name__)

QUEUED_PIECES = 2
"""At most this many pieces are with the voice: one that sounds and one that follows without a gap."""
CHARS_PER_S = 14.0
"""How fast voices speak at their own rate; tells where in a piece it was hushed."""
OUTPUT_LATENCY_S = 0.1
"""After it was hushed, the assistant's voice can be in the air for so long."""
HUSH_LIMIT_S = 0.5
"""Nobody waits longer for a voice to fall silent: while Qt's is made it hears nothing for seconds."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """An answer that was hushed, and how far it was heard."""

    message_id: str
    conversation_id: str
    spoken_chars: int
    """Counted over the text parts of the message as they follow each other."""


@dataclass(slots=True)
class _Said:
    piece: Piece
    base: int
    task: "asyncio.Task[None]"
    sounding_at: float | None = None


@dataclass(slots=True)
class _Reading:
    """One message that is or will be read."""

    message_id: str
    conversation_id: str
    clauses: Clauses
    live: bool
    """It is an answer to something new, not a message that is read once more."""
    text: str = ""
    """All that was fed, after what the message began with."""
    begun_with: int = 0
    """Characters that stood in the message before."""
    base: int = 0
    """Where in `text` the clauses begin."""
    waiting: "deque[tuple[int, Piece]]" = field(default_factory=deque)
    said: "deque[_Said]" = field(default_factory=deque)
    complete: bool = False
    heard: int = 0
    """Where in `text` the last piece ended that was spoken whole."""
    speaking: bool = False
    sounded: bool = False
    """Some of it was heard."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)


class Reader:
    """Owns what is read aloud: one message after the other, at most two pieces of it in the voice."""

    def __init__(
        self,
        speaker: Speaker,
        language: Callable[[], str],
        options: Callable[[], SpeakOptions],
        emit: Callable[[Event], None],
        *,
        wanted: Callable[[Message], bool],
        on_speaking: Callable[[bool], None],
        on_clause: Callable[[str], None],
        on_sound: Callable[[str, float], None],
        on_failure: Callable[[AssistantError], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the voice and whom to tell.

        Args:
            speaker: Says pieces; its `on_sound` belongs to the reader from now on.
            language: Code of the user's language, for text that could be of several.
            options: How to speak now.
            emit: Takes SpokenProgress.
            wanted: Whether an answer that begins is to be read aloud.
            on_speaking: Reading has begun, or ended.
            on_clause: The first piece of a message can be said.
            on_sound: The first piece of a message sounds, at this monotonic time.
            on_failure: Nothing can be said.
            clock: Monotonic seconds.
        """
        self._speaker = speaker
        self._language = language
        self._options = options
        self._emit = emit
        self._wanted = wanted
        self._on_speaking = on_speaking
        self._on_clause = on_clause
        self._on_sound = on_sound
        self._on_failure = on_failure
        self._clock = clock
        self._readings: deque[_Reading] = deque()
        self._task: asyncio.Task[None] | None = None
        self._hushing: asyncio.Task[Interrupted | None] | None = None
        self._paused_at: float | None = None
        self._held = False
        self._wishes = 0
        """How often somebody asked for a message."""
        self.echo_until = -math.inf
        """Until when the voice was in the air, monotonic; what is being read now counts when it has ended."""
        speaker.on_sound = self._sounded

    @property
    def reading(self) -> bool:
        """Whether something is being said."""
        return bool(self._readings) and self._readings[0].speaking

    @property
    def sounding(self) -> bool:
        """Whether something of what is read has been heard: its echo may be in the air."""
        return bool(self._readings) and self._readings[0].sounded

    # --- what is asked
    async def say(self, message: Message) -> None:
        """Read a message from its beginning; silences what is read now. The newest wish counts."""
        self._wishes += 1
        wish = self._wishes
        await self.hush()
        if wish != self._wishes:
            return
        reading = _Reading(message.id, message.conversation_id, Clauses(self._language()), live=False)
        self._add(reading)
        self._feed(reading, message.text)
        self._finish(reading)

    async def hush(self) -> Interrupted | None:
        """Silence, at once; return the answer that was being read, if its reading had begun.

        Returns after HUSH_LIMIT_S even if the voice did not say that it is silent; it will be.
        """
        readings = list(self._readings)
        self._readings.clear()
        interrupted = None
        if readings and readings[0].speaking and readings[0].live:
            first = readings[0]
            heard = first.begun_with + self._heard(first)
            interrupted = Interrupted(first.message_id, first.conversation_id, heard)
        for reading in readings:
            # The pieces that are hushed end before the hush itself does; none may follow them.
            reading.waiting.clear()
        task, self._task = self._task, None
        self._paused_at = None
        try:
            if any(reading.said for reading in readings):
                await self._silence()
        finally:
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait({task})
        return interrupted

    def forget(self, conversation_id: str) -> None:
        """Read nothing more of a conversation of which something was deleted."""
        if any(reading.conversation_id == conversation_id for reading in self._readings):
            self._hushing = asyncio.create_task(self.hush())

    def hold(self, held: bool) -> None:
        """Begin no piece while the microphone listens; what waits is said afterwards."""
        if held != self._held:
            self._held = held
            if self._readings:
                self._readings[0].wake.set()

    async def pause(self, paused: bool) -> None:
        """Hold the voice or let it go on."""
        reading = self._readings[0] if self._readings else None
        if reading is None or paused == (self._paused_at is not None):
            return
        if paused:
            await self._speaker.pause()
            self._paused_at = self._clock()
        else:
            await self._speaker.resume()
            held_s = self._clock() - self._paused_at if self._paused_at is not None else 0.0
            self._paused_at = None
            for said in reading.said:
                said.sounding_at = None if said.sounding_at is None else said.sounding_at + held_s
        self._emit(SpokenProgress(reading.conversation_id, reading.message_id, True, paused))

    # --- what happens
    def happened(self, event: Event) -> None:
        """Follow the answers that are written."""
        if isinstance(event, TurnStarted):
            if self._wanted(event.message):
                self._follow(event.message)
            return
        if not isinstance(event, TextDelta | ToolCallStarted | TurnEnded):
            return
        message_id = event.message.id if isinstance(event, TurnEnded) else event.message_id
        reading = next((r for r in self._readings if r.live and r.message_id == message_id), None)
        if reading is None or reading.complete:
            return
        if isinstance(event, TextDelta):
            self._feed(reading, event.text)
        elif isinstance(event, ToolCallStarted):
            # What is written after a tool is a paragraph of its own.
            self._take(reading, reading.clauses.finish())
            reading.clauses, reading.base = Clauses(self._language()), len(reading.text)
        elif event.message.state is MessageState.STOPPED:
            self._hushing = asyncio.create_task(self.hush())
        else:
            self._finish(reading)

    def _follow(self, message: Message) -> None:
        clauses, begun_with = Clauses(self._language()), len(spoken_text(message.parts))
        self._add(_Reading(message.id, message.conversation_id, clauses, live=True, begun_with=begun_with))

    def _add(self, reading: _Reading) -> None:
        self._readings.append(reading)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def _feed(self, reading: _Reading, text: str) -> None:
        reading.text += text
        self._take(reading, reading.clauses.feed(text))

    def _finish(self, reading: _Reading) -> None:
        self._take(reading, reading.clauses.finish())
        reading.complete = True
        reading.wake.set()

    def _take(self, reading: _Reading, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            if not reading.waiting and not reading.said and not reading.heard:
                self._on_clause(reading.message_id)
            reading.waiting.append((reading.base, piece))
        if pieces:
            reading.wake.set()

    def _sounded(self, at: float) -> None:
        if not self._readings:
            return
        reading = self._readings[0]
        reading.sounded = True
        said = next((said for said in reading.said if said.sounding_at is None), None)
        if said is not None:
            said.sounding_at = at
        self._on_sound(reading.message_id, at)

    # --- the voice
    async def _silence(self) -> None:
        try:
            async with asyncio.timeout(HUSH_LIMIT_S):
                await self._speaker.hush()
        except TimeoutError:
            log.warning("the voice does not say that it is silent")
        except AssistantError as error:
            log.warning("the voice could not be hushed: %s %s", error, error.detail)

    async def _run(self) -> None:
        while self._readings:
            reading = self._readings[0]
            try:
                await self._read(reading)
            except AssistantError as error:
                log.warning("not read aloud: %s %s", error, error.detail)
                self._on_failure(error)
                if reading.said:
                    await self._silence()  # the piece after the one that failed is with the voice already
            finally:
                for said in reading.said:
                    said.task.cancel()
                self._told(reading, speaking=False)
            if self._readings and self._readings[0] is reading:
                self._readings.popleft()

    async def _read(self, reading: _Reading) -> None:
        while True:
            while reading.said and reading.said[0].task.done():
                said = reading.said.popleft()
                said.task.result()
                reading.heard = said.base + said.piece.end
            while reading.waiting and len(reading.said) < QUEUED_PIECES and not self._held:
                base, piece = reading.waiting.popleft()
                self._told(reading, speaking=True)
                task = asyncio.create_task(self._speaker.say(piece.text, piece.language, self._options()))
                task.add_done_callback(lambda _: reading.wake.set())
                reading.said.append(_Said(piece, base, task))
            if reading.complete and not reading.said and not reading.waiting:
                return
            await reading.wake.wait()
            reading.wake.clear()

    def _told(self, reading: _Reading, *, speaking: bool) -> None:
        if reading.speaking != speaking:
            reading.speaking = speaking
            if reading.sounded and not speaking:
                self.echo_until = self._clock() + OUTPUT_LATENCY_S
            self._emit(SpokenProgress(reading.conversation_id, reading.message_id, speaking))
            self._on_speaking(speaking)

    def _heard(self, reading: _Reading) -> int:
        """Return how much of the text was heard: whole pieces, and of the one that sounds its first words."""
        now = self._paused_at if self._paused_at is not None else self._clock()
        heard = reading.heard
        for said in reading.said:
            end = said.base + said.piece.end
            if said.task.done():
                heard = end
                continue
            if said.sounding_at is None:
                break
            rate = CHARS_PER_S * 2.0 ** self._options().rate
            share = (now - said.sounding_at) * rate / max(1, len(said.piece.text))
            if share >= 1.0:
                heard = end
                continue
            start = said.base + said.piece.start
            return max(heard, _word_end(reading.text, start, start + int(share * (end - start))))
        return heard


def _word_end(text: str, start: int, position: int) -> int:
    """Return the end of the last whole word before a position; Chinese is cut anywhere."""
    while start < position < len(text) and _in_word(text[position - 1]) and _in_word(text[position]):
        position -= 1
    return position if position > start else start


def _in_word(character: str) -> bool:
    return character.isalnum() and ord(character) < 0x2E80
