"""Languages that can be spoken, by name in the language of the window."""

from collections.abc import Mapping
from functools import lru_cache

from assistant_app.i18n import _
from assistant_app.ui.wording import language

CODES = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt"
    " la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af"
    " oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue"
).split()
"""What Whisper knows, most spoken in its training first; from `whisper.tokenizer.LANGUAGES`."""
_NAMED_OTHERWISE = {"jw": "jv"}
"""Codes of Whisper that the rest of the world writes in another way."""


@lru_cache(maxsize=4)
def _names(locale: str) -> Mapping[str, str]:
    # Imported when names are shown first: its tables cost some milliseconds.
    from babel import Locale

    return {str(code): str(name) for code, name in Locale.parse(locale).languages.items()}


def name_of(code: str) -> str:
    """Return the name of a language; "en-GB" and "zh_CN" give that of "en" and "zh"."""
    base = code.replace("_", "-").partition("-")[0].lower()
    name = _names(language()).get(_NAMED_OTHERWISE.get(base, base), base)
    return name[:1].upper() + name[1:]


def spoken_languages() -> list[tuple[str, str]]:
    """Return (code, name) of every language that can be spoken: found out, own, Chinese, then by name."""
    first = [("", _("Found out each time"))]
    common = [(code, name_of(code)) for code in ("en", "zh")]
    rest = sorted(
        ((code, name_of(code)) for code in CODES if code not in ("en", "zh")), key=lambda row: row[1]
    )
    return [*first, *common, *rest]
