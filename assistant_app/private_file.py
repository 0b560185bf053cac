"""Small text files that only their owner reads, and that are whole whenever the power goes."""

import os
from pathlib import Path


def write_private(path: Path, text: str, previous: Path | None = None) -> None:
    """Write a file at once or not at all, durably, with mode 0600. Raises OSError.

    Args:
        path: its folder is made.
        text: what it will hold.
        previous: where the file that is replaced goes; None: it is lost.
    """
    temporary = path.with_suffix(".tmp")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if previous is not None and path.exists():
        os.replace(path, previous)
    os.replace(temporary, path)
