"""The speech model as the settings name it: a file on this computer."""

from pathlib import Path

from assistant_app.core.text import N_
from assistant_app.core.voice import SpeechMissing, SpeechPlan

NONE_CHOSEN = N_(
    "There is no speech model yet, so nothing was recorded; get one under Models → Speech. Typing works as"
    " always."
)
GONE = N_(
    "The speech model {name} is no longer there, so nothing was recorded; choose another one under Models →"
    " Speech. Typing works as always."
)


def own_plan(wanted: str, folder: Path) -> SpeechPlan:
    """Return how to load a speech model: the path of a file, or the name of one in `folder`.

    Args:
        wanted: Of settings.speech_model.
        folder: Of downloaded models.

    Raises:
        SpeechMissing: None is chosen, or its file is gone.
    """
    if not wanted:
        raise SpeechMissing(NONE_CHOSEN)
    path = Path(wanted) if Path(wanted).suffix == ".pt" else folder / f"{wanted}.pt"
    if not path.is_file():
        raise SpeechMissing(GONE, name=path.stem)
    return SpeechPlan(str(path), path.stem)
