"""What an ELF file of x86-64 says of itself: its name, what it needs and where it looks for that.

Read here and not with readelf, so that a clean system without binutils can be asked too.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NEEDED, _DT_STRTAB, _DT_SONAME, _DT_RPATH, _DT_RUNPATH = 1, 5, 14, 15, 29
_DT_VERNEED, _DT_VERNEEDNUM = 0x6FFFFFFE, 0x6FFFFFFF


class NotElf(ValueError):
    """The file begins like an ELF file and is damaged, or made for another machine."""


@dataclass(frozen=True, slots=True)
class Elf:
    """The dynamic section of a file; all empty for a statically linked program."""

    soname: str = ""
    needed: tuple[str, ...] = ()
    run_path: tuple[str, ...] = ()
    """Folders to search, `$ORIGIN` not yet replaced."""
    versions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of a library to the versions of symbols wanted from it, such as GLIBC_2.34."""


def is_elf(path: Path) -> bool:
    """Tell whether a regular file (no link) begins like an ELF file. Raises OSError."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


def elf_files(folder: Path) -> Iterator[Path]:
    """Yield every ELF file below a folder, sorted. Raises OSError."""
    return (path for path in sorted(folder.rglob("*")) if is_elf(path))


def read_elf(path: Path) -> Elf:
    """Read one file. Raises NotElf, OSError."""
    try:
        return _Reader(path.read_bytes()).read()
    except (struct.error, IndexError, ValueError) as error:
        raise NotElf(f"{path}: {error}") from error


def forget_run_path(path: Path) -> bool:
    """Take the folders to search out of a file when they are those of the machine that it was made on.

    Whoever can write to a folder of that name elsewhere would have their libraries loaded. Folders that
    count from the file itself, with `$ORIGIN`, stay. Returns whether the file was changed. Raises NotElf,
    OSError.
    """
    found = read_elf(path).run_path
    if not found or any("ORIGIN" in folder for folder in found):
        return False
    data = bytearray(path.read_bytes())
    start, pairs = _Reader(bytes(data)).dynamic_section()
    kept = [pair for pair in pairs if pair[0] not in (_DT_RPATH, _DT_RUNPATH)]
    # The end of the section is an entry of zeros; so are the places that became free before it.
    kept += [(0, 0)] * (len(pairs) - len(kept))
    for index, pair in enumerate(kept):
        struct.pack_into("<qQ", data, start + 16 * index, *pair)
    path.write_bytes(data)
    return True


class _Reader:
    """The bytes of one file, and where its memory addresses lie in them."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        if data[:4] != b"\x7fELF" or data[4:6] != b"\x02\x01":
            raise ValueError("not a little-endian ELF file of 64 bits")
        (start,) = struct.unpack_from("<Q", data, 32)
        size, count = struct.unpack_from("<HH", data, 54)
        self._segments = [
            struct.unpack_from("<IIQQQQQQ", data, start + index * size) for index in range(count)
        ]

    def read(self) -> Elf:
        _start, dynamic = self.dynamic_section()
        values = dict(dynamic)
        if _DT_STRTAB not in values:
            return Elf()
        names = self._offset(values[_DT_STRTAB])
        run_path = values.get(_DT_RUNPATH, values.get(_DT_RPATH))
        return Elf(
            soname=self._text(names + values[_DT_SONAME]) if _DT_SONAME in values else "",
            needed=tuple(self._text(names + value) for tag, value in dynamic if tag == _DT_NEEDED),
            run_path=tuple(filter(None, self._text(names + run_path).split(":")))
            if run_path is not None
            else (),
            versions=self._versions(values, names),
        )

    def dynamic_section(self) -> tuple[int, list[tuple[int, int]]]:
        """Return where the dynamic section begins in the file, and its entries before the end mark."""
        for kind, _flags, offset, _address, _physical, size, _memory, _align in self._segments:
            if kind == _PT_DYNAMIC:
                places = range(offset, offset + size, 16)
                pairs = [struct.unpack_from("<qQ", self._data, at) for at in places]
                end = next((i for i, (tag, _value) in enumerate(pairs) if tag == 0), len(pairs))
                return offset, pairs[:end]
        return 0, []

    def _offset(self, address: int) -> int:
        for kind, _flags, offset, start, _physical, size, _memory, _align in self._segments:
            if kind == _PT_LOAD and start <= address < start + size:
                return int(offset + address - start)
        raise ValueError(f"no segment holds the address {address:#x}")

    def _text(self, offset: int) -> str:
        return self._data[offset : self._data.index(b"\0", offset)].decode()

    def _versions(self, values: dict[int, int], names: int) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        if _DT_VERNEED not in values:
            return found
        at = self._offset(values[_DT_VERNEED])
        for _library in range(values.get(_DT_VERNEEDNUM, 0)):
            _version, count, file_name, first, following = struct.unpack_from("<HHIII", self._data, at)
            wanted, entry = [], at + first
            for _symbol in range(count):
                _hash, _flags, _other, name, step = struct.unpack_from("<IHHII", self._data, entry)
                wanted.append(self._text(names + name))
                entry += step
            found[self._text(names + file_name)] = tuple(wanted)
            at += following
        return found
