"""Brings recognised words where they belong: a conversation, the review, the message box."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from assistant_app.core.conversation import AudioTranscriptPart
from assistant_app.core.errors import AssistantError
from assistant_app.core.events import Event, TranscriptFinal
from assistant_app.core.voice import TalkTarget
from assistant_app.worker.voice.host import VoiceHost
from assistant_app.worker.voice.stopwatch import Stopwatch
from assistant_app.worker.voice.utterance import Place

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Words:
    """Recognised words on their way."""

    number: int
    """Of the recording that they come from."""
    place: Place
    part: AudioTranscriptPart


class Delivery:
    """Owns the words that wait for review."""

    def __init__(self, host: VoiceHost, stopwatch: Stopwatch, emit: Callable[[Event], None]) -> None:
        self._host = host
        self._stopwatch = stopwatch
        self._emit = emit
        self._waiting: Words | None = None

    def insert(self, words: Words) -> None:
        """Put them into the message box."""
        self._tell(words, TalkTarget.COMPOSER)

    def review(self, words: Words) -> None:
        """Show them and keep them until they were corrected; what waits already comes before them."""
        if self._waiting is not None:
            before, part = self._waiting.part, words.part
            duration_s = before.duration_s + part.duration_s
            words = replace(
                words, part=replace(part, text=f"{before.text} {part.text}", duration_s=duration_s)
            )
        self._waiting = words
        self._tell(words, TalkTarget.CONVERSATION)

    def corrected(self, text: str) -> Words | None:
        """Return what waited, with these words; None where nothing waited or nothing is left of it."""
        words, self._waiting = self._waiting, None
        if words is None or not text.strip():
            return None
        return replace(words, part=replace(words.part, text=text.strip()))

    def drop(self) -> None:
        """Forget what waits."""
        self._waiting = None

    def close(self) -> None:
        """Keep what waits as a draft: the window was closed before it was sent."""
        words, self._waiting = self._waiting, None
        if words is not None:
            try:
                self._host.keep_as_draft(words.place.conversation_id, words.part.text)
            except AssistantError as error:
                log.warning("spoken words could not be kept: %s %s", error, error.detail)

    async def send(self, words: Words) -> None:
        """Send them, into a new conversation where there is none yet.

        Raises what kept them from it; they are in the message box then.
        """
        place = words.place
        try:
            if not place.conversation_id:
                place.conversation_id = await self._host.new_conversation()
            self._tell(words, TalkTarget.CONVERSATION)
            self._stopwatch.sent(words.number, place.conversation_id)
            await self._host.submit(place.conversation_id, words.part)
        except Exception as error:  # whatever it was, nobody wants to say it all again
            log.warning("spoken words were not sent: %r %s", error, getattr(error, "detail", ""))
            self._tell(words, TalkTarget.COMPOSER)
            raise

    def _tell(self, words: Words, target: TalkTarget) -> None:
        part = words.part
        place = words.place.conversation_id if target is TalkTarget.CONVERSATION else ""
        self._emit(TranscriptFinal(part.text, part.language, part.duration_s, target, place))
