"""Cancelling reminders and timers by what the user calls them."""

import re
from collections.abc import Sequence

from assistant_app.core.reminders import Reminder, ReminderKind
from assistant_app.core.segments import segment
from assistant_app.core.text import N_
from assistant_app.core.tools import Risk, ToolError
from assistant_app.tools.reading.numbers import normal, spelled
from assistant_app.tools.reading.stamps import line, what
from assistant_app.tools.services import Services
from assistant_app.tools.signature import tool

_TIMER = re.compile(r"\btimers?\b|计时|定时|倒计时")
_ALL = re.compile(
    r"^(?:all|everything|all (?:my |the )?(?:reminders|timers)(?: and timers)?|所有.*|全部.*|都取消)$"
)
_IDLE = frozenset(
    "a an the my to for of about at on in reminder reminders timer timers cancel delete".split()
)


@tool(
    order=70,
    risk=Risk.WRITE,
    title=N_("Cancel a reminder"),
    summary=N_("Cancels a reminder or a timer."),
)
def cancel_reminder(services: Services, text: str) -> str:
    """Cancel a reminder or a timer.

    Args:
        text: what it is about, or timer
    """
    wanted = normal(text)
    waiting = services.reminders.reminders()
    if _ALL.search(wanted):
        chosen = [one for one in waiting if not _TIMER.search(wanted) or one.kind is ReminderKind.TIMER]
    else:
        chosen = list(_best(waiting, wanted))
    if not chosen:
        raise ToolError(N_("There is no reminder or timer that matches “{text}”."), text=text[:60])
    for reminder in chosen:
        services.reminders.cancel_reminder(reminder.id)
    return "; ".join(what(reminder) for reminder in chosen)


def _best(waiting: Sequence[Reminder], wanted: str) -> Sequence[Reminder]:
    """Return the one that shares most with what is wanted, the soonest of equals."""
    if _TIMER.search(wanted):
        timers = [one for one in waiting if one.kind is ReminderKind.TIMER]
        same = [one for one in timers if _words(one.text) & _words(wanted)]
        return (same or timers)[:1]
    exact = [one for one in waiting if normal(one.text) == wanted]
    if exact:
        return exact[:1]
    scored = [(len(_words(line(one)) & _words(wanted)), one) for one in waiting]
    best = max((score for score, _one in scored), default=0)
    return [one for score, one in scored if score == best and best > 0][:1]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", segment(spelled(normal(text))))) - _IDLE
