"""Translation: gettext catalogues below resources/locale, chosen once at start."""

import gettext
import os

from assistant_app.paths import resources

LANGUAGES = {"en": "English", "zh_CN": "简体中文"}

_translation: gettext.NullTranslations = gettext.NullTranslations()


def set_language(language: str = "auto") -> str:
    """Choose a key of LANGUAGES, or follow the system with "auto"; return what is in use."""
    global _translation
    chosen = language if language in LANGUAGES else system_language()
    _translation = gettext.translation("assistant", resources() / "locale", [chosen], fallback=True)
    return chosen


def system_language() -> str:
    """Return the key of LANGUAGES nearest to the environment's language; "en" if there is none."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "LANG"):
        value = os.environ.get(name)
        if value:
            break
    else:
        from assistant_app.system_language import desktop_language

        value = desktop_language()
    return "zh_CN" if value.lower().startswith("zh") else "en"


def translate(sentence: str) -> str:
    """Return the sentence in the language of the user."""
    return _translation.gettext(sentence)


def ngettext(one: str, many: str, n: int) -> str:
    """Return the form that fits the number."""
    return _translation.ngettext(one, many, n)


_ = translate
