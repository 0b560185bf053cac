"""The help pages of the application, searched with the user's question."""

import re
from functools import cache

from assistant_app.core.text import N_
from assistant_app.core.tools import Risk
from assistant_app.paths import resources
from assistant_app.tools.help.index import HelpIndex
from assistant_app.tools.signature import tool

_CHINESE = re.compile(r"[㐀-鿿]")


@tool(
    order=110,
    risk=Risk.READ,
    title=N_("Search the help"),
    summary=N_("Finds the passage of the help pages that answers a question about Assistant."),
)
def help_search(query: str) -> str:
    """Search the help pages of this application.

    Args:
        query: the user's question, word for word
    """
    return index_of("zh_CN" if _CHINESE.search(query) else "en").best(query) or "none"


@cache
def index_of(language: str) -> HelpIndex:
    """Return the index of the help pages in a language; it is built when it is first searched."""
    return HelpIndex(resources() / "help", language)
