"""Text of scripts without spaces as overlapping pairs, so that an index of words can find it."""

import re
import unicodedata

# Scripts written without spaces (or, Hangul, with endings glued on) and pictographs: everything in
# here is a token character of the FTS5 table, so that a pair is never taken apart again.
UNSPACED = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u2e80-\u2fd5\u3005-\u3007\u3041-\u3096\u309d-\u309f"
    "\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\u2600-\u27bf\U0001f300-\U0001faff\U00020000-\U0003fffd"
)
RUN = re.compile(f"[{UNSPACED}]+")


def normal(text: str) -> str:
    """Return the compatibility form: full-width letters, ligatures and half-width kana as usual ones."""
    return unicodedata.normalize("NFKC", text.replace("\x00", " "))


def _pairs(match: "re.Match[str]") -> str:
    run = match.group()
    return " " + " ".join([run[i : i + 2] for i in range(len(run) - 1)] + [run[-1]]) + " "


def segment(text: str) -> str:
    """Return text for the index: runs of unspaced script as overlapping pairs and the last character.

    "你好世界" becomes "你好 好世 世界 界": each character begins one token, so one character is found
    as a prefix, two as a token, more as a phrase. A change here needs a migration that rebuilds the index.
    """
    return RUN.sub(_pairs, normal(text))
