"""Reads a model file once before it is mapped: existence, kind, SHA-256, and its pages into the cache.

llama.cpp maps a model with all its pages at once, which cannot be interrupted and takes as long as
the disk does. Reading the file first, in steps that look at the stop byte, makes progress true and
keeps that one call short.
"""

import ctypes
import hashlib
import json
import mmap
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant_app.core.errors import ModelError
from assistant_app.core.text import N_
from assistant_app.engines.llama.stop import StopByte

_STEP_BYTES = 8 << 20
_MAGIC = b"GGUF"
_KNOWN_HASHES = "model-hashes.json"


def check(path: Path) -> int:
    """Return the size of a model file in bytes. Raises ModelError when it is none."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ModelError(N_("“{name}” is not a file; choose another model under Models."), name=path.name)
        with path.open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError:
        raise ModelError(
            N_("The model file “{name}” is no longer there; choose another model under Models."),
            name=path.name,
        ) from None
    except OSError as error:
        raise ModelError(
            N_("The model file “{name}” cannot be read; check its permissions or choose another model."),
            detail=str(error),
            name=path.name,
        ) from None
    if magic != _MAGIC:
        raise ModelError(
            N_("“{name}” is not a GGUF model; choose another model under Models."), name=path.name
        )
    return size


def read_through(path: Path, notes: Path | None, stop: StopByte, progress: Callable[[float], None]) -> str:
    """Bring the file into the page cache and return its SHA-256.

    `notes` is a folder in which known hashes are kept by path, size, and time of change: then only
    pages that are not in memory are read. Raises Cancelled, ModelError.
    """
    try:
        with path.open("rb") as file:
            stat = os.fstat(file.fileno())
            key = f"{path.absolute()}|{stat.st_size}|{stat.st_mtime_ns}|{stat.st_ino}"
            known = _known_hash(notes, key)
            digest = None if known else hashlib.sha256()
            buffer = bytearray(_STEP_BYTES)
            resident = _resident(file.fileno(), stat.st_size) if known else None
            for offset in range(0, stat.st_size, _STEP_BYTES):
                stop.check()
                progress(offset / stat.st_size)
                if resident is not None and resident(offset):
                    continue
                file.seek(offset)
                count = file.readinto(buffer)
                if digest is not None:
                    digest.update(memoryview(buffer)[:count])
    except OSError as error:
        raise ModelError(
            N_("The model file “{name}” cannot be read; check the disk or choose another model."),
            detail=str(error),
            name=path.name,
        ) from None
    if known or digest is None:
        return known
    sha256 = digest.hexdigest()
    _remember_hash(notes, key, sha256)
    return sha256


def _known_hash(notes: Path | None, key: str) -> str:
    if notes is None:
        return ""
    try:
        value = json.loads((notes / _KNOWN_HASHES).read_text()).get(key, "")
        return value if isinstance(value, str) and len(value) == 64 else ""
    except (OSError, ValueError, AttributeError):
        return ""


def _remember_hash(notes: Path | None, key: str, sha256: str) -> None:
    if notes is None:
        return
    path = notes / _KNOWN_HASHES
    try:
        known = json.loads(path.read_text())
    except (OSError, ValueError):
        known = {}
    known = dict(list(known.items())[-63:]) if isinstance(known, dict) else {}
    known[key] = sha256
    write_private(path, json.dumps(known, indent=1).encode())


def write_private(path: Path, content: bytes) -> bool:
    """Replace a file of the cache, readable by its owner only; False when the disk refuses."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        return False
    return True


def _resident(fd: int, size: int) -> Callable[[int], bool] | None:
    """Return a function that tells whether the step at an offset is in the page cache; None: unknown."""
    if sys.platform == "win32":
        return None
    else:
        mincore: Any = getattr(ctypes.CDLL(None), "mincore", None)
        if mincore is None or size == 0:
            return None
        pages = -(-size // mmap.PAGESIZE)
        flags = (ctypes.c_ubyte * pages)()
        with mmap.mmap(fd, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE) as mapping:
            view = (ctypes.c_char * size).from_buffer(mapping)
            result = mincore(ctypes.c_void_p(ctypes.addressof(view)), ctypes.c_size_t(size), flags)
            del view
        if result != 0:
            return None
        resident = bytes(flags)

        def in_memory(offset: int) -> bool:
            first = offset // mmap.PAGESIZE
            step = resident[first : first + _STEP_BYTES // mmap.PAGESIZE]
            return b"\x00" not in step

        return in_memory
