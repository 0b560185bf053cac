"""A loaded Whisper: its encoder and decoder with the threads that suit them, and what it can do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from whisper.tokenizer import LANGUAGES, Tokenizer, get_tokenizer

from assistant_app.core.errors import RequestInvalid
from assistant_app.core.text import N_
from assistant_app.engines import machine
from assistant_app.engines.stop import StopByte
from assistant_app.engines.whisper import checkpoint, window
from assistant_app.engines.whisper.quantise import Quantised, plain_head, quantise

_MOST_ENCODER_THREADS = 4
_WIDE_STATE = 768
"""From this width on (small) the decoder is fed faster by two threads."""

Cache = dict[Any, Tensor]


class SpeechModel:
    """One checkpoint in memory. Not for two threads: the decoder's cache hangs on its modules."""

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
        return tuple(LANGUAGES)[: self.whisper.num_languages] if self.multilingual else ("en",)

    def tokenizer(self, language: str, translate: bool = False) -> Tokenizer:
        """Return its tokenizer; one that knows English only ignores both. Raises RequestInvalid."""
        if not self.multilingual:
            return get_tokenizer(False)
        code = language.split("-")[0].lower()
        if code not in self.languages:
            raise RequestInvalid(
                N_(
                    "The speech model does not know the language “{language}”; choose another language or"
                    " speech model in the settings."
                ),
                language=language,
            )
        return get_tokenizer(
            True,
            num_languages=self.whisper.num_languages,
            language=code,
            task="translate" if translate else "transcribe",
        )

    def encode(self, sound: window.Sound, positions: int) -> Tensor:
        """Run the encoder once over a window; features (1, positions, n_audio_state)."""
        with _threads(self._encoder_threads):
            return window.encode(self.whisper, sound, positions)

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
