"""The log file: rotating, readable by its owner only, with secrets blotted out."""

import logging
import logging.handlers
import os
import re
from pathlib import Path

MAX_BYTES = 1_000_000

_SECRET = re.compile(
    r"(?i)(sk-[A-Za-z0-9_-]{8,}|hf_[A-Za-z0-9]{8,}|bearer\s+\S+|"
    r"\b(?:api[_-]?key|token|secret|password)\b\s*[=:]\s*\S+)"
)


class SecretFilter(logging.Filter):
    """Replaces what looks like a key, a token or a password, in messages and tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; never drop it."""
        record.msg = blot(record.getMessage())
        record.args = None
        if record.exc_info:
            # Another handler may have cached the text already, with the secret in it.
            record.exc_text = blot(record.exc_text or logging.Formatter().formatException(record.exc_info))
        return True


def blot(text: str) -> str:
    """Return the text with everything that looks like a secret replaced by dots."""
    return _SECRET.sub("•••", text)


class _LogFile(logging.handlers.RotatingFileHandler):
    """Goes on with the full file where it cannot be put aside: on Windows while another process writes it."""

    def doRollover(self) -> None:
        """Put the file aside and begin a new one, if the system allows it."""
        try:
            super().doRollover()
        except OSError:
            self.stream = self._open()


def start_logging(folder: Path) -> None:
    """Write to `folder`/assistant.log: 3 files of 1 MB. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "assistant.log"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    handler = _LogFile(path, maxBytes=MAX_BYTES, backupCount=2, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(SecretFilter())
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
