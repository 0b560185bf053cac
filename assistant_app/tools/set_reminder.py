"""Reminders: tell the user something at a moment."""

from assistant_app.core.reminders import ReminderKind
from assistant_app.core.text import N_
from assistant_app.core.tools import Risk, ToolError
from assistant_app.tools.reading.moments import read_moment
from assistant_app.tools.reading.stamps import line, stamp
from assistant_app.tools.services import Services
from assistant_app.tools.signature import tool


@tool(
    order=50,
    risk=Risk.WRITE,
    title=N_("Reminder"),
    summary=N_("Reminds you of something at a time that you say, also after a restart."),
)
def set_reminder(services: Services, text: str, when: str) -> str:
    """Set a reminder.

    Args:
        text: what to remind of
        when: day and time, for example tomorrow at 9
    """
    about = " ".join(text.split())
    now = services.now()
    moment = read_moment(when, now)
    if not about:
        raise ToolError(N_("Say what the reminder is about."))
    if moment is None:
        raise ToolError(
            N_("“{when}” is no day and time; say for example tomorrow at 9 or in 20 minutes."), when=when[:60]
        )
    if moment <= now:
        raise ToolError(N_("{moment} has passed; say a later time."), moment=stamp(moment))
    return line(services.reminders.add_reminder(ReminderKind.REMINDER, about, moment.timestamp()))
