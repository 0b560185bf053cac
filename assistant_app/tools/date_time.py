"""The date and the time, here or in another place of the world."""

from assistant_app.core.text import N_
from assistant_app.core.tools import Risk, ToolError
from assistant_app.tools.reading.places import SeveralZones, UnknownPlace, is_here, zone_of
from assistant_app.tools.services import Services
from assistant_app.tools.signature import tool

# Not strftime's %A, which follows the system's language: the result is the same everywhere.
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@tool(
    order=20,
    risk=Risk.READ,
    title=N_("Date and time"),
    summary=N_("Tells the date and the time, here or in a city of the world."),
)
def date_time(services: Services, place: str = "") -> str:
    """Tell the date, the time and the weekday.

    Args:
        place: city or country; empty is here
    """
    now = services.now()
    prefix = ""
    if not is_here(place):
        try:
            now = now.astimezone(zone_of(place))
        except SeveralZones:
            raise ToolError(
                N_("{place} has more than one time zone; name a city there."), place=place
            ) from None
        except UnknownPlace:
            raise ToolError(
                N_("The time zone of “{place}” is not known; name a large city nearby."), place=place[:60]
            ) from None
        prefix = f"{place}: "
    return f"{prefix}{now:%Y-%m-%d %H:%M} {_WEEKDAYS[now.weekday()]}"
