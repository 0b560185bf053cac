"""A Whisper of OpenAI's, in torch: its encoder and decoder with the threads that suit them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor
from whisper.model import Whisper
from whisper.tokenizer import Tokenizer

from assistant_app.engines import machine
from assistant_app.engines.stop import StopByte
from assistant_app.engines.whisper import checkpoint, decoding
from assistant_app.engines.whisper.layers import Decoder, Encoder, Memory
from assistant_app.engines.whisper.listener import Decoded, Wish, languages_of, tokenizer_of
from assistant_app.engines.whisper.quantise import Gains, Pack, Unavailable, better, measured, plain
from assistant_app.engines.whisper.window import FLOOR, Sound, spectrogram

_MOST_ENCODER_THREADS = 4
_WIDE_STATE = 768
"""From this width on (small) the decoder is fed faster by two threads."""


class SpeechModel:
    """One checkpoint in memory, a Listener. Not for two threads."""

    def __init__(
        self,
        path: Path,
        stop: StopByte,
        *,
        n_threads: int = 0,
        quantised: bool = True,
        gains: Gains = measured,
    ) -> None:
        """Load a file. Raises ModelError, Cancelled.

        Args:
            path: Of a `.pt` in OpenAI's format.
            stop: Looked at between the encoder's layers and between tokens.
            n_threads: Of the encoder; 0: as many as there are physical cores, at most 4.
            quantised: Compute in eight bits where that gains.
            gains: How it is found out where.
        """
        loaded = checkpoint.load(path)
        stop.check()
        self.stop = stop
        self.dims = loaded.whisper.dims
        self.n_params = loaded.n_params
        self.full_window_only = not loaded.sinusoidal
        self._language_count: int = loaded.whisper.num_languages if loaded.whisper.is_multilingual else 1
        self.quantised_parts: tuple[str, ...] = ()
        self.note = ""
        packs = self._packs(loaded.whisper, gains) if quantised else (plain, plain, plain)
        words = loaded.whisper.decoder.token_embedding
        self.encoder = Encoder(loaded.whisper.encoder, packs[0])
        self.decoder = Decoder(loaded.whisper.decoder, packs[1])
        self.head = packs[2](words.weight, None)
        if loaded.halves and "vocabulary" in self.quantised_parts:
            # Only looked up now, row by row: 16 bits say all that the file said, in half the memory.
            words.half()
        cores = machine.thread_count(n_threads)
        self._encoder_threads = min(_MOST_ENCODER_THREADS, cores) if n_threads <= 0 else cores
        wide = self.dims.n_text_state >= _WIDE_STATE
        self._decoder_threads = min(2 if wide and cores > 2 else 1, self._encoder_threads)

    def _packs(self, whisper: Whisper, gains: Gains) -> tuple[Pack, Pack, Pack]:
        """Return how encoder, decoder and vocabulary make their products."""
        try:
            packs = (
                better(whisper.encoder.blocks[0].mlp[0].weight, FLOOR, gains),
                better(whisper.decoder.blocks[0].mlp[0].weight, 1, gains),
                better(whisper.decoder.token_embedding.weight, 1, gains),
            )
        except Unavailable as error:
            self.note = str(error)
            return plain, plain, plain
        names = ("encoder", "decoder", "vocabulary")
        self.quantised_parts = tuple(
            name for name, pack in zip(names, packs, strict=True) if pack is not plain
        )
        if not self.quantised_parts:
            self.note = "eight bits are not faster for this model on this computer"
        return packs

    @property
    def multilingual(self) -> bool:
        """Whether it knows languages other than English."""
        return self._language_count > 1

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that it knows."""
        return languages_of(self._language_count)

    def tokenizer(self, language: str, translate: bool = False) -> Tokenizer:
        """Return its tokenizer; one that knows English only ignores both. Raises RequestInvalid."""
        return tokenizer_of(self._language_count, language, translate)

    def encode(self, sound: Sound, positions: int) -> Tensor:
        """Run the encoder once over a window; features (1, positions, n_audio_state)."""
        mel = spectrogram(sound, positions, self.dims.n_mels)
        with _computing(self._encoder_threads):
            return self.encoder(mel, self.stop.check)

    def decode(
        self,
        features: Tensor,
        wish: Wish,
        limit: int,
        hint: Sequence[int] = (),
        heard: list[int] | None = None,
    ) -> Decoded:
        """Write what the encoder heard; see Listener."""
        with _computing(self._decoder_threads):
            return decoding.decode(self, features, wish, limit, hint, heard)

    def remember(self, features: Tensor) -> list[Memory]:
        """Return an empty memory of a text for `hidden`."""
        return self.decoder.memory(features)

    def hidden(self, tokens: list[int], memory: list[Memory], before: int) -> Tensor:
        """Return the hidden states (tokens, n_text_state) of tokens that follow the first `before`."""
        return self.decoder(tokens, memory, before)

    def rehearse(self, sound: Sound, positions: int, tokens: int) -> None:
        """Do what so much sound and so many tokens cost, whatever it hears. Raises Cancelled."""
        features = self.encode(sound, positions)
        token = self.tokenizer("en").sot
        with _computing(self._decoder_threads):
            memory = self.remember(features)
            for place in range(tokens):
                self.stop.check()
                self.head(self.hidden([token], memory, place))


@contextmanager
def _computing(threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_num_threads(before)
