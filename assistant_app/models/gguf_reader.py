"""Reads the raw header of a GGUF file: metadata and the extent of the tensors, bounded against hostile files.

The format: github.com/ggml-org/ggml/blob/master/docs/gguf.md. Nothing is allocated by a length
that the file states before that many bytes are known to exist, and every count has a limit. The
file is read, not mapped: a mapped file that is truncated meanwhile would kill this process.
"""

import math
import struct
from dataclasses import dataclass
from typing import BinaryIO

MAX_HEADER_BYTES = 192 << 20
MAX_STRING_BYTES = 4 << 20
MAX_METADATA = 65_536
MAX_TENSORS = 262_144
MAX_ELEMENTS = 4 << 20
"""Elements of all arrays together; the largest vocabularies with merges have about 800,000."""
MAX_KEPT_ELEMENTS = 4096
"""Longer arrays (vocabularies) are skipped; only their length is kept."""
_CHUNK_BYTES = 1 << 20

_SCALARS: dict[int, struct.Struct] = {
    0: struct.Struct("<B"),
    1: struct.Struct("<b"),
    2: struct.Struct("<H"),
    3: struct.Struct("<h"),
    4: struct.Struct("<I"),
    5: struct.Struct("<i"),
    6: struct.Struct("<f"),
    7: struct.Struct("<?"),
    10: struct.Struct("<Q"),
    11: struct.Struct("<q"),
    12: struct.Struct("<d"),
}
_STRING = 8
_ARRAY = 9
_U32 = _SCALARS[4]
_U64 = _SCALARS[10]

BLOCKS: dict[int, tuple[int, int]] = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110),
    22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8),
    29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18),
}  # fmt: skip
"""Tensor type → (elements, bytes) of one block: ggml's type table; a test compares it with the library."""


class FormatError(Exception):
    """The bytes are not a GGUF header, or one that no writer would produce."""


class UnknownTensorType(Exception):
    """A tensor is stored in a way that this version does not know."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Stands for an array that was too long to keep."""

    length: int


Scalar = int | float | bool | str
Value = Scalar | list[Scalar] | Skipped


@dataclass(frozen=True, slots=True)
class RawHeader:
    """Everything before the tensor data, as it stands in the file."""

    version: int
    metadata: dict[str, Value]
    tensor_count: int
    n_elements: int
    """Of all tensors: the number of parameters."""
    data_end: int
    """Offset of the first byte after the last tensor; a shorter file is truncated."""


class _Cursor:
    """Reads forward through a file whose size is known, never past the header limit."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._limit = min(size, MAX_HEADER_BYTES)
        self._buffer = b""
        self._start = 0
        self._at = 0

    @property
    def position(self) -> int:
        return self._start + self._at

    def take(self, n: int) -> bytes:
        self._need(n)
        taken = self._buffer[self._at : self._at + n]
        self._at += n
        return taken

    def scalar(self, kind: struct.Struct) -> Scalar:
        self._need(kind.size)
        value: Scalar = kind.unpack_from(self._buffer, self._at)[0]
        self._at += kind.size
        return value

    def u32(self) -> int:
        return int(self.scalar(_U32))

    def u64(self) -> int:
        return int(self.scalar(_U64))

    def skip(self, n: int) -> None:
        self._need(n)
        self._at += n

    def string(self, limit: int = MAX_STRING_BYTES) -> str:
        length = self.u64()
        if length > limit:
            raise FormatError(f"a text of {length} bytes at {self.position}")
        return self.take(length).decode("utf-8", errors="replace")

    def _need(self, n: int) -> None:
        missing = self._at + n - len(self._buffer)
        if missing <= 0:
            return
        if self.position + n > self._limit:
            raise FormatError(f"the header wants {n} bytes at {self.position}, beyond its end or limit")
        self._start += self._at
        more = self._file.read(max(missing, _CHUNK_BYTES))
        self._buffer = self._buffer[self._at :] + more
        self._at = 0
        if len(self._buffer) < n:
            raise FormatError("the file became shorter while it was read")


def read_raw(file: BinaryIO, size: int) -> RawHeader:
    """Read a header from the start of `file`, which is `size` bytes long and begins with "GGUF".

    Raises:
        FormatError: It is damaged.
        UnknownTensorType: It is newer than this program.
        OSError: It cannot be read.
    """
    cursor = _Cursor(file, size)
    cursor.skip(4)
    version = cursor.u32()
    tensor_count, metadata_count = cursor.u64(), cursor.u64()
    if tensor_count > MAX_TENSORS or metadata_count > MAX_METADATA:
        raise FormatError(f"{tensor_count} tensors and {metadata_count} metadata")
    metadata = _metadata(cursor, metadata_count)
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20 or alignment & (alignment - 1):
        raise FormatError(f"alignment {alignment!r}")
    n_elements = extent = 0
    for _ in range(tensor_count):
        elements, end = _tensor(cursor, alignment)
        n_elements += elements
        extent = max(extent, end)
    data_start = -(-cursor.position // alignment) * alignment if tensor_count else cursor.position
    return RawHeader(version, metadata, tensor_count, n_elements, data_start + extent)


def _metadata(cursor: _Cursor, count: int) -> dict[str, Value]:
    metadata: dict[str, Value] = {}
    elements_left = MAX_ELEMENTS
    for _ in range(count):
        key = cursor.string(limit=65_535)
        kind = cursor.u32()
        if kind == _ARRAY:
            value, used = _array(cursor, elements_left)
            elements_left -= used
            metadata[key] = value
        elif kind == _STRING:
            metadata[key] = cursor.string()
        elif kind in _SCALARS:
            metadata[key] = cursor.scalar(_SCALARS[kind])
        else:
            raise FormatError(f"metadata type {kind} of {key[:80]!r}")
    return metadata


def _array(cursor: _Cursor, elements_left: int) -> tuple[Value, int]:
    kind, length = cursor.u32(), cursor.u64()
    if length > elements_left:
        raise FormatError(f"an array of {length} elements")
    if kind == _STRING:
        # A vocabulary: walked without building a quarter of a million strings.
        for _ in range(length):
            cursor.skip(_string_length(cursor))
        return Skipped(length), length
    scalar = _SCALARS.get(kind)
    if scalar is None:
        raise FormatError(f"array type {kind}")
    if length > MAX_KEPT_ELEMENTS:
        cursor.skip(scalar.size * length)
        return Skipped(length), length
    return [cursor.scalar(scalar) for _ in range(length)], length


def _string_length(cursor: _Cursor) -> int:
    length = cursor.u64()
    if length > MAX_STRING_BYTES:
        raise FormatError(f"a text of {length} bytes at {cursor.position}")
    return length


def _tensor(cursor: _Cursor, alignment: int) -> tuple[int, int]:
    """Return the element count of the next tensor and where its data ends, from the start of the data."""
    name = cursor.string(limit=1024)
    n_dims = cursor.u32()
    if n_dims > 4:
        raise FormatError(f"{n_dims} dimensions of {name!r}")
    dims = [cursor.u64() for _ in range(n_dims)]
    kind, offset = cursor.u32(), cursor.u64()
    block = BLOCKS.get(kind)
    if block is None:
        raise UnknownTensorType(f"tensor type {kind} of {name!r}")
    elements = math.prod(dims)
    if elements > 1 << 62 or (dims and dims[0] % block[0]) or offset % alignment:
        raise FormatError(f"shape {dims}, type {kind}, offset {offset} of {name!r}")
    return elements, offset + elements // block[0] * block[1]
