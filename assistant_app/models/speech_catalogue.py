"""Which Whispers can be had or are here: OpenAI's sizes, and files of the user's own."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from assistant_app.core import fit
from assistant_app.core.errors import NotFound
from assistant_app.core.text import N_
from assistant_app.core.voice import SpeechModelRow
from assistant_app.i18n import _, system_language
from assistant_app.models.fit import available_bytes
from assistant_app.settings import Settings

_ADDRESS = "https://openaipublic.azureedge.net/main/whisper/models"
MIRROR_VARIABLE = "ASSISTANT_WHISPER_MIRROR"
"""Environment variable: another address to which "<sum>/<file>" is added, as OpenAI's folder is built."""
_LIBRARIES_BYTES = 350_000_000
"""PyTorch and Whisper in the speech process."""
_PEAK_FACTOR = 4.2
"""Memory while a model is loaded and made smaller, over the size of its file: measured, base and small."""
_QUICK_CORES = 4
"""From so many physical cores on "small" answers quickly enough."""


@dataclass(frozen=True, slots=True)
class SpeechSource:
    """A model that OpenAI publishes: names, sums and addresses as in openai-whisper 20250625."""

    id: str
    file: str
    size_bytes: int
    sha256: str
    about: str
    """English template of one sentence."""

    @property
    def multilingual(self) -> bool:
        """Whether it understands more than English."""
        return not self.id.endswith(".en")

    @property
    def url(self) -> str:
        """Where it is fetched from."""
        base = os.environ.get(MIRROR_VARIABLE) or _ADDRESS
        return f"{base.rstrip('/')}/{self.sha256}/{self.file}"


_ENGLISH = N_("English only, and better at it than its equal for all languages.")

SOURCES = (
    SpeechSource(
        "tiny",
        "tiny.pt",
        75_572_083,
        "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9",
        N_("The quickest; for old computers. It often mishears."),
    ),
    SpeechSource(
        "tiny.en",
        "tiny.en.pt",
        75_571_315,
        "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03",
        _ENGLISH,
    ),
    SpeechSource(
        "base",
        "base.pt",
        145_262_807,
        "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e",
        N_("Quick, and right most of the time; suits most computers."),
    ),
    SpeechSource(
        "base.en",
        "base.en.pt",
        145_261_783,
        "25a8566e1d0c1e2231d1c762132cd20e0f96a85d16145c3a00adf5d1ac670ead",
        _ENGLISH,
    ),
    SpeechSource(
        "small",
        "small.pt",
        483_617_219,
        "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794",
        N_("Understands clearly more; for computers with four cores or more."),
    ),
    SpeechSource(
        "small.en",
        "small.en.pt",
        483_615_683,
        "f953ad0fd29cacd07d5a9eda5624af0f6bcf2258be67c92b79389873d91e0872",
        _ENGLISH,
    ),
    SpeechSource(
        "medium",
        "medium.pt",
        1_528_008_539,
        "345ae4da62f9b3d59415adc60127b97c714f32e89e936602e85993674d08dcb1",
        N_("Slow; for recordings rather than for talking."),
    ),
    SpeechSource(
        "medium.en",
        "medium.en.pt",
        1_528_006_491,
        "d7440d1dc186f76616474e0ff0b3b6b879abc9d1a4926b7adfa41db2d497ab4f",
        _ENGLISH,
    ),
    SpeechSource(
        "turbo",
        "large-v3-turbo.pt",
        1_617_941_637,
        "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a",
        N_("Nearly as good as the largest and several times quicker; cannot translate to English."),
    ),
    SpeechSource(
        "large-v3",
        "large-v3.pt",
        3_087_371_615,
        "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb",
        N_("The most accurate, and very slow."),
    ),
)


def source(model_id: str) -> SpeechSource:
    """Return the published model of this name. Raises NotFound."""
    for one in SOURCES:
        if one.id == model_id:
            return one
    raise NotFound(N_("There is no speech model called {name}."), name=model_id)


class SpeechCatalogue:
    """Lists speech models, from any thread."""

    def __init__(self, folder: Path, settings: Callable[[], Settings]) -> None:
        """Prepare; nothing is read.

        Args:
            folder: Of downloaded models.
            settings: Returns the settings in force.
        """
        self._folder = folder
        self._settings = settings

    def path(self, one: SpeechSource) -> Path:
        """Return where a published model lies or will lie."""
        return self._folder / f"{one.id}.pt"

    def rows(self) -> list[SpeechModelRow]:
        """Return the user's own files first, then every size."""
        settings = self._settings()
        available, best = available_bytes(), self.recommended()
        own = [
            self._own(Path(name), settings.speech_model, available) for name in settings.speech_model_paths
        ]
        return own + [self._row(one, settings.speech_model, available, best) for one in SOURCES]

    def recommended(self) -> str:
        """Return the name of the one to begin with: by memory, by cores, by the language that is spoken."""
        settings = self._settings()
        cores = psutil.cpu_count(logical=False) or 1
        available = available_bytes()
        name = "small" if cores >= _QUICK_CORES else "base"
        while name != "tiny" and not fit.fits(needed_bytes(source(name).size_bytes), available):
            name = {"small": "base", "base": "tiny"}[name]
        window = settings.language if settings.language != "auto" else system_language()
        spoken = settings.speech_language or window.partition("_")[0]
        return f"{name}.en" if spoken == "en" else name

    def _row(self, one: SpeechSource, chosen: str, available: int, best: str) -> SpeechModelRow:
        path = self.path(one)
        fits, refusal = _fit(one.size_bytes, available)
        return SpeechModelRow(
            id=one.id,
            name=one.id,
            path=str(path),
            size_bytes=one.size_bytes,
            multilingual=one.multilingual,
            present=path.is_file(),
            chosen=chosen == one.id,
            fits=fits,
            note=refusal or _(one.about),
            recommended=one.id == best,
        )

    def _own(self, path: Path, chosen: str, available: int) -> SpeechModelRow:
        try:
            size = path.stat().st_size
        except OSError:
            size = 0
        fits, refusal = _fit(size, available)
        return SpeechModelRow(
            id=str(path),
            name=path.stem,
            path=str(path),
            size_bytes=size,
            multilingual=not path.stem.endswith(".en"),
            present=size > 0,
            chosen=chosen == str(path),
            fits=fits and size > 0,
            note=(refusal or _(N_("A file of your own, used where it lies.")))
            if size
            else _(N_("The file is no longer there.")),
            own=True,
        )


def needed_bytes(size_bytes: int) -> int:
    """Return the memory that a model takes while it is loaded, from the size of its file."""
    return int(size_bytes * _PEAK_FACTOR) + _LIBRARIES_BYTES


def _fit(size_bytes: int, available: int) -> tuple[bool, str]:
    needed = needed_bytes(size_bytes)
    if fit.fits(needed, available):
        return True, ""
    template = N_("Needs about {need} GB of memory, {free} GB are free: choose a smaller one.")
    return False, _(template).format(need=f"{needed / 1e9:.1f}", free=f"{available / 1e9:.1f}")
