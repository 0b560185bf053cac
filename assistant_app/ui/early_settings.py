"""The few settings that the first picture needs, read before the validating settings are imported.

Importing those costs as much as opening a bare window. What is read here is only believed where it has
the right type; the worker reads the file properly a moment later and says what is wrong with it.
"""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EarlySettings:
    """Values as in `assistant_app.settings.Settings`, with the same defaults."""

    language: str = "auto"
    theme: str = "system"
    text_size: int = 0
    send_key: str = "enter"
    first_run_done: bool = False
    talk_key: str = "F8"


def read_early_settings(path: Path) -> EarlySettings:
    """Read the settings file; whatever is missing or odd gives its default. Never raises."""
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        values = {}
    if not isinstance(values, dict):
        values = {}
    size = values.get("text_size")
    return EarlySettings(
        language=str(values.get("language", "auto")),
        theme=str(values.get("theme", "system")),
        text_size=max(-4, min(12, size)) if isinstance(size, int) else 0,
        send_key=str(values.get("send_key", "enter")),
        first_run_done=values.get("first_run_done") is True,
        talk_key=str(values.get("talk_key", "F8")),
    )
