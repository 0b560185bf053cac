"""Languages that can be spoken, by name in the language of the window."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import cast

from assistant_app.i18n import _
from assistant_app.paths import resources
from assistant_app.ui.wording import language

CODES = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt"
    " la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af"
    " oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue"
).split()
"""What Whisper knows, most spoken in its training first; from `whisper.tokenizer.LANGUAGES`."""


@lru_cache(maxsize=4)
def _names(shown_in: str) -> Mapping[str, str]:
    path = resources() / "languages" / f"{shown_in}.json"
    return cast(Mapping[str, str], json.loads(path.read_text("utf-8")))


def name_of(code: str) -> str:
    """Return the name of a language; "en-GB" and "zh_CN" give that of "en" and "zh"."""
    base = code.replace("_", "-").partition("-")[0].lower()
    return _names(language()).get(base, base)


def spoken_languages() -> list[tuple[str, str]]:
    """Return (code, name) of every language that can be spoken: found out, own, Chinese, then by name."""
    first = [("", _("Found out each time"))]
    common = [(code, name_of(code)) for code in ("en", "zh")]
    rest = sorted(
        ((code, name_of(code)) for code in CODES if code not in ("en", "zh")), key=lambda row: row[1]
    )
    return [*first, *common, *rest]
