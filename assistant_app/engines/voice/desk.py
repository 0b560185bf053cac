"""Reads pieces in the order in which they come, with whatever can speak on this computer."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from assistant_app.core.errors import AssistantError
from assistant_app.core.voice import VoiceMissing
from assistant_app.engines import protocol
from assistant_app.engines.serving import failed
from assistant_app.engines.voice.engine import Utterance, VoiceEngine

Opener = Callable[[], VoiceEngine | None]
MOST_TRIES = 3


class Desk:
    """Everything runs on the loop's thread, but `overtake`."""

    def __init__(self, openers: Sequence[Opener], send: Callable[[Any], None]) -> None:
        """Prepare; nothing is opened.

        Args:
            openers: Ways to speak, the best first; each returns None where it does not work.
            send: Takes replies.
        """
        self._openers = deque(openers)
        self._send = send
        self._engine: VoiceEngine | None = None
        self._waiting: deque[protocol.Say] = deque()
        self._saying: protocol.Say | None = None
        self._paused = False
        self._hushed = 0
        """Pieces with a smaller number are not to be heard any more."""

    def overtake(self, hush: protocol.Hush) -> None:
        """Note on any thread that silence is wanted, before its turn comes to be carried out."""
        self._hushed = hush.id

    def take(self, message: Any) -> None:
        """Carry out a request."""
        match message:
            case protocol.OpenVoices():
                engine = self._open()
                rows = tuple(engine.rows) if engine else ()
                self._send(protocol.Voices(message.id, rows, engine.name if engine else ""))
            case protocol.Say():
                self._waiting.append(message)
                self._go_on()
            case protocol.Hush():
                self._hush()
                self._send(protocol.Ok(message.id))
            case protocol.Pause():
                self._paused = message.paused
                if self._engine is not None:
                    self._engine.pause(message.paused)
                self._send(protocol.Ok(message.id))
                self._go_on()

    def close(self) -> None:
        """Be silent and give everything back."""
        self._hush()
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _hush(self) -> None:
        if self._engine is not None:
            self._engine.hush()
            self._engine.pause(False)
        self._paused = False
        pieces = [*([self._saying] if self._saying else ()), *self._waiting]
        self._saying = None
        self._waiting.clear()
        for piece in pieces:
            self._send(protocol.Ok(piece.id))

    def _go_on(self) -> None:
        while self._saying is None and self._waiting and not self._paused:
            self._saying = self._waiting.popleft()
            self._say(self._saying, tries=1)

    def _say(self, piece: protocol.Say, tries: int) -> None:
        if not any(map(str.isalnum, piece.text)):
            self._finish(piece, protocol.Ok(piece.id))
            return
        engine = self._open()
        if engine is None:
            self._finish(piece, failed(piece.id, VoiceMissing()))
            return
        if piece.id < self._hushed:
            return  # silence was wanted while it was opened; its turn comes next

        def ended(error: AssistantError | None) -> None:
            if self._saying is not piece:
                return
            if error is None:
                self._finish(piece, protocol.Ok(piece.id))
            elif tries < MOST_TRIES:
                self._give_up(engine)
                self._say(piece, tries + 1)
            else:
                self._give_up(engine)
                self._finish(piece, failed(piece.id, error))
            self._go_on()

        utterance = Utterance(piece.text, piece.language, piece.voice, piece.rate, piece.volume)
        engine.say(utterance, lambda at: self._send(protocol.Sounding(piece.id, at)), ended)

    def _finish(self, piece: protocol.Say, reply: Any) -> None:
        if self._saying is piece:
            self._saying = None
        self._send(reply)

    def _open(self) -> VoiceEngine | None:
        if self._engine is None:
            self._engine = next((engine for opener in self._openers if (engine := opener())), None)
        return self._engine

    def _give_up(self, engine: VoiceEngine) -> None:
        """Close an engine that failed; the other ways are tried before it next time."""
        if self._engine is engine:
            self._engine = None
            engine.close()
            self._openers.rotate(-1)
