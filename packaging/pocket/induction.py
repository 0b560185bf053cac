"""Starts the network with the circuit that copying needs, so that training only has to learn when to use it.

An induction head finds an earlier place where the current token stood and looks at what followed (Olsson et
al., arXiv 2209.11895). It is made of two parts: heads in the first block that write into each position which
tokens came before, and heads in the second block that compare the current tokens with those. Left to itself
it appears late; a model that trains for an hour on a processor may never see it. Here it compares the last
two tokens, for numbers are spelled in single digits and one digit stands in many places. All weights stay
trainable.

Layout of the hidden state at the start: entry 0 is a constant (every row has the same length, so it stays
one after normalising); then the token's random code; the last two stretches of `head_dim` entries are empty
in the embeddings and receive the codes of the preceding token and of the one before.
"""

import torch
from model import PocketModel

_SLOWEST = 12
"""Rotary pairs from this one on turn slowly enough to compare tokens a hundred positions apart."""
_LATEST_SHARE = 0.6
"""Part of the compared entries that goes to the current token; the rest goes to the one before."""


@torch.no_grad()
def plant(model: PocketModel, constant: float = 8.0, sharpness: float = 7.0, gain: float = 3.0) -> None:
    """Overwrite the start values: embeddings, outputs of all blocks (zero), and the circuit's heads."""
    width, head = model.config.hidden_size, model.config.head_dim
    code = width - 2 * head - 1
    embeddings = model.embed_tokens.weight
    codes = torch.randn(len(embeddings), code)
    embeddings.zero_()
    embeddings[:, 0] = constant
    embeddings[:, 1 : 1 + code] = codes / codes.norm(dim=1, keepdim=True) * code**0.5
    model.norm.weight.fill_(4.0 / width)
    for layer in model.layers:
        layer.self_attn.o_proj.weight.zero_()
        layer.mlp.down_proj.weight.zero_()
    for distance in (1, 2):
        _write_earlier_token(model, distance)
    _find_and_copy(model, sharpness, gain)


def _earlier(model: PocketModel, distance: int) -> int:
    """Return where the code of the token that came `distance` before begins in the hidden state."""
    return model.config.hidden_size - (3 - distance) * model.config.head_dim


def _write_earlier_token(model: PocketModel, distance: int) -> None:
    """Let a head of the first block look `distance` tokens back, whatever stands there."""
    attention = model.layers[0].self_attn
    head = model.config.head_dim
    half, first = head // 2, (distance - 1) * head
    angles = distance * model.config.rope_theta ** (-torch.arange(0, head, 2).float() / head)
    rows = slice(first, first + head)
    for projection in (attention.q_proj, attention.k_proj, attention.v_proj):
        projection.weight[rows] = 0.0
    attention.q_proj.weight[first : first + half, 0] = torch.cos(angles)
    attention.q_proj.weight[first + half : first + head, 0] = -torch.sin(angles)
    attention.k_proj.weight[first : first + half, 0] = 1.0
    code = torch.arange(min(head, model.config.hidden_size - 2 * head - 1))
    attention.v_proj.weight[first + code, 1 + code] = 1.0
    attention.o_proj.weight[_earlier(model, distance) + code, first + code] = 1.0


def _find_and_copy(model: PocketModel, sharpness: float, gain: float) -> None:
    """Let heads of the second block look for the last two tokens, and copy the code of what followed them."""
    attention = model.layers[1].self_attn
    width, head = model.config.hidden_size, model.config.head_dim
    half = head // 2
    pairs = torch.arange(_SLOWEST, half)
    latest = int(len(pairs) * _LATEST_SHARE)
    compared = [torch.cat([part, part + half]) for part in (pairs[:latest], pairs[latest:])]
    code = width - 2 * head - 1
    for number in range(-(-code // head)):
        rows = slice(number * head, (number + 1) * head)
        for projection in (attention.q_proj, attention.k_proj, attention.v_proj):
            projection.weight[rows] = 0.0
        sources = ((1, _earlier(model, 1)), (_earlier(model, 1), _earlier(model, 2)))
        for entries, (mine, theirs) in zip(compared, sources, strict=True):
            which = torch.arange(len(entries))
            attention.q_proj.weight[number * head + entries, mine + which] = sharpness**0.5
            attention.k_proj.weight[number * head + entries, theirs + which] = sharpness**0.5
        copied = torch.arange(min(head, code - number * head))
        place = 1 + number * head + copied
        attention.v_proj.weight[number * head + copied, place] = 1.0
        attention.o_proj.weight[place, number * head + copied] = gain
