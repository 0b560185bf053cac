"""Commands for the window: said to the one that is open, in a moment and without Qt."""

import sys
from collections.abc import Callable

from assistant_app.core.text import N_
from assistant_app.instance_line import DONE, NobodyAnswers, tell
from assistant_app.paths import Paths

_ANSWER_WITHIN_S = 5.0


def command_window(line: str, without_window: Callable[[], int]) -> int:
    """Say a line to the window, or do something else where none is open; return the exit code.

    What goes wrong is one sentence on stderr.
    """
    try:
        answer = tell(Paths.default().runtime, line, _ANSWER_WITHIN_S)
    except NobodyAnswers:
        return without_window()
    except TimeoutError:
        complain(N_("Assistant is open but does not answer; wait a moment and repeat the command."))
        return 1
    if answer != DONE:
        complain(
            N_("The window that is open is of another version; close it, open it again, repeat the command.")
        )
        return 1
    return 0


def complain(sentence: str, **params: object) -> None:
    """Write a sentence to stderr, in the user's language."""
    from assistant_app.i18n import set_language, translate

    set_language()
    print(translate(sentence).format(**params), file=sys.stderr)
