"""Reads aloud through Qt: the voices of the system, which on Linux are speech-dispatcher's."""

import time
from collections.abc import Sequence

from PySide6.QtTextToSpeech import QTextToSpeech, QVoice

from assistant_app.core.errors import AssistantError
from assistant_app.core.voice import VoiceRow
from assistant_app.engines.voice.engine import START_S, OnEnd, OnStart, Utterance, choose
from assistant_app.engines.voice.loop import Loop
from assistant_app.engines.voice.speechd import speech_dispatcher_answers

_LOUDNESS = {"speechd": 0.5}
"""What full volume means: above the middle speech-dispatcher amplifies, until the sound is torn."""
_SETTLE_S = 0.3
"""How long after a stop the engine may still tell of what was stopped; it takes 35 to 65 ms."""
_STATE = QTextToSpeech.State

# espeak-ng's voices have no language that Qt knows where theirs is not in its list.
_NAMED = {"chinese (mandarin": "zh-CN", "hakka chinese": "hak"}
# Good voices of a language, but not what somebody expects who chose none.
_ACCENTS = (
    "caribbean", "new york", "scotland", "lancaster", "west midlands", "received", "pinyin", "jyutping",
    "cantonese", "mbrola",
)  # fmt: skip


def open_qt(loop: Loop) -> "QtVoice | None":
    """Return the engine; None where Qt has none or it does not work. Blocks for seconds on Linux."""
    for name in QTextToSpeech.availableEngines():
        if name == "mock" or (name == "speechd" and not speech_dispatcher_answers()):
            continue
        speech = QTextToSpeech(name)
        voices = _voices(speech, name)
        if voices and speech.state() is not _STATE.Error:
            return QtVoice(loop, speech, voices)
        speech.deleteLater()
    return None


class QtVoice:
    """One engine of Qt's."""

    name = "qt"

    def __init__(self, loop: Loop, speech: QTextToSpeech, voices: Sequence[tuple[VoiceRow, QVoice]]) -> None:
        self._loop = loop
        self._speech = speech
        self.rows: Sequence[VoiceRow] = [row for row, _voice in voices]
        self._voices = {row.id: voice for row, voice in voices}
        self._set: tuple[str, float, float] | None = None
        self._piece: _Piece | None = None
        self._settled = True
        self._stops = 0
        speech.stateChanged.connect(self._on_state)

    def say(self, utterance: Utterance, on_start: OnStart, on_end: OnEnd) -> None:
        """Begin to read."""
        self._piece = _Piece(utterance, on_start, on_end)
        if self._settled:
            self._begin(self._piece)

    def hush(self) -> None:
        """Be silent; the engine needs a moment until the next piece."""
        piece, self._piece = self._piece, None
        if piece is not None and piece.said:
            self._stop()

    def pause(self, paused: bool) -> None:
        """Hold the piece, or read it once more from its beginning.

        Engines hold at their own convenience, speech-dispatcher at the end of the sentence, and it does
        not always find back into speech; a piece is short enough to be repeated.
        """
        piece = self._piece
        if piece is None or piece.paused == paused:
            return
        piece.paused = paused
        if paused:
            if piece.said:
                self._stop()
            self._piece = _Piece(piece.utterance, piece.on_start, piece.on_end, paused=True)
        elif self._settled:
            self._begin(piece)

    def close(self) -> None:
        """Be silent, and leave the engine to Qt."""
        self.hush()
        self._speech.deleteLater()

    def _begin(self, piece: "_Piece") -> None:
        if piece.said or piece.paused:
            return
        utterance = piece.utterance
        row = choose(self.rows, utterance.language, utterance.voice)
        assert row is not None
        wanted = (row.id, utterance.rate, utterance.volume)
        if wanted != self._set:
            self._speech.setVoice(self._voices[row.id])
            self._speech.setRate(utterance.rate)
            self._speech.setVolume(utterance.volume * _LOUDNESS.get(self._speech.engine(), 1.0))
            self._set = wanted
        piece.said = True
        self._speech.say(utterance.text)
        self._loop.later(START_S, lambda: self._fail(piece, "does not begin", unless=piece.began))
        self._loop.later(utterance.longest_s, lambda: self._fail(piece, "does not end"))

    def _stop(self) -> None:
        self._settled = False
        self._stops += 1
        stop = self._stops
        self._speech.stop()
        self._loop.later(_SETTLE_S, lambda: self._settle(stop))

    def _settle(self, stop: int) -> None:
        if stop != self._stops or self._settled:
            return
        self._settled = True
        if self._piece is not None:
            self._begin(self._piece)

    def _on_state(self, state: QTextToSpeech.State) -> None:
        if not self._settled:
            if state is _STATE.Ready:
                self._settle(self._stops)
            return
        piece = self._piece
        if piece is None or not piece.said:
            return
        if state is _STATE.Speaking and not piece.began:
            piece.began = True
            piece.on_start(time.monotonic())
        elif state is _STATE.Ready and piece.began:
            self._end(piece, None)
        elif state is _STATE.Error:
            self._end(piece, AssistantError(detail=f"Qt's speech: {self._speech.errorString()}"))

    def _fail(self, piece: "_Piece", complaint: str, *, unless: bool = False) -> None:
        if self._piece is piece and not unless:
            self._stop()
            self._end(piece, AssistantError(detail=f"Qt's speech {complaint}"))

    def _end(self, piece: "_Piece", error: AssistantError | None) -> None:
        if self._piece is piece:
            self._piece = None
            piece.on_end(error)


class _Piece:
    def __init__(
        self, utterance: Utterance, on_start: OnStart, on_end: OnEnd, *, paused: bool = False
    ) -> None:
        self.utterance = utterance
        self.on_start = on_start
        self.on_end = on_end
        self.paused = paused
        self.said = False
        self.began = False


def _voices(speech: QTextToSpeech, engine: str) -> list[tuple[VoiceRow, QVoice]]:
    """Return the voices, preferred ones first."""
    found: dict[str, tuple[VoiceRow, QVoice]] = {}
    for voice in speech.allVoices(None):  # type: ignore[arg-type] # None: of every language
        name = voice.name()
        if engine == "speechd" and "+" in name:
            continue  # the same voice, disguised in a hundred ways
        language = _language(voice)
        if language:
            row = VoiceRow(_id(voice), name, language, "qt")
            found.setdefault(row.id, (row, voice))
    # Windows and macOS have the user choose a voice; macOS lists jesters and robots before it.
    chosen = "" if engine == "speechd" else _id(speech.voice())

    def rank(item: tuple[VoiceRow, QVoice]) -> tuple[bool, bool]:
        row = item[0]
        return row.id != chosen, any(word in row.name.lower() for word in _ACCENTS)

    return sorted(found.values(), key=rank)


def _id(voice: QVoice) -> str:
    return f"qt:{_language(voice)}:{voice.name()}"


def _language(voice: QVoice) -> str:
    language: str = voice.locale().bcp47Name()
    if language not in ("", "C", "en-POSIX"):
        return language
    name = voice.name().lower()
    return next((code for start, code in _NAMED.items() if name.startswith(start)), "")
