"""Which addresses in a message become links, and where bare addresses stand in a text."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

_SCHEMES = ("http", "https", "mailto")
_MAX_LENGTH = 2_000
_BARE = re.compile(
    r"https?://[^\s<>\"'`|，。；：！？、（）【】《》「」“”‘’\u202a-\u202e\u2066-\u2069]{3,2000}"
)
_HIDDEN = re.compile(r"[\x00-\x20\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def is_safe(url: str) -> bool:
    """Whether an address may be opened: web and mail only, and nothing in it that misleads the eye."""
    if len(url) > _MAX_LENGTH or _HIDDEN.search(url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if parts.scheme.lower() not in _SCHEMES:
        return False
    return bool(parts.path if parts.scheme.lower() == "mailto" else host)


def split_bare(text: str) -> Iterator[tuple[str, str]]:
    """Yield (text, address or "") in order; addresses end before closing punctuation."""
    if "://" not in text:
        yield text, ""
        return
    end = 0
    for match in _BARE.finditer(text):
        url = match.group().rstrip(".,;:!?*_~")
        while url.endswith((")", "]")) and url.count(url[-1]) > url.count("(" if url[-1] == ")" else "["):
            url = url[:-1].rstrip(".,;:!?*_~")
        if not is_safe(url):
            continue
        if match.start() > end:
            yield text[end : match.start()], ""
        yield url, url
        end = match.start() + len(url)
    if end < len(text):
        yield text[end:], ""
