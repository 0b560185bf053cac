"""Sound files for the window: which are taken, how one is chosen."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from assistant_app.i18n import _

SUFFIXES = (
    ".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".wma", ".aiff", ".aif", ".amr",
    ".mp4", ".mkv", ".webm", ".mov",
)  # fmt: skip
"""Recordings, and films of which only the sound is wanted. What cannot be read is said when it is opened."""


def is_sound(name: str) -> bool:
    """Tell by its name whether a file may have something to transcribe."""
    return Path(name).suffix.lower() in SUFFIXES


def choose_sound_file(parent: QWidget, chosen: Callable[[Path], object]) -> None:
    """Let the user choose one; the window goes on meanwhile."""
    kinds = " ".join(f"*{suffix}" for suffix in SUFFIXES)
    dialog = QFileDialog(
        parent,
        _("Transcribe a file"),
        str(Path.home()),
        _("Recordings ({kinds});;All files (*)").format(kinds=kinds),
    )
    dialog.setObjectName("sound_file_dialog")
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda name: chosen(Path(name)))
    dialog.open()
