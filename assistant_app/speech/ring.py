"""The last moments of sound, so that a recording can begin before it was asked for."""

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
"""Mono, -1 to 1."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some milliseconds of sound. `began` is the monotonic time of the first sample."""

    began: float
    samples: Samples


class Ring:
    """Keeps the blocks that hold the last `seconds`, and no more."""

    def __init__(self, rate: int, seconds: float) -> None:
        self._rate = rate
        self._wanted = round(rate * seconds)
        self._blocks: deque[Block] = deque()
        self._length = 0

    def push(self, block: Block) -> None:
        """Add the newest block."""
        self._blocks.append(block)
        self._length += len(block.samples)
        while self._length - len(self._blocks[0].samples) >= self._wanted:
            self._length -= len(self._blocks.popleft().samples)

    def __iter__(self) -> Iterator[Block]:
        """Oldest first."""
        return iter(self._blocks)


def cut(block: Block, rate: int, begin: float) -> Block | None:
    """Return what of a block was captured at the monotonic time `begin` or later, to the sample."""
    # A thousandth of a sample is the clock's rounding.
    skipped = max(0, math.ceil((begin - block.began) * rate - 1e-3))
    if skipped >= len(block.samples):
        return None
    return Block(block.began + skipped / rate, block.samples[skipped:])
