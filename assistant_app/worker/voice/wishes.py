"""How speech is recognised, as the settings say it."""

from assistant_app.core.voice import ListenOptions
from assistant_app.settings import Settings


def listen_options(settings: Settings) -> ListenOptions:
    """Return the wishes that every recognition begins with."""
    return ListenOptions(
        language=settings.speech_language,
        translate=settings.speech_translate,
        prompt=settings.speech_vocabulary,
        full_window=settings.speech_full_window,
    )
