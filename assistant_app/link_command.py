"""`assistant-app assistant-app:…`: what a click on a link in a browser or a document runs."""

from assistant_app.core.app_links import MAX_LINK_CHARACTERS, LinkError, parse_link
from assistant_app.instance_line import link_line
from assistant_app.window_command import command_window, complain


def follow(link: str) -> int:
    """Hand a link to the open window, or open one; return the exit code, 2 where it cannot be followed.

    Such a link reaches the window, too, for somebody who clicks sees no terminal: the window says why.
    """
    link = link[: MAX_LINK_CHARACTERS + 1]  # still too long, but not too long to hand over
    refused = False
    try:
        parse_link(link)
    except LinkError as error:
        refused = True
        complain(error.template, **error.params)
    shown = command_window(link_line(link), lambda: _open_window(link))
    return 2 if refused else shown


def _open_window(link: str) -> int:
    from assistant_app.app import run_window

    return run_window(link=link)
