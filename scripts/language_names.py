"""Writes resources/languages/*.json: names of the languages that can be spoken, in those of the window.

The names are the Unicode consortium's (CLDR), as Babel has them. They are kept as small files because loading
Babel's tables takes as long as opening the pane that shows them. Run `python -m scripts.language_names`
when CODES or LANGUAGES change.
"""

import json
from pathlib import Path

from babel import Locale

from assistant_app.i18n import LANGUAGES
from assistant_app.ui.voice.languages import CODES

FOLDER = Path(__file__).resolve().parent.parent / "resources" / "languages"
_NAMED_OTHERWISE = {"jw": "jv"}
"""Codes of Whisper that the rest of the world writes in another way."""


def names(language: str) -> dict[str, str]:
    """Return the name of each language that can be spoken."""
    table = Locale.parse(language).languages
    found = {code: str(table[_NAMED_OTHERWISE.get(code, code)]) for code in CODES}
    return {code: name[:1].upper() + name[1:] for code, name in found.items()}


def main() -> None:
    """Write one file per language of the window."""
    FOLDER.mkdir(exist_ok=True)
    for language in LANGUAGES:
        text = json.dumps(names(language), ensure_ascii=False, indent=1)
        (FOLDER / f"{language}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
