"""Greedy decoding that first verifies a hint: the tokens of an earlier hearing, in one pass."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from whisper.decoding import ApplyTimestampRules

from assistant_app.engines.whisper.layers import Memory
from assistant_app.engines.whisper.listener import Decoded, Wish, start_of, suppressed

if TYPE_CHECKING:
    from assistant_app.engines.whisper.model import SpeechModel

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
    memory = model.remember(features)
    language = wish.language if model.multilingual else "en"
    language = language or _language(model, memory)
    rules = _Rules(model, wish, language)
    start, eot = rules.start, rules.tokenizer.eot
    hint = list(hint[:limit]) if not wish.timestamps else []
    hidden = model.hidden([*start, *hint], memory, 0)
    silence = model.head(hidden[rules.sot_index : rules.sot_index + 1]).softmax(-1)
    no_speech_prob = float(silence[0, rules.tokenizer.no_speech])
    agreed, choice, total = _verify(rules, model.head(hidden[len(start) - 1 :]), hint, limit)
    found[:] = hint[:agreed]
    while choice != eot and len(found) < limit:
        found.append(choice)
        model.stop.check()
        if len(found) == limit:
            break
        # Memory of a wrong rest of the hint is written over.
        row = model.head(model.hidden([choice], memory, len(start) + len(found) - 1))
        choice, logprob = rules.choose(row, found)
        total += logprob
    return Decoded(
        tokens=tuple(found),
        text=rules.tokenizer.decode([token for token in found if token < eot]),
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


def _language(model: "SpeechModel", memory: list[Memory]) -> str:
    """Return the likeliest language, from the features that are there already."""
    tokenizer = model.tokenizer("en")
    logits = model.head(model.hidden([tokenizer.sot], memory, 0))[0]
    best = logits[list(tokenizer.all_language_tokens)].argmax()
    return str(tokenizer.all_language_codes[int(best)])


class _Rules:
    """Which tokens begin a text and which may follow: stock whisper's, applied to one row."""

    def __init__(self, model: "SpeechModel", wish: Wish, language: str) -> None:
        self.tokenizer = model.tokenizer(language, wish.translate)
        self.start, self.sot_index = start_of(self.tokenizer, wish)
        self._never = torch.tensor(suppressed(self.tokenizer))
        self._not_first = torch.tensor([*self.tokenizer.encode(" "), self.tokenizer.eot])
        self._times = (
            ApplyTimestampRules(self.tokenizer, len(self.start), _LATEST_FIRST_TIME)
            if wish.timestamps
            else None
        )

    def choose(self, row: Tensor, found: Sequence[int]) -> tuple[int, float]:
        """Return the likeliest token after `found` and its log probability; `row` is (1, n_vocab)."""
        logits = row.clone()
        logits[0, self._never] = -torch.inf
        if not found:
            logits[0, self._not_first] = -torch.inf
        if self._times is not None:
            self._times.apply(logits, torch.tensor([[*self.start, *found]]))
        best, token = logits[0].max(0)
        # What is e^20 times less likely adds nothing to the sum, and is most of the vocabulary.
        near = logits[logits > best - 20.0]
        return int(token), -float((near - best).exp().sum().log())
