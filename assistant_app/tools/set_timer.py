"""Timers: ring after a length of time, also when the application was closed meanwhile."""

from assistant_app.core.reminders import ReminderKind
from assistant_app.core.text import N_
from assistant_app.core.tools import Risk, ToolError
from assistant_app.tools.reading.durations import read_duration
from assistant_app.tools.reading.moments import read_moment
from assistant_app.tools.reading.stamps import stamp
from assistant_app.tools.services import Services
from assistant_app.tools.signature import tool


@tool(
    order=40,
    risk=Risk.WRITE,
    title=N_("Timer"),
    summary=N_("Sets a timer that rings, also after a restart."),
)
def set_timer(services: Services, duration: str) -> str:
    """Set a timer.

    Args:
        duration: how long, for example 5 minutes
    """
    now = services.now()
    length = read_duration(duration)
    rings = now + length if length is not None else read_moment(duration, now)
    if rings is None or rings <= now:
        raise ToolError(
            N_("“{text}” is no length of time; say for example 5 minutes or 1 hour."), text=duration[:60]
        )
    services.reminders.add_reminder(ReminderKind.TIMER, duration, rings.timestamp())
    same_day = rings.astimezone().date() == now.astimezone().date()
    return f"{duration}, rings at {f'{rings.astimezone():%H:%M}' if same_day else stamp(rings)}"
