"""What an assistant-app: link may ask for: a text in the message box, the window, a page. Nothing is run."""

import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from assistant_app.core.errors import AssistantError
from assistant_app.core.text import N_

SCHEME = "assistant-app"

LINKED_PAGES = ("models", "speech-models", "voice", "settings", "help", "shortcuts", "doctor", "about")
"""Pages that only show or offer; those that bring back or delete are opened by hand."""

MAX_TEXT_CHARACTERS = 4000
"""A question with what it is about; more belongs into a file or the clipboard."""

MAX_LINK_CHARACTERS = 12 * MAX_TEXT_CHARACTERS + 200
"""Each character of a text is at most four bytes, each of them three characters of a link."""

_LINES = ("\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029")
_KEPT = "\n\t\u200c\u200d"
"""Joiners belong to the spelling of Persian, of Indian languages and of some emoji."""
_UNSEEN = frozenset(("Cc", "Cf", "Co", "Cs"))
_MORE_UNSEEN = range(0xE0100, 0xE01F0)
"""Variation selectors beyond the common ones: they can hold words that nobody sees."""


class LinkError(AssistantError):
    """A link that cannot be followed."""

    code = "link"
    default_sentence = N_(
        "This link asks for something that Assistant does not know, so nothing was done;"
        " write your question into the message box instead."
    )


@dataclass(frozen=True, slots=True)
class AskLink:
    """Put a text into the message box of a new conversation; the user sends it, or not."""

    text: str


@dataclass(frozen=True, slots=True)
class OpenLink:
    """Bring the window to the front."""


@dataclass(frozen=True, slots=True)
class PageLink:
    """Open a page: one of LINKED_PAGES."""

    page: str


AppLink = AskLink | OpenLink | PageLink


def parse_link(link: str) -> AppLink:
    """Return what a link asks for.

    The forms are `assistant-app:ask?text=…`, `assistant-app:open` and `assistant-app:page/NAME`; two
    slashes behind the colon, which some programs put there, change nothing. The text is percent-encoded
    UTF-8, in which + is a space as in web forms.

    Raises:
        LinkError: It is none of these, or too long.
    """
    if len(link) > MAX_LINK_CHARACTERS:
        raise _too_long()
    scheme, _, rest = link.partition(":")
    if scheme.lower() != SCHEME:
        raise LinkError
    what, asks, query = rest.removeprefix("//").partition("?")
    if what == "ask":
        return AskLink(_text(query))
    if asks:
        raise LinkError
    # A browser ends a name behind two slashes with a third.
    if what in ("open", "open/"):
        return OpenLink()
    kind, _, page = what.partition("/")
    if kind == "page" and page in LINKED_PAGES:
        return PageLink(page)
    raise LinkError


def _text(query: str) -> str:
    name, _, value = query.partition("=")
    # Another field, or a mark that ends the text, would leave it out half: better nothing than that.
    if name != "text" or "&" in value or "#" in value:
        raise LinkError
    try:
        text = unquote_to_bytes(value.replace("+", " ").encode("utf-8", "replace")).decode()
    except UnicodeError as error:
        raise LinkError(detail="not UTF-8") from error
    text = _seen(text).strip()
    if not text:
        raise LinkError(
            N_("This link holds no text, so nothing was done; write your question into the message box.")
        )
    if len(text) > MAX_TEXT_CHARACTERS:
        raise _too_long()
    return text


def _seen(text: str) -> str:
    """Return a text without what cannot be seen: control characters, changes of direction, hidden words."""
    for line in _LINES:
        text = text.replace(line, "\n")
    return "".join(
        letter
        for letter in text
        if letter in _KEPT
        or (unicodedata.category(letter) not in _UNSEEN and ord(letter) not in _MORE_UNSEEN)
    )


def _too_long() -> LinkError:
    return LinkError(
        N_(
            "The text of this link has more than {most} characters, so nothing was done;"
            " copy the part that you need into the message box."
        ),
        most=MAX_TEXT_CHARACTERS,
    )
