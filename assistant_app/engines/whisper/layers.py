"""Whisper's layers without the parts that cost time and change nothing: one product for three, own caches."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional
from whisper.model import AudioEncoder, LayerNorm, MultiHeadAttention, ResidualAttentionBlock, TextDecoder

from assistant_app.engines.whisper.quantise import Pack, Product


class Memory:
    """What one layer of the decoder remembers of a text and of its sound."""

    def __init__(self, n_head: int, n_tokens: int, n_state: int, sound: tuple[Tensor, Tensor]) -> None:
        shape = (1, n_head, n_tokens, n_state // n_head)
        self.keys, self.values = torch.empty(shape), torch.empty(shape)
        self.sound = sound
        """Keys and values (1, heads, positions, width) of the features."""


class Layer:
    """One residual block: it attends to itself, in the decoder to the sound, and thinks."""

    def __init__(self, block: ResidualAttentionBlock, pack: Pack) -> None:
        attention = block.attn
        self.n_head: int = attention.n_head
        self._own_norm = _norm(block.attn_ln)
        self._own = _joined(pack, attention, ("query", "key", "value"))
        self._own_out = pack(attention.out.weight, attention.out.bias)
        if block.cross_attn is not None:
            attention = block.cross_attn
            self._sound_norm = _norm(block.cross_attn_ln)
            self._question = pack(attention.query.weight, attention.query.bias)
            self._sound = _joined(pack, attention, ("key", "value"))
            self._sound_out = pack(attention.out.weight, attention.out.bias)
        self._think_norm = _norm(block.mlp_ln)
        self._wide = pack(block.mlp[0].weight, block.mlp[0].bias)
        self._narrow = pack(block.mlp[2].weight, block.mlp[2].bias)

    def hear(self, x: Tensor) -> Tensor:
        """Take the encoder's step: x (1, positions, n_state)."""
        query, key, value = (self._heads(part) for part in self._own(self._own_norm(x)).chunk(3, dim=-1))
        x = x + self._own_out(_joined_heads(functional.scaled_dot_product_attention(query, key, value)))
        return self._think(x)

    def write(self, x: Tensor, memory: Memory, before: int) -> Tensor:
        """Take the decoder's step: x (1, tokens, n_state) after `before` tokens that are remembered.

        More than one token at a time only at the beginning.
        """
        count = x.shape[1]
        query, key, value = (self._heads(part) for part in self._own(self._own_norm(x)).chunk(3, dim=-1))
        memory.keys[:, :, before : before + count] = key
        memory.values[:, :, before : before + count] = value
        keys, values = memory.keys[:, :, : before + count], memory.values[:, :, : before + count]
        own = functional.scaled_dot_product_attention(query, keys, values, is_causal=count > 1)
        x = x + self._own_out(_joined_heads(own))
        question = self._heads(self._question(self._sound_norm(x)))
        heard = functional.scaled_dot_product_attention(question, *memory.sound)
        x = x + self._sound_out(_joined_heads(heard))
        return self._think(x)

    def remember(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values of the features (1, positions, n_state)."""
        key, value = self._sound(features).chunk(2, dim=-1)
        return self._heads(key).contiguous(), self._heads(value).contiguous()

    def _think(self, x: Tensor) -> Tensor:
        return x + self._narrow(functional.gelu(self._wide(self._think_norm(x))))

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:-1], self.n_head, -1).transpose(1, 2)


class Encoder:
    """From a mel spectrogram to features, over as much of the window as the spectrogram fills."""

    def __init__(self, encoder: AudioEncoder, pack: Pack) -> None:
        self.conv1, self.conv2 = encoder.conv1, encoder.conv2
        self._table = encoder.positional_embedding
        self._layers = [Layer(block, pack) for block in encoder.blocks]
        self._norm = _norm(encoder.ln_post)

    def __call__(self, mel: Tensor, between: Callable[[], None]) -> Tensor:
        """Return features (1, positions, n_state) of a spectrogram (1, n_mels, 2 × positions).

        `between` is called before each layer; what it raises ends the pass.
        """
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(mel)))).transpose(1, 2)
        x = x + self._table[: x.shape[1]]
        for layer in self._layers:
            between()
            x = layer.hear(x)
        return self._norm(x)


class Decoder:
    """From tokens to hidden states, with a memory for one text at a time."""

    def __init__(self, decoder: TextDecoder, pack: Pack) -> None:
        self.words = decoder.token_embedding
        self._places = decoder.positional_embedding
        self._layers = [Layer(block, pack) for block in decoder.blocks]
        self._norm = _norm(decoder.ln)

    def memory(self, features: Tensor) -> list[Memory]:
        """Return an empty memory of a text over features (1, positions, n_state)."""
        n_tokens, n_state = self._places.shape
        return [Memory(layer.n_head, n_tokens, n_state, layer.remember(features)) for layer in self._layers]

    def __call__(self, tokens: list[int], memory: list[Memory], before: int) -> Tensor:
        """Return hidden states (tokens, n_state) of tokens that follow the first `before`."""
        places = self._places[before : before + len(tokens)]
        x = self.words(torch.tensor([tokens])).float() + places
        for layer, remembered in zip(self._layers, memory, strict=True):
            x = layer.write(x, remembered, before)
        return self._norm(x)[0]


def _norm(norm: LayerNorm) -> Product:
    shape, weight, bias, eps = norm.normalized_shape, norm.weight, norm.bias, norm.eps
    return lambda x: functional.layer_norm(x, shape, weight, bias, eps)


def _joined(pack: Pack, attention: MultiHeadAttention, names: tuple[str, ...]) -> Product:
    """Return one product for several layers over the same input: it is read, and rounded, once."""
    layers = [getattr(attention, name) for name in names]
    matrix = torch.cat([layer.weight for layer in layers])
    # Whisper's keys have nothing added.
    added = [torch.zeros(len(layer.weight)) if layer.bias is None else layer.bias for layer in layers]
    return pack(matrix, torch.cat(added))


def _joined_heads(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)
