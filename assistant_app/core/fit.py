"""Arithmetic of a model's memory: weights, key-value cache, working buffers; no file is read here."""

from dataclasses import dataclass

MEMORY_SHARE = 0.8
"""Part of the available memory that a model may take; the rest keeps the desktop alive."""

MIN_CONTEXT_TOKENS = 512
"""A context window below this is of no use in a conversation."""

DEFAULT_CONTEXT_TOKENS = 8192
"""Context window when nobody asked for another one and the model was trained for at least this."""

_FLOAT16_BYTES = 2
_FLOAT32_BYTES = 4
_FIXED_BYTES = 48 << 20
"""Interpreter, libraries and vocabulary of the engine process."""


@dataclass(frozen=True, slots=True)
class ModelShape:
    """The numbers of a transformer that decide how much memory it takes."""

    size_bytes: int
    """Of the file; weights stay in memory in the form they have there."""
    n_layer: int
    n_embd: int
    n_head: int
    n_head_kv: int
    n_vocab: int
    n_ff: int = 0
    """0: unknown, taken as 4 n_embd."""
    head_dim_k: int = 0
    """0: n_embd / n_head."""
    head_dim_v: int = 0


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """What a loaded model takes, in bytes."""

    weights: int
    cache: int
    """Keys and values of the whole context window."""
    compute: int
    """Working buffers, logits, the process itself."""

    @property
    def total(self) -> int:
        """All together."""
        return self.weights + self.cache + self.compute


def cache_bytes_per_token(shape: ModelShape) -> int:
    """Return the size of one token's keys and values in 16-bit floats."""
    head_dim = shape.n_embd // max(1, shape.n_head)
    width = (shape.head_dim_k or head_dim) + (shape.head_dim_v or head_dim)
    return shape.n_layer * max(1, shape.n_head_kv) * width * _FLOAT16_BYTES


def estimate(shape: ModelShape, n_ctx_tokens: int, n_ubatch: int = 512) -> MemoryEstimate:
    """Return what a model takes with this context window.

    Compute buffers hold, for one batch of `n_ubatch` tokens: the residual stream, the two inner
    activations of the widest layer, the attention mask, and one row of logits.
    """
    n_ff = shape.n_ff or 4 * shape.n_embd
    activations = n_ubatch * (4 * shape.n_embd + 2 * n_ff) * _FLOAT32_BYTES
    mask = n_ubatch * n_ctx_tokens * _FLOAT32_BYTES
    logits = 4 * shape.n_vocab * _FLOAT32_BYTES
    return MemoryEstimate(
        weights=shape.size_bytes,
        cache=cache_bytes_per_token(shape) * n_ctx_tokens,
        compute=activations + mask + logits + _FIXED_BYTES,
    )


def fits(estimated_bytes: int, available_bytes: int) -> bool:
    """Tell whether a model leaves enough of the available memory to everything else."""
    return estimated_bytes <= available_bytes * MEMORY_SHARE


def largest_context(shape: ModelShape, wanted_tokens: int, available_bytes: int, n_ubatch: int = 512) -> int:
    """Return the largest context window up to `wanted_tokens` that fits, in steps of 256; 0 if none does."""
    if fits(estimate(shape, wanted_tokens, n_ubatch).total, available_bytes):
        return wanted_tokens
    fixed = estimate(shape, 0, n_ubatch).total
    per_token = cache_bytes_per_token(shape) + n_ubatch * _FLOAT32_BYTES
    tokens = int(available_bytes * MEMORY_SHARE - fixed) // max(1, per_token) // 256 * 256
    return min(tokens, wanted_tokens) if tokens >= MIN_CONTEXT_TOKENS else 0
