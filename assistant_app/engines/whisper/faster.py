"""faster-whisper's models, by CTranslate2: an optional engine, all of it in this file."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from whisper.tokenizer import Tokenizer

from assistant_app.core.errors import ModelError
from assistant_app.core.text import N_
from assistant_app.engines import machine
from assistant_app.engines.whisper.listener import (
    Decoded,
    Wish,
    languages_of,
    start_of,
    suppressed,
    tokenizer_of,
)
from assistant_app.engines.whisper.window import Sound, spectrogram

_MANY_MELS = 128
"""Of large-v3 and turbo, which know a hundredth language."""


class FasterModel:
    """A folder with a `model.bin`, a Listener. Hints are not used: CTranslate2 cannot verify them.

    A stop is noticed when the running call ends; the worker ends a process that takes too long.
    """

    full_window_only = False
    n_params = 0

    def __init__(self, folder: Path, *, n_threads: int = 0, quantised: bool = True) -> None:
        """Load a folder. Raises ModelError.

        Args:
            folder: As ct2-transformers-converter writes it.
            n_threads: 0: as many as there are physical cores, at most 4.
            quantised: Compute in eight bits, whatever the file has.
        """
        try:
            ctranslate2 = importlib.import_module("ctranslate2")
        except ImportError as error:
            raise ModelError(
                N_(
                    "“{name}” is a model of faster-whisper, which is not installed; install the package"
                    " faster-whisper or choose another speech model."
                ),
                detail=repr(error),
                name=folder.name,
            ) from error
        self._library: Any = ctranslate2
        threads = machine.thread_count(n_threads)
        try:
            self._model = ctranslate2.models.Whisper(
                str(folder),
                device="cpu",
                compute_type="int8" if quantised else "float32",
                intra_threads=min(4, threads) if n_threads <= 0 else threads,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(
                N_("The speech model “{name}” is damaged; download it again or choose another one."),
                detail=str(error),
                name=folder.name,
            ) from error
        self.quantised_parts: tuple[str, ...] = ("encoder", "decoder", "vocabulary") if quantised else ()
        self.note = ""

    @property
    def multilingual(self) -> bool:
        """Whether it knows languages other than English."""
        return bool(self._model.is_multilingual)

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that it knows."""
        return languages_of(self._language_count)

    @property
    def _language_count(self) -> int:
        if not self.multilingual:
            return 1
        return 100 if self._model.n_mels == _MANY_MELS else 99

    def tokenizer(self, language: str, translate: bool = False) -> Tokenizer:
        """Return its tokenizer for a language. Raises RequestInvalid."""
        return tokenizer_of(self._language_count, language, translate)

    def encode(self, sound: Sound, positions: int) -> Any:
        """Run the encoder once over a window."""
        mel = spectrogram(sound, positions, self._model.n_mels)
        return self._model.encode(self._library.StorageView.from_array(mel.contiguous().numpy()))

    def decode(
        self,
        features: Any,
        wish: Wish,
        limit: int,
        hint: Sequence[int] = (),
        heard: list[int] | None = None,
    ) -> Decoded:
        """Write what was heard; see Listener."""
        language = wish.language if self.multilingual else "en"
        if not language:
            language = self._model.detect_language(features)[0][0][0].strip("<|>")
        tokenizer = self.tokenizer(language, wish.translate)
        start, _ = start_of(tokenizer, wish)
        result = self._model.generate(
            features,
            [start],
            beam_size=1,
            max_length=len(start) + limit,
            suppress_blank=True,
            suppress_tokens=suppressed(tokenizer),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = tuple(token for token in result.sequences_ids[0] if token != tokenizer.eot)
        if heard is not None:
            heard[:] = tokens
        # CTranslate2 gives the mean over the tokens; Whisper's counts the end as one more.
        logprob = result.scores[0] * len(tokens) / (len(tokens) + 1)
        return Decoded(
            tokens=tokens,
            text=tokenizer.decode([token for token in tokens if token < tokenizer.eot]),
            language=language,
            avg_logprob=float(logprob),
            no_speech_prob=float(result.no_speech_prob),
            ended=len(tokens) < limit,
            hint_tokens=0,
        )

    def rehearse(self, sound: Sound, positions: int, tokens: int) -> None:
        """Listen to silence once, which costs about what speech does."""
        self.decode(self.encode(sound, positions), Wish("en"), tokens)
