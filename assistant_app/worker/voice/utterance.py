"""One thing that the user says, from the press of the key to its text."""

import asyncio
from dataclasses import dataclass, field

from assistant_app.core.ids import new_id
from assistant_app.core.voice import SAMPLE_RATE, Recording, TalkTarget

_SAMPLE_BYTES = 2


@dataclass(slots=True)
class Place:
    """Where words go. What is said before a conversation exists shares one place, and so one conversation."""

    conversation_id: str


@dataclass(slots=True)
class Utterance:
    """The sound of one recording and what became of it."""

    number: int
    place: Place
    target: TalkTarget
    pressed_at: float
    hands_free: bool = False
    released_at: float | None = None
    samples: bytearray = field(default_factory=bytearray)
    sent: int = 0
    """Bytes of the sound that the engine has been given."""
    recording: Recording | None = None
    released: asyncio.Event = field(default_factory=asyncio.Event)
    captured: asyncio.Event = field(default_factory=asyncio.Event)
    """All its sound is in `samples`, or it was dropped."""
    dropped: bool = False
    name: str = field(default_factory=new_id)
    """What the engine knows it by."""

    def pull(self) -> None:
        """Take what the microphone has got meanwhile."""
        if self.recording is not None and not self.released.is_set():
            self.samples += self.recording.take()

    def unsent(self) -> bytes:
        """Return the sound that the engine has not been given yet, as given from now on."""
        samples = bytes(self.samples[self.sent :])
        self.sent = len(self.samples)
        return samples

    @property
    def seconds(self) -> float:
        """Length of the sound so far."""
        return len(self.samples) / _SAMPLE_BYTES / SAMPLE_RATE
