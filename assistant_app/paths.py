"""Where data lives: the platform's folders, or all of it under $ASSISTANT_HOME."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP_NAME = "assistant-app"


@dataclass(frozen=True, slots=True)
class Paths:
    """Folders of one profile. `ensure` creates them, readable by their owner only."""

    data: Path
    config: Path
    cache: Path
    logs: Path
    runtime: Path

    @classmethod
    def default(cls) -> "Paths":
        """Return the folders of this user; `ASSISTANT_HOME` moves all of them below one folder."""
        home = os.environ.get("ASSISTANT_HOME")
        if home:
            return cls.under(Path(home).expanduser().absolute())
        dirs = platformdirs.PlatformDirs(APP_NAME, appauthor=False)
        data = Path(dirs.user_data_dir)
        return cls(
            data=data,
            config=Path(dirs.user_config_dir),
            cache=Path(dirs.user_cache_dir),
            logs=Path(dirs.user_log_dir),
            runtime=data / "run",
        )

    @classmethod
    def under(cls, root: Path) -> "Paths":
        """Return a profile that lies wholly below `root`."""
        return cls(root / "data", root / "config", root / "cache", root / "logs", root / "data" / "run")

    def ensure(self) -> None:
        """Create the folders with mode 0700. Raises OSError."""
        for folder in (self.data, self.config, self.cache, self.logs, self.runtime):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def database(self) -> Path:
        """The SQLite file with every conversation."""
        return self.data / "assistant.db"

    @property
    def snapshots(self) -> Path:
        """Copies of the database: before migrations and once a day."""
        return self.data / "snapshots"

    @property
    def models(self) -> Path:
        """Model files that the user added."""
        return self.data / "models"

    @property
    def speech_models(self) -> Path:
        """Whisper checkpoints that were downloaded."""
        return self.data / "speech-models"

    @property
    def recordings(self) -> Path:
        """What the user said, as sound, if they want it kept."""
        return self.data / "recordings"

    @property
    def prompt_states(self) -> Path:
        """Saved prompt states of the language engine: a cache, safe to delete."""
        return self.cache / "prompt-states"

    @property
    def updates_file(self) -> Path:
        """What is remembered between checks for updates."""
        return self.data / "updates.json"

    @property
    def settings_file(self) -> Path:
        """Settings as JSON."""
        return self.config / "settings.json"


def resources() -> Path:
    """Return the folder of files that ship with the application."""
    installed = Path(__file__).parent / "resources"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "resources"
