"""Eight-bit linear layers and vocabulary product, where a checkpoint gains by them on this computer."""

import copy
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from whisper.model import Linear, Whisper

GAIN = 1.1
"""How many times less time eight bits must take to be used."""
_ROWS = 512
"""Positions of a short window, for the measurement."""
_ROUNDS = 3

Head = Callable[[Tensor], Tensor]
"""From hidden states (rows, n_text_state) to logits (rows, n_vocab), both float32."""
Gains = Callable[[nn.Module, nn.Module, Tensor], bool]
"""Whether the second module is worth taking in place of the first, for an input."""


@dataclass(frozen=True, slots=True)
class Quantised:
    """What works in eight bits now."""

    head: Head
    parts: tuple[str, ...] = ()
    """Of "encoder", "decoder", "vocabulary"."""
    note: str = ""
    """Why nothing does, where that was wanted; technical."""


def plain_head(model: Whisper) -> Head:
    """Return the vocabulary product as the checkpoint has it."""
    weight = model.decoder.token_embedding.weight
    return lambda hidden: nn.functional.linear(hidden, weight)


def measured(before: nn.Module, after: nn.Module, example: Tensor) -> bool:
    """Whether `after` takes less CPU time by GAIN; the least of some rounds on one thread."""

    def least(module: nn.Module) -> float:
        times = []
        for _ in range(_ROUNDS):
            began = time.thread_time()
            module(example)
            times.append(time.thread_time() - began)
        return min(times)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return least(after) * GAIN < least(before)
    finally:
        torch.set_num_threads(threads)


@torch.no_grad()
def quantise(model: Whisper, gains: Gains = measured) -> Quantised:
    """Put eight-bit layers into the model where they gain; where they cannot be made it stays as it is."""
    state = model.dims.n_text_state
    words = nn.Linear(state, model.dims.n_vocab, bias=False, device="meta")
    words.weight = model.decoder.token_embedding.weight
    try:
        head: Head = plain_head(model)
        parts = []
        encoder_block, row = model.encoder.blocks[0], torch.randn(1, 1, state)
        if gains(encoder_block, _eight_bits(encoder_block), torch.randn(1, _ROWS, state)):
            parts.append("encoder")
        decoder_mlp = model.decoder.blocks[0].mlp
        if gains(decoder_mlp, _eight_bits(decoder_mlp), row):
            parts.append("decoder")
        product = _eight_bits(nn.Sequential(words))
        if gains(words, product, row):
            parts.append("vocabulary")
            head = product
        # Only now, when nothing has failed, is the model itself changed.
        if "encoder" in parts:
            model.encoder = _eight_bits(model.encoder)
        if "decoder" in parts:
            model.decoder.blocks = _eight_bits(model.decoder.blocks)
    except _Unavailable as error:
        return Quantised(plain_head(model), note=str(error))
    note = "" if parts else "eight bits are not faster for this model on this computer"
    return Quantised(head, tuple(parts), note)


class _Unavailable(Exception):
    """This torch cannot make eight-bit layers."""


def _eight_bits(module: nn.Module) -> nn.Module:
    """Return a copy with eight-bit linear layers, a scale for each row.

    The one place that touches torch's quantisation, which is announced to move or go.
    """
    twin = _with_plain_linears(module)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from torch.ao.quantization import per_channel_dynamic_qconfig, quantize_dynamic

            made: object = quantize_dynamic(  # type: ignore[no-untyped-call]
                twin, {nn.Linear: per_channel_dynamic_qconfig}, inplace=True
            )
    except (ImportError, AttributeError, RuntimeError, NotImplementedError) as error:
        raise _Unavailable(f"no eight-bit layers: {error!r}") from error
    if not isinstance(made, nn.Module):
        raise _Unavailable(f"no eight-bit layers: got {type(made)}")
    return made


def _with_plain_linears(module: nn.Module) -> nn.Module:
    """Return a copy that shares the weights: whisper's own Linear is none that torch would quantise."""
    memo: dict[int, object] = {}
    for tensor in (*module.parameters(), *module.buffers()):
        memo[id(tensor)] = tensor
    twin = copy.deepcopy(module, memo)
    for owner in twin.modules():
        for name, child in owner.named_children():
            if isinstance(child, Linear):
                plain = nn.Linear(
                    child.in_features, child.out_features, child.bias is not None, device="meta"
                )
                plain.weight, plain.bias = child.weight, child.bias
                setattr(owner, name, plain)
    return twin
