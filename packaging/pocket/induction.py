"""Starts the network with the circuit that copying needs, so that training only has to learn when to use it.

An induction head finds an earlier place where the current token stood and looks at what followed (Olsson et
al., arXiv 2209.11895). It is made of two parts: a head in the first block that writes into each position
which token came before, and heads in the second block that compare the current token with that. Left to
itself it appears late; a model that trains for an hour on a processor may never see it. All weights stay
trainable.

Layout of the hidden state at the start: entry 0 is a constant (every row has the same length, so it stays one
after normalising), the last `head_dim` entries are empty in the embeddings and receive the preceding token's
code, all others are the token's random code.
"""

import torch
from model import PocketModel

_SLOWEST = 12
"""Rotary pairs from this one on turn slowly enough to compare tokens a hundred positions apart."""


@torch.no_grad()
def plant(model: PocketModel, constant: float = 8.0, sharpness: float = 5.0, gain: float = 3.0) -> None:
    """Overwrite the start values: embeddings, outputs of all blocks (zero), and the circuit's heads."""
    width, head = model.config.hidden_size, model.config.head_dim
    embeddings = model.embed_tokens.weight
    codes = torch.randn(len(embeddings), width - head - 1)
    embeddings.zero_()
    embeddings[:, 0] = constant
    embeddings[:, 1 : width - head] = codes / codes.norm(dim=1, keepdim=True) * codes.shape[1] ** 0.5
    model.norm.weight.fill_(4.0 / width)
    for layer in model.layers:
        layer.self_attn.o_proj.weight.zero_()
        layer.mlp.down_proj.weight.zero_()
    _write_preceding_token(model)
    _find_and_copy(model, sharpness, gain)


def _write_preceding_token(model: PocketModel) -> None:
    attention = model.layers[0].self_attn
    width, head = model.config.hidden_size, model.config.head_dim
    half = head // 2
    speeds = model.config.rope_theta ** (-torch.arange(0, head, 2).float() / head)
    attention.q_proj.weight[:head] = 0.0
    attention.k_proj.weight[:head] = 0.0
    attention.v_proj.weight[:head] = 0.0
    attention.q_proj.weight[:half, 0] = torch.cos(speeds)
    attention.q_proj.weight[half:head, 0] = -torch.sin(speeds)
    attention.k_proj.weight[:half, 0] = 1.0
    code = torch.arange(head)
    attention.v_proj.weight[code, 1 + code] = 1.0
    attention.o_proj.weight[width - head + code, code] = 1.0


def _find_and_copy(model: PocketModel, sharpness: float, gain: float) -> None:
    attention = model.layers[1].self_attn
    width, head = model.config.hidden_size, model.config.head_dim
    half = head // 2
    pairs = torch.arange(_SLOWEST, half)
    compared = torch.cat([pairs, pairs + half])
    for number in range((width - head) // head):
        rows = slice(number * head, (number + 1) * head)
        attention.q_proj.weight[rows] = 0.0
        attention.k_proj.weight[rows] = 0.0
        attention.v_proj.weight[rows] = 0.0
        attention.q_proj.weight[number * head + compared, 1 + compared] = sharpness**0.5
        attention.k_proj.weight[number * head + compared, width - head + compared] = sharpness**0.5
        copied = torch.arange(head)
        attention.v_proj.weight[number * head + copied, number * head + copied] = 1.0
        attention.o_proj.weight[number * head + copied, number * head + copied] = gain
    attention.o_proj.weight[0] = 0.0
