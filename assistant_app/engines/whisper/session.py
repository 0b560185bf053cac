"""The utterance that is being heard: its sound, its speech, and what was understood of it so far."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from assistant_app.core.errors import Cancelled
from assistant_app.core.voice import NO_SPACES, SAMPLE_RATE, Heard, ListenOptions, NoText, SpeechGap
from assistant_app.engines.whisper import sanity
from assistant_app.engines.whisper.gate import LEAST_SOUND_S, SpeechFinder
from assistant_app.engines.whisper.listener import Listener
from assistant_app.engines.whisper.recognising import Piece, recognise, recognise_with_times
from assistant_app.engines.whisper.window import Sound

_SAMPLE_BYTES = 2
_GAP = "…"
"""Stands for a piece of a long utterance that was not understood."""


@dataclass(frozen=True, slots=True)
class _Key:
    """What the text of a piece depends on."""

    begin: int
    end: int
    options: ListenOptions


class Session:
    """One utterance at a time; a new one drops the sound of the one before."""

    def __init__(self, finder: SpeechFinder, clock: Callable[[], float] = time.process_time) -> None:
        self._finder = finder
        self._clock = clock
        self._utterance = ""
        self._samples = bytearray()
        self._known: dict[_Key, Piece] = {}
        self._hints: dict[int, tuple[int, ...]] = {}
        """Tokens that were heard of the piece that begins at a sample."""

    def forget(self) -> None:
        """Drop what was understood: another model listens now. The sound stays."""
        self._known.clear()
        self._hints.clear()

    def take(self, utterance: str, start: int, samples: bytes) -> None:
        """Take samples of an utterance.

        Args:
            utterance: Its name; a new one begins with nothing.
            start: Samples that came before these; those that are here already are not taken again.
            samples: 16-bit little-endian mono at 16 kHz.

        Raises:
            SpeechGap: There are fewer than `start`.
        """
        if utterance != self._utterance:
            self._utterance = utterance
            self._samples.clear()
            self._finder.reset()
            self.forget()
        here = len(self._samples) // _SAMPLE_BYTES
        if start > here:
            raise SpeechGap(detail=f"{utterance}: {here} samples are here, {start} are needed")
        new = samples[(here - start) * _SAMPLE_BYTES :]
        new = new[: len(new) - len(new) % _SAMPLE_BYTES]
        self._samples += new
        self._finder.add(_floats(new))

    def heard(self) -> Heard:
        """Return what is known without recognising."""
        return Heard(
            audio_s=len(self._samples) / _SAMPLE_BYTES / SAMPLE_RATE,
            speech_s=self._finder.speech_s,
            trailing_silence_s=self._finder.trailing_silence_s,
        )

    def recognise(self, model: Listener, options: ListenOptions, *, final: bool) -> Heard:
        """Recognise all that was heard so far. Raises Cancelled, RequestInvalid.

        One encoder pass for what has changed since it was last heard, at most 28 s; a second one only
        for a final text that cannot be right.
        """
        began = self._clock()
        heard = self.heard()
        pieces = self._finder.pieces()
        if heard.audio_s < LEAST_SOUND_S:
            return replace(heard, no_text=NoText.TOO_SHORT, consumed_s=heard.audio_s)
        if not pieces:
            return replace(heard, no_text=NoText.SILENCE, consumed_s=heard.audio_s)
        if options.timestamps:
            piece = recognise_with_times(model, self._sound(0, None), options)
            result = _report(heard, [piece], options, 1, 0)
        else:
            result = self._pieces(model, options, heard, final)
        return replace(result, cpu_s=self._clock() - began)

    def _pieces(self, model: Listener, options: ListenOptions, heard: Heard, final: bool) -> Heard:
        parts = []
        passes = hinted = 0
        for span in self._finder.pieces():
            key = _Key(span.begin, span.end, options)
            piece = self._known.get(key)
            if piece is None:
                piece = self._recognise(model, key, heard.speech_s, final)
                passes += piece.passes
                hinted += piece.decoded.hint_tokens
            else:
                hinted += len(piece.decoded.tokens)
            parts.append(piece)
        return _report(heard, parts, options, passes, hinted)

    def _recognise(self, model: Listener, key: _Key, speech_s: float, final: bool) -> Piece:
        found: list[int] = []
        try:
            piece = recognise(
                model,
                self._sound(key.begin, key.end),
                speech_s,
                key.options,
                hint=self._hints.get(key.begin, ()),
                again=final,
                heard=found,
            )
        except Cancelled:
            if found:
                self._hints[key.begin] = tuple(found)
            raise
        if piece.no_text is None:
            self._hints[key.begin] = piece.decoded.tokens
        if final or piece.no_text is not NoText.UNCLEAR:
            self._known[key] = piece
        return piece

    def _sound(self, begin: int, end: int | None) -> Sound:
        return _floats(bytes(self._samples))[begin:end]


def _floats(samples: bytes) -> Sound:
    return np.frombuffer(samples, "<i2").astype(np.float32) / 32768.0


def _report(heard: Heard, pieces: list[Piece], options: ListenOptions, passes: int, hinted: int) -> Heard:
    language = pieces[-1].decoded.language
    texts = [_GAP if piece.no_text is NoText.UNCLEAR else piece.text for piece in pieces]
    understood = any(piece.text for piece in pieces)
    between = "" if language in NO_SPACES and not options.translate else " "
    text = between.join(filter(None, texts)) if understood else ""
    refusals = [piece.no_text for piece in pieces if piece.no_text is not None]
    count = sum(len(piece.decoded.tokens) + 1 for piece in pieces)
    return replace(
        heard,
        text=text,
        no_text=None if understood else (NoText.UNCLEAR if NoText.UNCLEAR in refusals else NoText.SILENCE),
        language=language,
        segments=tuple(segment for piece in pieces for segment in piece.segments),
        consumed_s=pieces[-1].consumed_s or heard.audio_s,
        tokens=sum(len(piece.decoded.tokens) for piece in pieces),
        hint_tokens=hinted,
        encoder_passes=passes,
        retried=any(piece.passes > 1 for piece in pieces),
        window_positions=pieces[-1].positions,
        avg_logprob=sum(p.decoded.avg_logprob * (len(p.decoded.tokens) + 1) for p in pieces) / count,
        no_speech_prob=max(piece.decoded.no_speech_prob for piece in pieces),
        compression_ratio=sanity.compression_ratio(text),
    )
