"""Says before loading whether a model fits into the memory that is free now."""

from dataclasses import dataclass

import psutil

from assistant_app.core import fit
from assistant_app.core.text import N_
from assistant_app.models.gguf import GgufHeader


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether and how a model fits. `template` filled with `params` is for the user; empty if all is well."""

    fits: bool
    n_ctx_tokens: int
    """Context window that would be used."""
    needed_bytes: int
    available_bytes: int
    template: str = ""

    @property
    def params(self) -> dict[str, object]:
        """What fills the template."""
        return {
            "need": _gigabytes(self.needed_bytes),
            "free": _gigabytes(self.available_bytes),
            "tokens": self.n_ctx_tokens,
        }


def available_bytes() -> int:
    """Return the memory that a new process can take without swapping."""
    return int(psutil.virtual_memory().available)


def check(header: GgufHeader, n_ctx_tokens: int = 0, available: int | None = None) -> Fit:
    """Estimate weights, key-value cache and working buffers against 80 % of the available memory.

    Args:
        header: Of the model.
        n_ctx_tokens: Context window wanted; 0 for the one that the engine would choose.
        available: Bytes; None asks the system.
    """
    free = available_bytes() if available is None else available
    wanted = n_ctx_tokens or min(header.n_ctx_train, fit.DEFAULT_CONTEXT_TOKENS)
    shape = header.shape()
    tokens = fit.largest_context(shape, wanted, free)
    if tokens == 0:
        needed = fit.estimate(shape, min(wanted, fit.MIN_CONTEXT_TOKENS)).total
        return Fit(
            False,
            wanted,
            needed,
            free,
            N_("Needs about {need} GB of memory, {free} GB are free: choose a smaller one or load anyway."),
        )
    needed = fit.estimate(shape, tokens).total
    if tokens < wanted:
        return Fit(True, tokens, needed, free, N_("Fits with a context window of {tokens} tokens."))
    return Fit(True, tokens, needed, free)


def _gigabytes(n: int) -> str:
    return f"{n / 1e9:.1f}"
