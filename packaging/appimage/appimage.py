"""Makes the AppImage: `appimage.py PAYLOAD OUTPUT`, the runtime and behind it the squashfs image that
packages.py made.

An AppImage is no more than that: the runtime finds the image behind its own last section and mounts it. So
the tested payload is shipped byte for byte, and no tool but the runtime has to be trusted. Its release and
its hash are pinned here; another file is refused.
"""

import argparse
import hashlib
import struct
import sys
import urllib.request
from pathlib import Path

RUNTIME_URL = "https://github.com/AppImage/type2-runtime/releases/download/20251108/runtime-x86_64"
RUNTIME_SHA256 = "2fca8b443c92510f1483a883f60061ad09b46b978b2631c807cd873a47ec260d"
RUNTIME_MOST_BYTES = 8 << 20

_MAGIC = b"AI\x02"
"""An AppImage of type 2 says so in the padding of its ELF header, from byte 8 on."""


class AppImageError(Exception):
    """Why no AppImage is made, in one sentence."""


def checked(runtime: bytes, sha256: str = RUNTIME_SHA256) -> bytes:
    """Return the runtime if it is the pinned one and ends where an image may begin. Raises AppImageError."""
    found = hashlib.sha256(runtime).hexdigest()
    if found != sha256:
        raise AppImageError(f"The runtime is not the pinned one: its SHA-256 is {found}, expected {sha256}.")
    if runtime[:4] != b"\x7fELF" or runtime[8:11] != _MAGIC:
        raise AppImageError("The runtime is no AppImage runtime of type 2.")
    if elf_size(runtime) != len(runtime):
        raise AppImageError(
            "The runtime has bytes behind its last section, where it would look for the image."
        )
    return runtime


def elf_size(program: bytes) -> int:
    """Return where a 64-bit ELF file ends by its own account, as the runtime reckons it, in bytes."""
    start: int = struct.unpack_from("<Q", program, 40)[0]
    size, count = struct.unpack_from("<HH", program, 58)
    # The table of sections is the last thing, or the last section is.
    ends: list[int] = [start + size * count]
    for index in range(count):
        kind = struct.unpack_from("<I", program, start + index * size + 4)[0]
        offset, length = struct.unpack_from("<QQ", program, start + index * size + 24)
        if kind != 8:  # SHT_NOBITS: memory without bytes in the file
            ends.append(offset + length)
    return max(ends)


def assemble(runtime: bytes, payload: Path, output: Path) -> None:
    """Write the AppImage. Raises AppImageError when the payload is no squashfs image, OSError."""
    image = payload.read_bytes()
    if image[:4] != b"hsqs":
        raise AppImageError(f"{payload} is no squashfs image.")
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_name(output.name + ".part")
    unfinished.write_bytes(runtime + image)
    unfinished.chmod(0o755)
    unfinished.replace(output)


def fetch(url: str = RUNTIME_URL) -> bytes:
    """Return the runtime from where it is published. Raises OSError."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return bytes(answer.read(RUNTIME_MOST_BYTES))


def main() -> None:
    """Make an AppImage, or say why not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("payload", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--runtime", type=Path, help="a file with the pinned runtime, instead of fetching it")
    options = parser.parse_args()
    try:
        runtime = checked(options.runtime.read_bytes() if options.runtime else fetch())
        assemble(runtime, options.payload, options.output)
    except (AppImageError, OSError) as error:
        sys.exit(f"There is no AppImage: {error}")


if __name__ == "__main__":
    main()
