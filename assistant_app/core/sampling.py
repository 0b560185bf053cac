"""How the next token is chosen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling parameters of one answer; the field names are llama.cpp's."""

    temperature: float = 0.7
    """0 is greedy: always the likeliest token."""
    top_k: int = 40
    """Keep the k likeliest tokens; 0 keeps all."""
    top_p: float = 0.95
    """Keep the smallest set of tokens with this much probability; 1 keeps all."""
    min_p: float = 0.05
    """Drop tokens less likely than this share of the likeliest; 0 drops none."""
    repeat_penalty: float = 1.1
    """Divide the logits of the last 64 tokens by this; 1 is off."""
    seed: int | None = None
    """Fixed seed (0 to 2**32 - 2) for a repeatable answer; None draws a new one, which the usage reports."""
    max_tokens: int | None = None
    """End the answer after this many tokens; None means as many as fit into the context."""
    stop: tuple[str, ...] = ()
    """Strings that end the answer; they are not part of it."""
