"""Which links may leave the window: only what a browser or a mail program opens, after a click."""

from PySide6.QtCore import QUrl

_SCHEMES = ("http", "https", "mailto")


def safe_url(url: str) -> QUrl | None:
    """Return the link if it may be opened, else None: no files, no scripts, no programs."""
    target = QUrl(url, QUrl.ParsingMode.StrictMode)
    return target if target.isValid() and target.scheme().lower() in _SCHEMES else None
