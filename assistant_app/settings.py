"""Every setting, declared once: type, default, range, label and help. Pages, file and CLI derive from it."""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant_app.core.errors import AssistantError
from assistant_app.core.sampling import Sampling
from assistant_app.core.text import N_
from assistant_app.private_file import write_private

log = logging.getLogger(__name__)

SAMPLING_FIELDS = ("temperature", "top_k", "top_p", "min_p", "repeat_penalty")

DEFAULT_SYSTEM_PROMPT = "You are Assistant, a helpful assistant that runs on the user's own computer."


class Settings(BaseModel):
    """All settings. `title` is the label, `description` the help; `json_schema_extra["page"]` the page."""

    model_config = ConfigDict(extra="allow", frozen=True)

    language: Literal["auto", "en", "zh_CN"] = Field(
        "auto",
        title=N_("Language"),
        description=N_("Language of the window; takes effect at the next start."),
        json_schema_extra={"page": "general"},
    )
    theme: Literal["system", "light", "dark"] = Field(
        "system",
        title=N_("Theme"),
        description=N_("Follow the system, or always light or dark."),
        json_schema_extra={"page": "general"},
    )
    text_size: int = Field(
        0,
        ge=-4,
        le=12,
        title=N_("Text size"),
        description=N_("Points added to the system's text size."),
        json_schema_extra={"page": "general"},
    )
    send_key: Literal["enter", "ctrl_enter"] = Field(
        "enter",
        title=N_("Send with"),
        description=N_("The other combination starts a new line."),
        json_schema_extra={"page": "general"},
    )
    model: str = Field(
        "pocket",
        title=N_("Model"),
        description=N_("The model that answers in new conversations."),
        json_schema_extra={"page": "models", "hidden": True},
    )
    model_paths: tuple[str, ...] = Field(
        (),
        title=N_("Added models"),
        description=N_("Model files in use where they lie."),
        json_schema_extra={"page": "models", "hidden": True},
    )
    oversized_models: tuple[str, ...] = Field(
        (),
        title=N_("Loaded anyway"),
        description=N_("Models that the user loads although they may not fit into memory."),
        json_schema_extra={"page": "models", "hidden": True},
    )
    system_prompt: str = Field(
        DEFAULT_SYSTEM_PROMPT,
        title=N_("System prompt"),
        description=N_("Told to the model before each conversation."),
        json_schema_extra={"page": "answers", "multiline": True},
    )
    few_shot: tuple[tuple[str, str], ...] = Field(
        (),
        title=N_("Examples"),
        description=N_("Pairs of a question and the answer that you would like; shown to the model first."),
        json_schema_extra={"page": "answers"},
    )
    temperature: float = Field(
        0.7,
        ge=0.0,
        le=2.0,
        title=N_("Temperature"),
        description=N_("0 always takes the likeliest word; higher is more varied."),
        json_schema_extra={"page": "answers"},
    )
    top_k: int = Field(
        40,
        ge=0,
        le=1000,
        title=N_("Top-k"),
        description=N_("Choose among this many likeliest tokens; 0 is all."),
        json_schema_extra={"page": "answers"},
    )
    top_p: float = Field(
        0.95,
        ge=0.0,
        le=1.0,
        title=N_("Top-p"),
        description=N_("Choose among the likeliest tokens that share this probability."),
        json_schema_extra={"page": "answers"},
    )
    min_p: float = Field(
        0.05,
        ge=0.0,
        le=1.0,
        title=N_("Min-p"),
        description=N_("Drop tokens less likely than this share of the likeliest."),
        json_schema_extra={"page": "answers"},
    )
    repeat_penalty: float = Field(
        1.1,
        ge=1.0,
        le=2.0,
        title=N_("Repeat penalty"),
        description=N_("Above 1, repeated words become less likely."),
        json_schema_extra={"page": "answers"},
    )
    max_tokens: int = Field(
        0,
        ge=0,
        le=131072,
        title=N_("Longest answer"),
        description=N_("In tokens; 0 is as long as the context allows."),
        json_schema_extra={"page": "answers"},
    )
    window_turns: int = Field(
        0,
        ge=0,
        le=1000,
        title=N_("Turns kept whole"),
        description=N_("At most this many newest turns reach the model word for word; 0 is all that fit."),
        json_schema_extra={"page": "answers"},
    )
    n_ctx: int = Field(
        0,
        ge=0,
        le=1048576,
        title=N_("Context window"),
        description=N_("In tokens; 0 chooses what the model and the memory allow."),
        json_schema_extra={"page": "engine"},
    )
    n_threads: int = Field(
        0,
        ge=0,
        le=256,
        title=N_("Threads"),
        description=N_("0 is all physical cores but one, so that the computer stays responsive."),
        json_schema_extra={"page": "engine"},
    )
    prompt_state_budget_mb: int = Field(
        1024,
        ge=0,
        le=65536,
        title=N_("Saved reading"),
        description=N_("Megabytes on disk that spare the model from reading a conversation twice; 0 is off."),
        json_schema_extra={"page": "engine"},
    )
    tools_off: tuple[str, ...] = Field(
        (),
        title=N_("Tools"),
        description=N_("What the assistant may use in its answers; all tools are on at first."),
        json_schema_extra={"page": "tools"},
    )
    speech_model: str = Field(
        "",
        title=N_("Speech model"),
        description=N_("The Whisper that turns speech into text; empty until one is downloaded or added."),
        json_schema_extra={"page": "voice", "hidden": True},
    )
    speech_model_paths: tuple[str, ...] = Field(
        (),
        title=N_("Added speech models"),
        description=N_("Whisper files in use where they lie."),
        json_schema_extra={"page": "voice", "hidden": True},
    )
    microphone: str = Field(
        "",
        title=N_("Microphone"),
        description=N_("The device that is listened to; the system's own where it is not connected."),
        json_schema_extra={"page": "voice"},
    )
    microphone_warm: Literal["off", "short", "always"] = Field(
        "short",
        title=N_("Keep the microphone open"),
        description=N_("After speaking: not at all, 30 seconds (no lost first word), or always."),
        json_schema_extra={"page": "voice"},
    )
    talk_mode: Literal["both", "hold", "toggle"] = Field(
        "both",
        title=N_("Talk key"),
        description=N_("Hold to talk and tap to start or stop, or only one of them."),
        json_schema_extra={"page": "voice"},
    )
    talk_key: str = Field(
        "F8",
        title=N_("Key in the window"),
        description=N_("Talks from anywhere in the window; Space does the same in the voice pane."),
        json_schema_extra={"page": "voice"},
    )
    global_hotkey: str = Field(
        "",
        title=N_("Key everywhere"),
        description=N_("Talks from any program, for instance Ctrl+Alt+Space; empty is off."),
        json_schema_extra={"page": "voice"},
    )
    hands_free: bool = Field(
        False,
        title=N_("Hands-free"),
        description=N_("When you stop speaking, the recording ends by itself."),
        json_schema_extra={"page": "voice"},
    )
    voice_review: bool = Field(
        False,
        title=N_("Check before sending"),
        description=N_("What was understood waits to be corrected instead of being sent at once."),
        json_schema_extra={"page": "voice"},
    )
    speech_language: str = Field(
        "",
        title=N_("Spoken language"),
        description=N_("A fixed language is quicker and surer than finding it out each time."),
        json_schema_extra={"page": "voice"},
    )
    speech_translate: bool = Field(
        False,
        title=N_("Translate to English"),
        description=N_("Whatever is spoken is written in English."),
        json_schema_extra={"page": "voice"},
    )
    speech_vocabulary: str = Field(
        "",
        title=N_("Names and words"),
        description=N_("Spellings that speech recognition should know, with commas between."),
        json_schema_extra={"page": "voice"},
    )
    speech_full_window: bool = Field(
        False,
        title=N_("Full 30 s window"),
        description=N_("Slower; for speech models that misunderstand short recordings."),
        json_schema_extra={"page": "voice"},
    )
    speak_answers: Literal["spoken", "always", "never"] = Field(
        "spoken",
        title=N_("Read answers aloud"),
        description=N_("After spoken questions, always, or never."),
        json_schema_extra={"page": "voice"},
    )
    speak_rate: float = Field(
        0.0,
        ge=-1.0,
        le=1.0,
        title=N_("Speed of the voice"),
        description=N_("Below 0 is slower, above is faster."),
        json_schema_extra={"page": "voice"},
    )
    speak_volume: float = Field(
        1.0,
        ge=0.0,
        le=1.0,
        title=N_("Loudness of the voice"),
        description=N_("From 0 to 1."),
        json_schema_extra={"page": "voice"},
    )
    speak_voices: dict[str, str] = Field(
        {},
        title=N_("Voices"),
        description=N_("Which voice reads which language."),
        json_schema_extra={"page": "voice"},
    )
    keep_recordings: bool = Field(
        False,
        title=N_("Keep recordings"),
        description=N_("Saves what you say as sound files on this computer; off, it is forgotten at once."),
        json_schema_extra={"page": "voice"},
    )
    look_for_updates: bool = Field(
        False,
        title=N_("Look for updates"),
        description=N_(
            "Asks once a day whether there is a newer version, and tells you; nothing about you is sent, and"
            " nothing is downloaded or installed."
        ),
        json_schema_extra={"page": "general"},
    )
    first_run_done: bool = Field(False, json_schema_extra={"page": "general", "hidden": True})

    def sampling(self, recommended: Mapping[str, float] | None = None) -> Sampling:
        """Return the sampling that new answers use.

        Args:
            recommended: What the makers of the model say, by field names of Sampling. It takes the
                place of our defaults, never of what the user chose.
        """
        values: dict[str, Any] = {name: getattr(self, name) for name in SAMPLING_FIELDS}
        for name, value in (recommended or {}).items():
            if name in values and values[name] == type(self).model_fields[name].default:
                values[name] = type(values[name])(value)
        return Sampling(**values, max_tokens=self.max_tokens or None)


class SettingsInvalid(AssistantError):
    """A value is out of range or of another type."""

    code = "settings"
    default_sentence = N_("{name} cannot be {value}; the setting was left as it was.")


class SettingsFile:
    """Owns the JSON file: atomic writes, the previous copy kept, unknown keys preserved."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.notice = ""
        """One English sentence when the file was unreadable at `load`; else empty."""
        self.current = Settings()

    def load(self) -> Settings:
        """Read the file; a missing one gives defaults, a bad one gives its good values and a notice."""
        try:
            values = json.loads(self._path.read_text("utf-8"))
            if not isinstance(values, dict):
                raise ValueError("not an object")
        except FileNotFoundError:
            return self.current
        except (OSError, ValueError) as error:
            log.warning("settings file unreadable: %s", error)
            self.notice = N_(
                "The settings could not be read and were reset; the old file is kept as settings.json.bad."
            )
            self._keep_bad()
            return self.current
        try:
            self.current = Settings(**values)
        except ValidationError as error:
            bad = {str(item["loc"][0]) for item in error.errors() if item["loc"]}
            log.warning("settings out of range: %s", sorted(bad))
            self.notice = N_("Some settings were not valid and were reset to their defaults.")
            self.current = Settings(**{k: v for k, v in values.items() if k not in bad})
        return self.current

    def change(self, changes: dict[str, Any]) -> Settings:
        """Validate and write; raises SettingsInvalid and leaves everything as it was."""
        try:
            updated = Settings(**{**self.current.model_dump(), **changes})
        except ValidationError as error:
            first = error.errors()[0]
            raise SettingsInvalid(name=first["loc"][0], value=first["input"], detail=str(error)) from None
        self._write(updated)
        self.current = updated
        return updated

    def _write(self, settings: Settings) -> None:
        text = json.dumps(settings.model_dump(), ensure_ascii=False, indent=1)
        try:
            write_private(self._path, text, self._path.with_suffix(".json.previous"))
        except OSError as error:
            raise AssistantError(
                N_("The settings cannot be saved: {reason}. They hold until you quit."),
                reason=error.strerror or str(error),
            ) from error

    def _keep_bad(self) -> None:
        try:
            os.replace(self._path, self._path.with_suffix(".json.bad"))
        except OSError:
            log.warning("the unreadable settings file could not be set aside")
