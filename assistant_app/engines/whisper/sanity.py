"""Whether a decoded text can be what was said: runaways, repetitions, guesses."""

import zlib
from collections.abc import Sequence

MOST_COMPRESSION = 2.4
LEAST_LOGPROB = -1.0
NO_SPEECH = 0.6
"""Whisper's own thresholds: openai-whisper, transcribe.py."""

_LONGEST_GRAM = 12
_TIMES = 3
_LEAST_REPEATED = 6
"""Tokens of a repetition: "no, no, no" is said, the same clause three times in a row is a loop."""


def compression_ratio(text: str) -> float:
    """Return how much smaller zlib makes the text; high where it repeats itself."""
    raw = text.encode("utf-8")
    return len(raw) / len(zlib.compress(raw))


def repeats(tokens: Sequence[int]) -> bool:
    """Return whether some run of tokens follows itself three times or more, six tokens in all at least."""
    for size in range(1, min(_LONGEST_GRAM, len(tokens) // _TIMES) + 1):
        same = 0
        for place in range(size, len(tokens)):
            same = same + 1 if tokens[place] == tokens[place - size] else 0
            length = same + size
            if length >= size * _TIMES and length >= _LEAST_REPEATED:
                return True
    return False


def runs_away(text: str, tokens: Sequence[int], ended: bool) -> bool:
    """Return whether the text did not end where it should have, or goes round in circles."""
    return not ended or compression_ratio(text) > MOST_COMPRESSION or repeats(tokens)
