"""Loads a model and its context, and frees them; says in one sentence why it cannot."""

import ctypes
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant_app.core import fit
from assistant_app.core.errors import ModelError
from assistant_app.core.text import N_
from assistant_app.engines.llama import library, machine, model_file
from assistant_app.engines.llama.library import C
from assistant_app.engines.llama.stop import StopByte
from assistant_app.engines.llama.tokens import Vocabulary

_READ_SHARE = 0.8
"""Part of the progress bar for reading the file; the rest is mapping and making the context."""

_NODE_FLOP = 12e9
"""Work between two looks at the stop byte: some 50 ms on two cores of a current desktop."""

_MAX_CONTEXT = 1 << 20


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What a model is loaded with."""

    path: Path
    n_ctx_tokens: int = 0
    n_threads: int = 0
    ignore_memory: bool = False
    notes: Path | None = None
    """Folder for what is known about files; None keeps nothing."""


class Model:
    """A loaded model with one context of one sequence. Not for use by two threads."""

    def __init__(self, options: LoadOptions, stop: StopByte, progress: Callable[[float], None]) -> None:
        """Load. Raises ModelError, Cancelled; nothing stays allocated then."""
        library.start()
        self.stop = stop
        self.options = options
        self.path = options.path
        self.pointer: Any = None
        self.context: Any = None
        self.size_bytes = model_file.check(options.path)
        if not options.ignore_memory:
            self._check_weights()
        self.sha256 = model_file.read_through(
            options.path, options.notes, stop, lambda fraction: progress(fraction * _READ_SHARE)
        )
        try:
            self._load(progress)
            stop.check()
            self.vocabulary = Vocabulary(self.pointer)
            self.shape = self._read_shape()
            self.n_params = int(C.llama_model_n_params(self.pointer))
            self.n_threads = machine.thread_count(options.n_threads)
            self.n_ubatch = self._choose_ubatch()
            self.n_ctx_train = int(C.llama_model_n_ctx_train(self.pointer))
            self.n_ctx = self._choose_context()
            stop.check()
            self.context = self.new_context(self.n_ctx)
            stop.check()
        except BaseException:
            self.close()
            raise
        self.memory: Any = C.llama_get_memory(self.context)
        progress(1.0)

    def close(self) -> None:
        """Free everything; nothing may be computing."""
        if self.context:
            C.llama_free(self.context)
            self.context = None
        if self.pointer:
            C.llama_model_free(self.pointer)
            self.pointer = None

    def new_context(self, n_ctx: int, *, embeddings: bool = False) -> Any:
        """Return a context of this model that obeys the stop byte. Raises ModelError."""
        params = C.llama_context_default_params()
        params.n_ctx = n_ctx
        params.n_batch = n_ctx if embeddings else self.n_ubatch
        params.n_ubatch = n_ctx if embeddings else self.n_ubatch
        params.n_seq_max = 1
        params.n_threads = params.n_threads_batch = self.n_threads
        params.embeddings = embeddings
        if embeddings and not self.metadata(f"{self.architecture}.pooling_type"):
            params.pooling_type = C.LLAMA_POOLING_TYPE_MEAN
        params.abort_callback = self.stop.abort_callback
        params.abort_callback_data = ctypes.c_void_p(self.stop.address)
        library.clear_log()
        context = C.llama_init_from_model(self.pointer, params)
        if not context:
            self.stop.check()
            raise ModelError(
                N_(
                    "There is not enough memory for a context of {tokens} tokens with “{name}”;"
                    " choose a smaller context in the settings or a smaller model."
                ),
                detail=library.recent_log()[-1000:],
                tokens=n_ctx,
                name=self.path.name,
            )
        return context

    def metadata(self, key: str) -> str:
        """Return a metadata value as text; empty when there is none."""
        size = 256
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = int(C.llama_model_meta_val_str(self.pointer, key.encode(), buffer, size))
            if length < 0:
                return ""
            if length < size:
                return buffer.raw[:length].decode("utf-8", "replace")
            size = length + 1

    def number(self, key: str) -> int:
        """Return a number of the architecture, for instance "block_count"; of a list its largest; else 0."""
        text = self.metadata(f"{self.architecture}.{key}").strip("[]")
        try:
            return max(int(part) for part in text.split(","))
        except ValueError:
            return 0

    @property
    def architecture(self) -> str:
        """The family, for instance "llama"."""
        return self.metadata("general.architecture")

    def _load(self, progress: Callable[[float], None]) -> None:
        def report(fraction: float, _data: object) -> bool:
            progress(_READ_SHARE + fraction * (0.95 - _READ_SHARE))
            return not self.stop.is_set

        params = C.llama_model_default_params()
        params.n_gpu_layers = 0
        callback = C.llama_progress_callback(report)
        params.progress_callback = callback
        library.clear_log()
        self.pointer = C.llama_model_load_from_file(os.fsencode(self.path), params)
        if not self.pointer:
            self.stop.check()
            raise _load_error(self.path.name, library.recent_log())

    def _read_shape(self) -> fit.ModelShape:
        return fit.ModelShape(
            size_bytes=self.size_bytes,
            n_layer=int(C.llama_model_n_layer(self.pointer)),
            n_embd=int(C.llama_model_n_embd(self.pointer)),
            n_head=int(C.llama_model_n_head(self.pointer)),
            n_head_kv=int(C.llama_model_n_head_kv(self.pointer)),
            n_vocab=self.vocabulary.size,
            n_ff=self.number("feed_forward_length"),
            head_dim_k=self.number("attention.key_length"),
            head_dim_v=self.number("attention.value_length"),
        )

    def _choose_ubatch(self) -> int:
        """Return tokens per step: as many as keep one matrix product well below the stop limit."""
        params_per_layer = self.n_params / max(1, self.shape.n_layer)
        tokens = _NODE_FLOP * self.n_threads / 2 / max(1.0, 0.6 * params_per_layer)
        return next((size for size in (512, 256, 128, 64) if size <= tokens), 32)

    def _check_weights(self) -> None:
        available = machine.available_bytes()
        if not fit.fits(self.size_bytes, available):
            raise _too_big(self.path.name, self.size_bytes, available)

    def _choose_context(self) -> int:
        wanted = self.options.n_ctx_tokens
        largest = self.n_ctx_train or fit.DEFAULT_CONTEXT_TOKENS
        n_ctx = min(wanted, _MAX_CONTEXT) if wanted > 0 else min(largest, fit.DEFAULT_CONTEXT_TOKENS)
        n_ctx = max(n_ctx, 64)
        if self.options.ignore_memory:
            return n_ctx
        available = machine.available_bytes()
        possible = fit.largest_context(self.shape, n_ctx, available, self.n_ubatch)
        if possible == 0 or (wanted > 0 and possible < n_ctx):
            raise _too_big(self.path.name, fit.estimate(self.shape, n_ctx, self.n_ubatch).total, available)
        return possible


def _too_big(name: str, needed: int, available: int) -> ModelError:
    return ModelError(
        N_(
            "“{name}” needs about {needed} GB of memory, but only {available} GB are free;"
            " close other programs, choose a smaller context or a smaller model."
        ),
        name=name,
        needed=f"{needed / 1e9:.1f}",
        available=f"{available / 1e9:.1f}",
    )


def _load_error(name: str, log: str) -> ModelError:
    """Return the error for a file that llama.cpp refused, by what it logged."""
    if "unknown model architecture" in log or "unknown pre-tokenizer" in log or "unsupported model" in log:
        sentence = N_("“{name}” is a kind of model that this version cannot run; choose another one.")
    elif "not within the file bounds" in log or "corrupted or incomplete" in log:
        sentence = N_("The model file “{name}” is incomplete; download it again or choose another one.")
    elif "unable to allocate" in log or "failed to allocate" in log:
        sentence = N_(
            "There is not enough memory for “{name}”; close other programs or choose a smaller model."
        )
    else:
        sentence = N_("The model file “{name}” is damaged; download it again or choose another one.")
    return ModelError(sentence, detail=log[-1500:], name=name)
