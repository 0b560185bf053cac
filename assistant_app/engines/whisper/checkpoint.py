"""Reads a Whisper checkpoint in OpenAI's format, without running code from it, and builds the model."""

import pickle
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
import whisper.model
from torch import Tensor, nn
from whisper.model import AudioEncoder, ModelDimensions, TextDecoder, Whisper, sinusoids

from assistant_app.core.errors import ModelError
from assistant_app.core.text import N_
from assistant_app.engines import machine

POSITIONS = 1500
"""Encoder positions of 30 s; every Whisper has as many."""

_ROOM = 1.2
"""Memory for a model while it is built, as a multiple of its 32-bit weights."""
_TABLE_TOLERANCE = 0.02
"""How far a table of positions in half precision may be from the sines that it was made of."""

_LIMITS: dict[str, tuple[int, ...] | range] = {
    "n_mels": (80, 128),
    "n_audio_ctx": (POSITIONS,),
    "n_audio_state": range(2, 2049),
    "n_audio_head": range(1, 65),
    "n_audio_layer": range(1, 65),
    "n_vocab": (51864, 51865, 51866),
    "n_text_ctx": range(64, 1025),
    "n_text_state": range(2, 2049),
    "n_text_head": range(1, 65),
    "n_text_layer": range(1, 65),
}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model as its file has it, in 32-bit numbers, and what matters of the file."""

    whisper: Whisper
    n_params: int
    halves: bool
    """Its weights were stored with 16 bits."""
    sinusoidal: bool
    """The encoder's table of positions is the sines that a cut window may rely on."""


def load(path: Path) -> Checkpoint:
    """Read a `.pt` file. Raises ModelError with a finished sentence when it is none that can be used."""
    content = _read(path)
    if not isinstance(content, Mapping) or not isinstance(content.get("dims"), Mapping):
        raise _foreign(path, "no dims")
    state = content.get("model_state_dict")
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise _foreign(path, "no model_state_dict")
    dims = _dimensions(path, content["dims"])
    model = _Hollow(dims)
    _compare(path, model.state_dict(), state)
    _check_memory(path, model)
    return _fill(path, model, state)


class _Hollow(Whisper):  # type: ignore[misc]  # whisper has no types
    """A Whisper without numbers: filling it with random ones first would take seconds and the memory."""

    def __init__(self, dims: ModelDimensions) -> None:
        nn.Module.__init__(self)
        self.dims = dims
        with torch.device("meta"), _no_start_values():
            self.encoder = AudioEncoder(
                dims.n_mels, dims.n_audio_ctx, dims.n_audio_state, dims.n_audio_head, dims.n_audio_layer
            )
            self.decoder = TextDecoder(
                dims.n_vocab, dims.n_text_ctx, dims.n_text_state, dims.n_text_head, dims.n_text_layer
            )
        # What no file holds, as whisper makes it.
        mask = torch.full((dims.n_text_ctx, dims.n_text_ctx), float("-inf")).triu_(1)
        self.decoder.register_buffer("mask", mask, persistent=False)


@contextmanager
def _no_start_values() -> Iterator[None]:
    """Let layers be made without start values, which the file replaces.

    On the meta device torch computes some of them in Python and imports its compiler and sympy for that:
    seconds of every start.
    """

    def empty(length: int, channels: int) -> Tensor:
        return torch.empty(length, channels)

    def same(tensor: Tensor, *_: object, **__: object) -> Tensor:
        return tensor

    replaced: dict[tuple[Any, str], Callable[..., Tensor]] = {
        **{(nn.init, name): same for name in ("normal_", "uniform_", "kaiming_uniform_", "ones_", "zeros_")},
        (torch.Tensor, "triu_"): same,
        (whisper.model, "sinusoids"): empty,
    }
    before = {(module, name): getattr(module, name) for module, name in replaced}
    try:
        for (module, name), function in replaced.items():
            setattr(module, name, function)
        yield
    finally:
        for (module, name), function in before.items():
            setattr(module, name, function)


def _read(path: Path) -> Any:
    try:
        if not path.is_file():
            raise FileNotFoundError(path)
        mapped = zipfile.is_zipfile(path)
        # weights_only: numbers and plain containers are unpickled, and nothing else.
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except FileNotFoundError:
        raise ModelError(
            N_("The speech model “{name}” is no longer there; choose another one in the settings."),
            name=path.name,
        ) from None
    except pickle.UnpicklingError as error:
        raise _foreign(path, str(error)) from None
    except OSError as error:
        raise ModelError(
            N_("The speech model “{name}” cannot be read; check its permissions or choose another one."),
            detail=str(error),
            name=path.name,
        ) from None
    except Exception as error:  # a damaged archive raises whatever its place of damage brings about
        raise _damaged(path, repr(error)) from None


def _dimensions(path: Path, said: Mapping[Any, Any]) -> ModelDimensions:
    names = {field.name for field in fields(ModelDimensions)}
    if set(said) != names or not all(type(value) is int for value in said.values()):
        raise _foreign(path, f"dims {sorted(map(str, said))}")
    wrong = [name for name, allowed in _LIMITS.items() if said[name] not in allowed]
    if (
        wrong
        or said["n_audio_state"] != said["n_text_state"]
        or said["n_audio_state"] % 2
        or said["n_audio_state"] % said["n_audio_head"]
        or said["n_text_state"] % said["n_text_head"]
    ):
        raise _foreign(path, f"dims {dict(said)}, wrong: {wrong}")
    return ModelDimensions(**said)


def _compare(path: Path, expected: Mapping[str, Tensor], state: Mapping[Any, Tensor]) -> None:
    if set(expected) != set(state):
        raise _damaged(path, f"tensors {sorted(set(expected) ^ set(state))[:8]}")
    for name, tensor in state.items():
        if tensor.shape != expected[name].shape or not tensor.dtype.is_floating_point:
            raise _damaged(path, f"{name}: {tuple(tensor.shape)} {tensor.dtype}")
        if tensor.is_sparse or tensor.device.type != "cpu":
            raise _damaged(path, f"{name} is no plain tensor")


def _check_memory(path: Path, expected: Whisper) -> None:
    needed = int(_ROOM * 4 * sum(tensor.numel() for tensor in expected.parameters()))
    available = machine.available_bytes()
    if needed > available:
        raise ModelError(
            N_(
                "The speech model “{name}” needs {needed_mb} MB of memory, but {available_mb} MB are free;"
                " choose a smaller one."
            ),
            name=path.name,
            needed_mb=needed >> 20,
            available_mb=available >> 20,
        )


def _fill(path: Path, model: Whisper, state: Mapping[str, Tensor]) -> Checkpoint:
    weights: dict[str, Tensor] = {}
    for name, tensor in state.items():
        weights[name] = tensor.to(torch.float32, copy=True).contiguous()
        if not torch.isfinite(weights[name]).all():
            raise _damaged(path, f"{name} is not finite")
    model.load_state_dict(weights, assign=True)
    table = model.encoder.positional_embedding
    distance = (table - sinusoids(POSITIONS, model.dims.n_audio_state)).abs().max()
    model.eval().requires_grad_(False)
    return Checkpoint(
        whisper=model,
        n_params=sum(parameter.numel() for parameter in model.parameters()),
        halves=state["decoder.token_embedding.weight"].dtype is torch.float16,
        sinusoidal=bool(distance < _TABLE_TOLERANCE),
    )


def _foreign(path: Path, detail: str) -> ModelError:
    return ModelError(
        N_("“{name}” is not a Whisper model in OpenAI's format; choose another speech model."),
        detail=detail,
        name=path.name,
    )


def _damaged(path: Path, detail: str) -> ModelError:
    return ModelError(
        N_("The speech model “{name}” is damaged; download it again or choose another one."),
        detail=detail,
        name=path.name,
    )
