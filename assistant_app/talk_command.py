"""`assistant-app --talk toggle|start|stop`: reaches the open window in a moment, or opens one."""

import sys

from assistant_app.core.text import N_
from assistant_app.instance_line import DONE, NobodyAnswers, talk_line, tell
from assistant_app.paths import Paths

_ANSWER_WITHIN_S = 5.0


def talk(verb: str) -> int:
    """Do what the verb says; return the exit code. What goes wrong is one sentence on stderr."""
    paths = Paths.default()
    try:
        answer = tell(paths.runtime, talk_line(verb), _ANSWER_WITHIN_S)
    except NobodyAnswers:
        if verb != "stop":
            from assistant_app.app import run_window

            return run_window(talk="start")
        return _fail(N_("Assistant is not open, so it is not listening; nothing was stopped."))
    except TimeoutError:
        return _fail(N_("Assistant is open but does not answer; wait a moment and repeat the command."))
    if answer != DONE:
        return _fail(
            N_("The window that is open is of another version; close it, open it again, repeat the command.")
        )
    return 0


def _fail(sentence: str) -> int:
    from assistant_app.i18n import set_language, translate

    set_language()
    print(translate(sentence), file=sys.stderr)
    return 1
