"""A Whisper of OpenAI's, in torch: its encoder and decoder with the threads that suit them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from whisper.tokenizer import Tokenizer

from assistant_app.engines import machine
from assistant_app.engines.stop import StopByte
from assistant_app.engines.whisper import checkpoint, decoding, window
from assistant_app.engines.whisper.listener import Decoded, Wish, languages_of, tokenizer_of
from assistant_app.engines.whisper.quantise import Quantised, plain_head, quantise

_MOST_ENCODER_THREADS = 4
_WIDE_STATE = 768
"""From this width on (small) the decoder is fed faster by two threads."""

Cache = dict[Any, Tensor]


class SpeechModel:
    """One checkpoint in memory, a Listener. Not for two threads: the decoder's cache hangs on its modules."""

    def __init__(self, path: Path, stop: StopByte, *, n_threads: int = 0, quantised: bool = True) -> None:
        """Load a file. Raises ModelError, Cancelled.

        Args:
            path: Of a `.pt` in OpenAI's format.
            stop: Looked at between the encoder's layers.
            n_threads: Of the encoder; 0: as many as there are physical cores, at most 4.
            quantised: Use eight bits where they gain.
        """
        loaded = checkpoint.load(path)
        self.whisper = loaded.whisper
        self.n_params = loaded.n_params
        self.full_window_only = not loaded.sinusoidal
        self.stop = stop
        stop.check()
        done = quantise(self.whisper) if quantised else Quantised(plain_head(self.whisper))
        self.head, self.note, self.quantised_parts = done.head, done.note, done.parts
        decoder = self.whisper.decoder
        if loaded.halves and "vocabulary" in done.parts:
            # Only looked up now, row by row: 16 bits say all that the file said, in half the memory.
            decoder.token_embedding.half()
        for block in self.whisper.encoder.blocks:
            block.register_forward_pre_hook(lambda *_: stop.check())
        cores = machine.thread_count(n_threads)
        self._encoder_threads = min(_MOST_ENCODER_THREADS, cores) if n_threads <= 0 else cores
        wide = self.whisper.dims.n_text_state >= _WIDE_STATE
        self._decoder_threads = min(2 if wide and cores > 2 else 1, self._encoder_threads)

    @property
    def multilingual(self) -> bool:
        """Whether it knows languages other than English."""
        return bool(self.whisper.is_multilingual)

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that it knows."""
        return languages_of(self._language_count)

    @property
    def _language_count(self) -> int:
        return int(self.whisper.num_languages) if self.multilingual else 1

    def tokenizer(self, language: str, translate: bool = False) -> Tokenizer:
        """Return its tokenizer; one that knows English only ignores both. Raises RequestInvalid."""
        return tokenizer_of(self._language_count, language, translate)

    def encode(self, sound: window.Sound, positions: int) -> Tensor:
        """Run the encoder once over a window; features (1, positions, n_audio_state)."""
        with _threads(self._encoder_threads):
            return window.encode(self.whisper, sound, positions)

    def decode(
        self,
        features: Tensor,
        wish: Wish,
        limit: int,
        hint: Sequence[int] = (),
        heard: list[int] | None = None,
    ) -> Decoded:
        """Write what the encoder heard; see Listener."""
        return decoding.decode(self, features, wish, limit, hint, heard)

    def rehearse(self, sound: window.Sound, positions: int, tokens: int) -> None:
        """Do what so much sound and so many tokens cost, whatever it hears. Raises Cancelled."""
        features = self.encode(sound, positions)
        token = self.tokenizer("en").sot
        with self.decoder() as cache:
            for _ in range(tokens):
                self.stop.check()
                self.head(self.hidden([token], features, cache))

    @contextmanager
    def decoder(self) -> Iterator[Cache]:
        """Prepare the decoder for one text; the cache is `hidden`'s."""
        cache, hooks = self.whisper.install_kv_cache_hooks()
        try:
            with _threads(self._decoder_threads), torch.inference_mode():
                yield cache
        finally:
            for hook in hooks:
                hook.remove()

    def hidden(self, tokens: list[int], features: Tensor, cache: Cache) -> Tensor:
        """Return the hidden states (tokens, n_text_state) of tokens that follow those in the cache."""
        decoder = self.whisper.decoder
        offset = next(iter(cache.values())).shape[1] if cache else 0
        places = decoder.positional_embedding[offset : offset + len(tokens)]
        x = decoder.token_embedding(torch.tensor([tokens])).to(features.dtype) + places
        for block in decoder.blocks:
            x = block(x, features, mask=decoder.mask, kv_cache=cache)
        return torch.Tensor(decoder.ln(x)[0])

    def keep(self, cache: Cache, tokens: int) -> None:
        """Forget all but the first tokens; what was computed of the sound stays."""
        for block in self.whisper.decoder.blocks:
            for module in (block.attn.key, block.attn.value):
                cache[module] = cache[module][:, :tokens]


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
