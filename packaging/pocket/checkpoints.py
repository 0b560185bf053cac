"""Checkpoints of a training: written atomically, and read back with the learning rates of the new run."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch


def write(path: Path, state: dict[str, Any], optimisers: list[torch.optim.Optimizer], progress: Any) -> None:
    """Write what a resumed run needs: its own state, the optimisers, the progress (a dataclass)."""
    whole = {
        **state,
        "optimisers": [optimiser.state_dict() for optimiser in optimisers],
        "progress": asdict(progress),
    }
    temporary = path.with_suffix(".tmp")
    torch.save(whole, temporary)
    temporary.replace(path)


def read(path: Path, device: torch.device, optimisers: list[torch.optim.Optimizer]) -> dict[str, Any]:
    """Return a checkpoint; load the optimisers from it, whose base rates stay as they were just set."""
    state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    for optimiser, saved in zip(optimisers, state["optimisers"], strict=True):
        rates = [group["base"] for group in optimiser.param_groups]
        optimiser.load_state_dict(saved)
        for group, base in zip(optimiser.param_groups, rates, strict=True):
            group["base"] = base
    return state


def set_rates(optimisers: list[torch.optim.Optimizer], factor: float) -> None:
    """Set every learning rate to its base times `factor`."""
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * factor
