"""What a GGUF file says about the model in it, and in one sentence why one cannot be used."""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from assistant_app.core.errors import ModelError
from assistant_app.core.fit import ModelShape
from assistant_app.core.text import N_
from assistant_app.models.gguf_reader import (
    FormatError,
    RawHeader,
    Skipped,
    UnknownTensorType,
    read_raw,
)

_DAMAGED = N_("{name} is damaged and cannot be read; download it again or choose another model.")

_FOREIGN_STARTS = (
    (b"<", N_("{name} is a web page, not a model: the download went wrong. Download the file itself.")),
    (
        b"version https://git-lfs",
        N_("{name} is only a pointer to a model, not the model itself; download the file itself."),
    ),
)

_NO_CHAT_MODELS = frozenset(
    {
        "bert", "modern-bert", "neo-bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3",
        "eurobert", "gemma-embedding", "llama-embed", "t5encoder", "wavtokenizer-dec",
    }
)  # fmt: skip
"""Architectures that turn text into numbers (or numbers into sound) and cannot write."""

_SAMPLING = {
    "temp": ("temperature", 0.0, 2.0),
    "top_k": ("top_k", 0, 1000),
    "top_p": ("top_p", 0.0, 1.0),
    "min_p": ("min_p", 0.0, 1.0),
    "penalty_repeat": ("repeat_penalty", 1.0, 2.0),
}
"""Keys below general.sampling, with our names for them and the range in which they are believed."""

_SPLIT_NAME = re.compile(r"(?P<stem>.+)-(?P<part>\d{5})-of-(?P<count>\d{5})\.gguf", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What is known of a chat model before it is loaded. Counts are 0 where the file does not say."""

    architecture: str
    name: str
    """As the file calls itself; empty where it does not."""
    n_ctx_train: int
    """Tokens of context that the model was trained for."""
    n_layer: int
    n_embd: int
    n_head: int
    n_head_kv: int
    """Averaged over the layers and rounded up: hybrid models have layers without any."""
    head_dim_k: int
    """Elements of a key per head."""
    head_dim_v: int
    n_ff: int
    n_vocab: int
    n_params: int
    chat_template: str
    """Jinja source; empty where the file has none."""
    sampling: Mapping[str, float]
    """What the makers recommend, by the field names of core.sampling; empty where they say nothing."""
    size_bytes: int
    """Of all parts of a split model together."""
    data_end: int
    """Bytes that this file must at least have."""
    parts: tuple[Path, ...]
    """The files of the model, first part first."""

    def shape(self) -> ModelShape:
        """Return the numbers that decide how much memory the model takes."""
        return ModelShape(
            size_bytes=self.size_bytes,
            n_layer=self.n_layer,
            n_embd=self.n_embd,
            n_head=self.n_head,
            n_head_kv=self.n_head_kv,
            n_vocab=self.n_vocab,
            n_ff=self.n_ff,
            head_dim_k=self.head_dim_k,
            head_dim_v=self.head_dim_v,
        )


def read_header(path: Path) -> GgufHeader:
    """Read and judge the header of a chat model.

    Raises:
        ModelError: Missing, unreadable, empty, truncated, damaged, of another format or version, or
            no chat model; the sentence says which.
    """
    parts = _parts(path)
    size, raw = _read_one(parts[0])
    _refuse_other_kinds(raw, path.name)
    if _integer(raw, "split.count") > 1 and len(parts) == 1:
        raise ModelError(
            N_("{name} is one part of a split model; put all parts into one folder under their own names."),
            name=path.name,
        )
    n_params = raw.n_elements
    for part in parts[1:]:
        part_size, part_raw = _read_one(part)
        size += part_size
        n_params += part_raw.n_elements
    return _header(raw, size, n_params, parts, path.name)


def _parts(path: Path) -> tuple[Path, ...]:
    match = _SPLIT_NAME.fullmatch(path.name)
    if match is None or int(match["count"]) < 2:
        return (path,)
    count = int(match["count"])
    if count > 999:
        raise ModelError(_DAMAGED, name=path.name, detail=f"{count} parts")
    parts = tuple(
        path.with_name(f"{match['stem']}-{n:05d}-of-{count:05d}{path.suffix}") for n in range(1, count + 1)
    )
    for part in parts:
        if not part.is_file():
            raise ModelError(
                N_("A part of the model is missing: {part}. Put all parts into one folder."), part=part.name
            )
    return parts


def _read_one(path: Path) -> tuple[int, RawHeader]:
    try:
        # O_NONBLOCK: a named pipe in the models folder must not stop the application.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(path, flags), "rb") as file:
            return _read_open(file, path)
    except FileNotFoundError:
        raise ModelError(
            N_("The model file {name} is not there any more; choose another model or add it again."),
            name=path.name,
            detail=str(path),
        ) from None
    except OSError as error:
        raise ModelError(
            N_("The model file {name} cannot be read ({reason}); check its permissions or the disk."),
            name=path.name,
            reason=error.strerror or str(error),
            detail=f"{path}: {error!r}",
        ) from error


def _read_open(file: BinaryIO, path: Path) -> tuple[int, RawHeader]:
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise ModelError(N_("{name} is not a file; choose a GGUF file."), name=path.name)
    size = status.st_size
    start = file.read(64)
    file.seek(0)
    _refuse_foreign(start, path.name)
    try:
        raw = read_raw(file, size)
    except FormatError as error:
        raise ModelError(_DAMAGED, name=path.name, detail=f"{path}: {error}") from None
    except UnknownTensorType as error:
        raise ModelError(
            N_("{name} is newer than this version can read; choose another file of the same model."),
            name=path.name,
            detail=f"{path}: {error}",
        ) from None
    if raw.data_end > size:
        raise ModelError(
            N_(
                "{name} is not complete: it has {have} of {need} MB."
                " Finish the download or download it again."
            ),
            name=path.name,
            have=size // 1_000_000,
            need=-(-raw.data_end // 1_000_000),
            detail=f"{path}: {size} of {raw.data_end} bytes",
        )
    return size, raw


def _refuse_foreign(start: bytes, name: str) -> None:
    if not start:
        raise ModelError(N_("{name} is empty: the download did not begin or was lost."), name=name)
    for prefix, sentence in _FOREIGN_STARTS:
        if start.startswith(prefix):
            raise ModelError(sentence, name=name)
    if start[:4] != b"GGUF":
        raise ModelError(
            N_("{name} is not a GGUF model; only GGUF files can be used here."),
            name=name,
            detail=f"starts with {start[:16]!r}",
        )
    if len(start) < 24:
        raise ModelError(_DAMAGED, name=name, detail=f"{len(start)} bytes")
    version = int.from_bytes(start[4:8], "little")
    if version and version & 0xFFFF == 0:
        raise ModelError(
            N_("{name} was made for another kind of processor (big-endian) and cannot be used here."),
            name=name,
        )
    if version not in (2, 3):
        raise ModelError(
            N_("{name} has GGUF version {version}, which cannot be read; choose a file of version 2 or 3."),
            name=name,
            version=version,
        )


def _refuse_other_kinds(raw: RawHeader, name: str) -> None:
    kind = _text(raw, "general.type")
    architecture = _text(raw, "general.architecture")
    if kind == "adapter" or _text(raw, "adapter.type"):
        raise ModelError(
            N_("{name} is an adapter (LoRA), not a whole model; choose the model that it belongs to."),
            name=name,
        )
    if kind == "mmproj" or architecture == "clip":
        raise ModelError(
            N_("{name} only lets another model see pictures; choose that model itself."), name=name
        )
    if kind == "imatrix" or architecture == "imatrix":
        raise ModelError(N_("{name} holds measurements for quantisation, not a model."), name=name)
    if architecture in _NO_CHAT_MODELS or raw.metadata.get(f"{architecture}.attention.causal") is False:
        raise ModelError(
            N_("{name} can compare texts but not write answers; choose a chat model."), name=name
        )
    if raw.tensor_count == 0:
        raise ModelError(N_("{name} holds a vocabulary without a model; choose another file."), name=name)


def _header(raw: RawHeader, size: int, n_params: int, parts: tuple[Path, ...], name: str) -> GgufHeader:
    architecture = _text(raw, "general.architecture")
    n_layer = _integer(raw, f"{architecture}.block_count")
    n_embd = _integer(raw, f"{architecture}.embedding_length")
    n_ctx_train = _integer(raw, f"{architecture}.context_length")
    if not architecture or not n_layer or not n_embd or not n_ctx_train or n_layer > 4096:
        numbers = f"{architecture!r}: {n_layer} layers, {n_embd} wide, {n_ctx_train} context"
        raise ModelError(_DAMAGED, name=name, detail=numbers)
    heads = _per_layer(raw, f"{architecture}.attention.head_count", n_layer, default=0)
    heads_kv = _per_layer(raw, f"{architecture}.attention.head_count_kv", n_layer, default=max(heads))
    head_dim = n_embd // max(heads) if max(heads) else 0
    return GgufHeader(
        architecture=architecture,
        name=_text(raw, "general.name").strip()[:200],
        n_ctx_train=n_ctx_train,
        n_layer=n_layer,
        n_embd=n_embd,
        n_head=max(heads),
        n_head_kv=-(-sum(heads_kv) // n_layer),
        head_dim_k=_integer(raw, f"{architecture}.attention.key_length") or head_dim,
        head_dim_v=_integer(raw, f"{architecture}.attention.value_length") or head_dim,
        n_ff=max(_per_layer(raw, f"{architecture}.feed_forward_length", n_layer, default=0)),
        n_vocab=_integer(raw, f"{architecture}.vocab_size") or _length(raw, "tokenizer.ggml.tokens"),
        n_params=n_params,
        chat_template=_text(raw, "tokenizer.chat_template"),
        sampling=_sampling(raw),
        size_bytes=size,
        data_end=raw.data_end,
        parts=parts,
    )


def _sampling(raw: RawHeader) -> dict[str, float]:
    """Return the recommended sampling; values that make no sense are left out."""
    found = {}
    for key, (name, least, most) in _SAMPLING.items():
        value = raw.metadata.get(f"general.sampling.{key}")
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            # GGUF stores 32-bit floats: 0.7 would read 0.699999988.
            found[name] = round(value, 6)
    return found


def _text(raw: RawHeader, key: str) -> str:
    value = raw.metadata.get(key, "")
    return value if isinstance(value, str) else ""


def _integer(raw: RawHeader, key: str, default: int = 0) -> int:
    value = raw.metadata.get(key, default)
    return value if isinstance(value, int) and 0 <= value < 1 << 31 else default


def _length(raw: RawHeader, key: str) -> int:
    value = raw.metadata.get(key)
    if isinstance(value, Skipped):
        return value.length
    return len(value) if isinstance(value, list) else 0


def _per_layer(raw: RawHeader, key: str, n_layer: int, default: int) -> list[int]:
    """Return a number per layer; hybrid models store a list, all others one number."""
    value = raw.metadata.get(key)
    if isinstance(value, list) and value:
        numbers = [v if isinstance(v, int) and 0 <= v < 1 << 20 else 0 for v in value[:n_layer]]
        return numbers + [numbers[-1]] * (n_layer - len(numbers))
    return [min(_integer(raw, key, default), 1 << 20)] * n_layer
