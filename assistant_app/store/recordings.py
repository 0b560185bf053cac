"""The sound files that messages name: erased with the last message that names them."""

import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from assistant_app.core.conversation import AudioTranscriptPart
from assistant_app.store.codec import readable_parts


def named(connection: sqlite3.Connection) -> set[str]:
    """Return the paths of the recordings of all messages, those in the trash too."""
    rows = connection.execute("""SELECT parts FROM message WHERE instr(parts, '"audio_transcript"') > 0""")
    return {
        part.recording
        for (parts,) in rows
        for part in readable_parts(parts)
        if isinstance(part, AudioTranscriptPart) and part.recording
    }


def erase(folder: Path, paths: Iterable[str]) -> None:
    """Delete recordings; a file elsewhere than in their folder is none of ours, whatever a message says."""
    for path in map(Path, paths):
        if path.parent == folder:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
