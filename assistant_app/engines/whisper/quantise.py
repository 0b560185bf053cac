"""Products with a checkpoint's matrices: in 32 bits, or in 8 where this computer gains by it."""

import time
import warnings
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

GAIN = 1.1
"""How many times less time eight bits must take to be used."""
_ROUNDS = 3

Product = Callable[[Tensor], Tensor]
"""From (…, columns) to (…, rows), both float32."""
Pack = Callable[[Tensor, Tensor | None], Product]
"""From a matrix (rows, columns) and what is added to a product with it."""
Gains = Callable[[Product, Product, Tensor], bool]
"""Whether the second product is worth taking in place of the first, for an input."""


class Unavailable(Exception):
    """This torch cannot compute in eight bits; the message is technical."""


def plain(matrix: Tensor, added: Tensor | None) -> Product:
    """Return the product as the checkpoint has it."""
    return lambda x: functional.linear(x, matrix, added)


def eight_bits(matrix: Tensor, added: Tensor | None) -> Product:
    """Return the product in eight bits, with a scale for each row of the matrix. Raises Unavailable.

    The one place that touches torch's quantisation, which is announced to move or go.
    """
    try:
        scales = matrix.abs().amax(dim=1).clamp(min=1e-8) / 127.0
        zeros = torch.zeros(len(scales), dtype=torch.int64)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole = torch.quantize_per_channel(matrix, scales.double(), zeros, 0, torch.qint8)
            packed = torch.ops.quantized.linear_prepack(whole, added)
        product = torch.ops.quantized.linear_dynamic
        # True: inputs get seven bits, for sums of eight overflow on processors without VNNI.
        product(torch.zeros(1, matrix.shape[1]), packed, True)
    except (ImportError, AttributeError, RuntimeError, NotImplementedError) as error:
        raise Unavailable(f"no products in eight bits: {error!r}") from error
    return lambda x: product(x, packed, True)


def measured(before: Product, after: Product, example: Tensor) -> bool:
    """Whether `after` takes less CPU time by GAIN; the least of some rounds on one thread."""

    def least(product: Product) -> float:
        times = []
        for _ in range(_ROUNDS):
            began = time.thread_time()
            product(example)
            times.append(time.thread_time() - began)
        return min(times)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return least(after) * GAIN < least(before)
    finally:
        torch.set_num_threads(threads)


def better(matrix: Tensor, rows: int, gains: Gains) -> Pack:
    """Return the way to make products with matrices like this one, of inputs with so many rows."""
    example = torch.randn(1, rows, matrix.shape[1])
    return eight_bits if gains(plain(matrix, None), eight_bits(matrix, None), example) else plain
