"""What a voice engine is, and which of its voices reads a language."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant_app.core.errors import AssistantError
from assistant_app.core.voice import VoiceRow

START_S = 4.0
"""An engine that has not begun to sound by then does not work."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One piece to be read."""

    text: str
    language: str
    """BCP 47 or a bare language code."""
    voice: str = ""
    """Identifier of the voice that was chosen; empty or unknown: the first that speaks the language."""
    rate: float = 0.0
    """-1 to 1."""
    volume: float = 1.0
    """0 to 1."""

    @property
    def longest_s(self) -> float:
        """Seconds in which even a slow voice has read it."""
        weight = sum(4 if "\u2e80" <= char <= "\uffef" else 1 for char in self.text)
        return START_S + 0.2 * weight * 2 ** max(0.0, -self.rate)


OnStart = Callable[[float], None]
"""Called with the monotonic time at which the piece began to sound."""
OnEnd = Callable[[AssistantError | None], None]
"""Called once, when the last sound has been played or the engine failed; never after `hush`."""


class VoiceEngine(Protocol):
    """One way to speak. Everything runs on the loop's thread; one piece at a time."""

    name: str
    """"qt" or "espeak"."""

    @property
    def rows(self) -> Sequence[VoiceRow]:
        """Its voices, those first that are chosen before others of their language."""

    def say(self, utterance: Utterance, on_start: OnStart, on_end: OnEnd) -> None:
        """Begin to read; returns at once."""

    def hush(self) -> None:
        """Be silent at once."""

    def pause(self, paused: bool) -> None:
        """Hold the piece that is read, or go on with it."""

    def close(self) -> None:
        """Give everything back."""


def choose(rows: Sequence[VoiceRow], language: str, chosen: str = "") -> VoiceRow | None:
    """Return the voice that reads a language; of a language nobody speaks, an English one.

    Args:
        rows: Those first that are preferred.
        language: BCP 47 or a bare language code.
        chosen: Identifier of a voice that is taken if it is there and speaks the language.
    """
    wanted = language.lower()
    primary = _primary(wanted)
    speaking = [row for row in rows if _primary(row.language) == primary]
    for row in speaking:
        if row.id == chosen:
            return row
    for row in speaking:
        if row.language.lower() == wanted:
            return row
    if speaking:
        return speaking[0]
    return choose(rows, "en") if primary != "en" else next(iter(rows), None)


def _primary(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()
