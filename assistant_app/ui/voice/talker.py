"""What the window asks of voice and what it hears back; no widget of its own."""

import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from assistant_app.core.errors import AssistantError
from assistant_app.core.events import (
    AudioLevel,
    Event,
    SpokenProgress,
    TalkChanged,
    TalkTimings,
    TranscriptFinal,
    TranscriptPartial,
)
from assistant_app.core.voice import MicrophoneError, Talk, TalkState, TalkTarget
from assistant_app.i18n import translate
from assistant_app.ui.bridge import Bridge

if TYPE_CHECKING:
    from assistant_app.worker.voice_api import VoiceApi


class Talker(QObject):
    """Passes presses on with the time at which they happened, and remembers how things stand.

    Several keys and buttons can talk; the one that was pressed first holds until it is released.

    Signals:
        changed: the Talk as it is now.
        level: AudioLevel of the microphone.
        partial: what was understood so far.
        heard: TranscriptFinal.
        reading: SpokenProgress.
        timed: Timings of the present or last spoken turn.
        failed: code and finished sentence of a call that could not be carried out.
    """

    changed = Signal(object)
    level = Signal(object)
    partial = Signal(str)
    heard = Signal(object)
    reading = Signal(object)
    timed = Signal(object)
    failed = Signal(str, str)

    def __init__(self, bridge: Bridge, conversation_id: Callable[[], str], parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._conversation_id = conversation_id
        self._holder: object | None = None
        self.talk = Talk()
        self.spoken = SpokenProgress("", "", speaking=False)
        """What is read aloud now, or was last."""
        bridge.happened.connect(self._on_event)

    @property
    def busy(self) -> bool:
        """Whether there is something to cancel: listening, recognising, waiting for review, speaking."""
        return self.talk.state is not TalkState.IDLE or self.spoken.speaking

    @staticmethod
    def now() -> float:
        """Return the time that presses are stamped with."""
        return time.monotonic()

    # --- keys and buttons
    def press(self, holder: object, at: float, target: TalkTarget = TalkTarget.CONVERSATION) -> None:
        """`holder` went down at monotonic time `at`; nothing while another one is held."""
        if self._holder is None:
            self._holder = holder
            conversation = self._conversation_id()
            self.ask(lambda voice: voice.press(at, conversation, target))

    def release(self, holder: object, at: float) -> None:
        """`holder` went up."""
        if self._holder is holder:
            self._holder = None
            self.ask(lambda voice: voice.release(at))

    def lose(self, holder: object, at: float) -> None:
        """`holder` will never tell that it went up."""
        if self._holder is holder:
            self._holder = None
            self.ask(lambda voice: voice.lost(at))

    def toggle(self) -> None:
        """Begin or end listening, for whoever cannot hold anything."""
        at, conversation = self.now(), self._conversation_id()
        self.ask(lambda voice: voice.toggle(at, conversation))

    def command(self, verb: str) -> None:
        """Carry out "toggle", "start" or "stop", as another program asks."""
        at, conversation = self.now(), self._conversation_id()
        if verb == "start":
            self.ask(lambda voice: voice.start(at, conversation))
        elif verb == "stop":
            self.ask(lambda voice: voice.finish(at))
        elif verb == "toggle":
            self.toggle()

    def cancel(self) -> None:
        """Throw the recording or the waiting text away, silence the voice."""
        self._holder = None
        self.ask(lambda voice: voice.cancel())

    # --- anything else
    def ask(
        self,
        make: "Callable[[VoiceApi], Coroutine[Any, Any, Any]]",
        on_done: Callable[[Any], object] | None = None,
    ) -> None:
        """Run a call on the worker; what went wrong is told by `failed`."""
        self._bridge.ask(lambda api: make(api.voice), on_done, self._on_error, self)

    def _on_error(self, error: AssistantError) -> None:
        code = error.reason if isinstance(error, MicrophoneError) else error.code
        self.failed.emit(code, error.sentence(translate))

    def _on_event(self, event: Event) -> None:
        if isinstance(event, AudioLevel):
            self.level.emit(event)
        elif isinstance(event, TalkChanged):
            self.talk = event.talk
            self.changed.emit(event.talk)
        elif isinstance(event, TranscriptPartial):
            self.partial.emit(event.text)
        elif isinstance(event, TranscriptFinal):
            self.heard.emit(event)
        elif isinstance(event, SpokenProgress):
            self.spoken = event
            self.reading.emit(event)
        elif isinstance(event, TalkTimings):
            self.timed.emit(event.timings)
