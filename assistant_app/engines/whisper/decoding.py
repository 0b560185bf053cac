"""Greedy decoding that first verifies a hint: the tokens of an earlier hearing, in one pass."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from whisper.decoding import ApplyTimestampRules, LogitFilter, SuppressBlank, SuppressTokens

from assistant_app.engines.whisper.listener import Decoded, Wish, start_of, suppressed

if TYPE_CHECKING:
    from assistant_app.engines.whisper.model import Cache, SpeechModel

_LATEST_FIRST_TIME = 50
"""Of a segment, in steps of 0.02 s: stock whisper's one second."""


def decode(
    model: "SpeechModel",
    features: Tensor,
    wish: Wish,
    limit: int,
    hint: Sequence[int] = (),
    heard: list[int] | None = None,
) -> Decoded:
    """Write what the encoder heard: features (1, positions, n_audio_state). The rest is Listener's."""
    found = heard if heard is not None else []
    with model.decoder() as cache:
        language = wish.language if model.multilingual else "en"
        language = language or _language(model, features, cache)
        rules = _Rules(model, wish, language)
        start, eot = rules.start, rules.tokenizer.eot
        hint = list(hint[:limit]) if not wish.timestamps else []
        hidden = model.hidden([*start, *hint], features, cache)
        silence = model.head(hidden[rules.sot_index : rules.sot_index + 1]).softmax(-1)
        no_speech_prob = float(silence[0, rules.tokenizer.no_speech])
        rows = model.head(hidden[len(start) - 1 :])
        agreed, choice, total = _verify(rules, rows, hint, limit)
        found[:] = hint[:agreed]
        model.keep(cache, len(start) + agreed)
        while choice != eot and len(found) < limit:
            found.append(choice)
            model.stop.check()
            if len(found) == limit:
                break
            row = model.head(model.hidden([choice], features, cache))
            choice, logprob = rules.choose(row, found)
            total += logprob
    text = rules.tokenizer.decode([token for token in found if token < eot])
    return Decoded(
        tokens=tuple(found),
        text=text,
        language=language,
        avg_logprob=total / (len(found) + 1),
        no_speech_prob=no_speech_prob,
        ended=choice == eot,
        hint_tokens=agreed,
    )


def _verify(rules: "_Rules", rows: Tensor, hint: Sequence[int], limit: int) -> tuple[int, int, float]:
    """Return how much of the hint is right, the last token chosen, and the log probabilities' sum.

    `rows` are the logits before each token of the hint and after its last.
    """
    agreed, total = 0, 0.0
    while True:
        choice, logprob = rules.choose(rows[agreed : agreed + 1], hint[:agreed])
        total += logprob
        if agreed == len(hint) or choice != hint[agreed]:
            return agreed, choice, total
        agreed += 1
        if agreed == limit:
            return agreed, choice, total


def _language(model: "SpeechModel", features: Tensor, cache: "Cache") -> str:
    """Return the likeliest language, from the features that are there already."""
    tokenizer = model.tokenizer("en")
    logits = model.head(model.hidden([tokenizer.sot], features, cache))[0]
    model.keep(cache, 0)
    best = logits[list(tokenizer.all_language_tokens)].argmax()
    return str(tokenizer.all_language_codes[int(best)])


class _Rules:
    """Which tokens begin a text and which may follow: stock whisper's, applied to one row."""

    def __init__(self, model: "SpeechModel", wish: Wish, language: str) -> None:
        self.tokenizer = model.tokenizer(language, wish.translate)
        self.start, self.sot_index = start_of(self.tokenizer, wish)
        begin = len(self.start)
        self._filters: list[LogitFilter] = [
            SuppressBlank(self.tokenizer, begin),
            SuppressTokens(suppressed(self.tokenizer)),
        ]
        if wish.timestamps:
            self._filters.append(ApplyTimestampRules(self.tokenizer, begin, _LATEST_FIRST_TIME))

    def choose(self, row: Tensor, found: Sequence[int]) -> tuple[int, float]:
        """Return the likeliest token after `found` and its log probability; `row` is (1, n_vocab)."""
        logits = row.clone()
        before = torch.tensor([[*self.start, *found]])
        for rule in self._filters:
            rule.apply(logits, before)
        token = int(logits.argmax())
        return token, float(logits[0, token] - logits[0].logsumexp(0))
