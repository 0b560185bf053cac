"""Recognises one utterance: guesses while it is spoken, the text when it has ended."""

import asyncio
import logging
import time
from collections.abc import Callable

from assistant_app.core.errors import AssistantError, Cancelled
from assistant_app.core.voice import Heard, ListenOptions, Recogniser, SpeechPlan
from assistant_app.worker.voice.compute import ComputeToken
from assistant_app.worker.voice.utterance import Utterance

log = logging.getLogger(__name__)

PARTIAL_INTERVAL_S = 1.2
"""From the beginning of one guess to that of the next, if it has ended by then."""
FEED_INTERVAL_S = 0.15
"""How often sound is looked at for the end of speech."""
END_SILENCE_S = 1.2
END_SILENCE_AFTER_SENTENCE_S = 0.6
"""When the guess ends like a sentence."""
MIN_SPEECH_S = 0.2
NO_SPEECH_S = 15.0
"""Hands-free listening ends after this time without a word."""
_SENTENCE_ENDS = (".", "?", "!", "。", "？", "！")


class Listener:
    """Owns the recogniser: one utterance after the other, in the order in which they began."""

    def __init__(
        self,
        recogniser: Recogniser,
        plan: Callable[[], SpeechPlan],
        options: Callable[[], ListenOptions],
        token: ComputeToken,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._recogniser = recogniser
        self._plan = plan
        self._options = options
        self._token = token
        self._clock = clock
        self.line = asyncio.Lock()
        """Held from an utterance's first sound in the engine until its text is delivered."""
        self._loads = 0
        """How many wait for the model."""

    async def load(self) -> None:
        """Make the chosen model ready; at once when it is."""
        self._loads += 1
        try:
            await self._recogniser.load(self._plan())
        finally:
            self._loads -= 1

    async def follow(
        self,
        utterance: Utterance,
        on_partial: Callable[[str], None],
        on_speech_ended: Callable[[], None],
    ) -> None:
        """Guess at the text of an utterance until all its sound is captured.

        Guesses may fail: the sound is kept, and the text is recognised from it in the end.
        """
        text, guessed_at = "", self._clock()
        try:
            await self.load()
            while not utterance.captured.is_set():
                utterance.pull()
                heard: Heard | None = None
                if self._clock() - guessed_at >= PARTIAL_INTERVAL_S and self._token.may_guess:
                    guessed_at = self._clock()
                    heard = await self._guess(utterance)
                    if heard is not None and heard.text.strip() and heard.text.strip() != text:
                        text = heard.text.strip()
                        on_partial(text)
                elif utterance.hands_free and len(utterance.samples) > utterance.sent:
                    heard = await self._recogniser.feed(utterance.name, utterance.unsent())
                if utterance.hands_free and heard is not None and _ended(heard, text, utterance.seconds):
                    on_speech_ended()
                await _wait(utterance.captured, FEED_INTERVAL_S)
        except AssistantError as error:
            log.warning("no guess at what is said: %s %s", error, error.detail)
            await utterance.captured.wait()

    async def recognise(self, utterance: Utterance) -> Heard:
        """Return the text of an utterance whose sound is complete. Raises Cancelled too."""
        await self.load()
        if utterance.dropped:
            raise Cancelled()  # while the model was loaded, which goes on for the next one
        async with self._token.recognising():
            return await self._recogniser.final(utterance.name, utterance.unsent(), self._options())

    async def cancel(self) -> None:
        """Stop what is being recognised. A model that is being loaded is needed anyway, and loaded on."""
        if not self._loads:
            await self._recogniser.cancel()

    async def _guess(self, utterance: Utterance) -> Heard | None:
        """Recognise what there is; given up as soon as all the sound is there."""
        await self.load()  # an engine that died is not stopped while it comes back
        if utterance.captured.is_set():
            return None
        async with self._token.recognising():
            guess = asyncio.create_task(
                self._recogniser.partial(utterance.name, utterance.unsent(), self._options())
            )
            captured = asyncio.create_task(utterance.captured.wait())
            try:
                await asyncio.wait({guess, captured}, return_when=asyncio.FIRST_COMPLETED)
                if not guess.done():
                    await self._recogniser.cancel()
                return await guess
            except Cancelled:
                return None
            finally:
                captured.cancel()
                guess.cancel()


def stable_words(before: str, now: str) -> str:
    """Return the words that two guesses in a row begin with; the last of them may still change."""
    same: list[str] = []
    for one, other in zip(before.split(), now.split(), strict=False):
        if one != other:
            break
        same.append(one)
    return " ".join(same[:-1])


def _ended(heard: Heard, text: str, seconds: float) -> bool:
    """Tell whether the speaker has come to an end."""
    if heard.speech_s < MIN_SPEECH_S:
        return seconds > NO_SPEECH_S
    wanted = END_SILENCE_AFTER_SENTENCE_S if text.endswith(_SENTENCE_ENDS) else END_SILENCE_S
    return heard.trailing_silence_s >= wanted


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return
