"""`assistant-app --talk toggle|start|stop`: reaches the open window in a moment, or opens one."""

from assistant_app.core.text import N_
from assistant_app.instance_line import talk_line
from assistant_app.window_command import command_window, complain


def talk(verb: str) -> int:
    """Do what the verb says; return the exit code. What goes wrong is one sentence on stderr."""
    return command_window(talk_line(verb), lambda: _without_window(verb))


def _without_window(verb: str) -> int:
    if verb == "stop":
        complain(N_("Assistant is not open, so it is not listening; nothing was stopped."))
        return 1
    from assistant_app.app import run_window

    return run_window(talk="start")
