"""Where the time of a spoken turn goes, from the release of the key on."""

from collections.abc import Callable
from dataclasses import replace

from assistant_app.core.events import Event, TalkTimings, TextDelta, TurnStarted
from assistant_app.core.voice import Timings


class Stopwatch:
    """Times the newest spoken turn. Each mark counts once; times are monotonic seconds."""

    def __init__(self, emit: Callable[[Event], None], clock: Callable[[], float]) -> None:
        self._emit = emit
        self._clock = clock
        self._number = 0
        self._released_at: float | None = None
        self._conversation_id = ""
        self._message_id = ""
        self.timings = Timings()

    def released(self, number: int, at: float) -> None:
        """A turn begins: the key of this recording was released, or its speech ended."""
        self._number = number
        self._released_at = at
        self._conversation_id = self._message_id = ""
        self.timings = Timings()

    def captured(self, number: int) -> None:
        """All its sound is there."""
        if number == self._number and self.timings.capture_s is None:
            self._mark(capture_s=self._passed())

    def understood(self, number: int) -> None:
        """Its text is there."""
        if number == self._number and self.timings.text_s is None:
            self._mark(text_s=self._passed())

    def sent(self, number: int, conversation_id: str) -> None:
        """Its text goes to a conversation."""
        if number == self._number:
            self._conversation_id = conversation_id

    def happened(self, event: Event) -> None:
        """Look for the first token of its answer."""
        if isinstance(event, TurnStarted) and event.conversation_id == self._conversation_id:
            self._message_id = self._message_id or event.message.id
        elif (
            isinstance(event, TextDelta)
            and event.message_id == self._message_id
            and self.timings.first_token_s is None
        ):
            self._mark(first_token_s=self._passed())

    def clause(self, message_id: str) -> None:
        """Something can be spoken."""
        if message_id == self._message_id and self.timings.first_clause_s is None:
            self._mark(first_clause_s=self._passed())

    def sounded(self, message_id: str, at: float) -> None:
        """Something is heard."""
        if message_id == self._message_id and self.timings.first_sound_s is None:
            self._mark(first_sound_s=self._passed(at))

    def _passed(self, at: float | None = None) -> float:
        now = self._clock() if at is None else at
        return max(0.0, now - self._released_at) if self._released_at is not None else 0.0

    def _mark(self, **changes: float) -> None:
        if self._released_at is not None:
            self.timings = replace(self.timings, **changes)
            self._emit(TalkTimings(self.timings))
