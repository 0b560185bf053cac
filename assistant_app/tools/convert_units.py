"""Unit conversion: lengths, weights, temperatures, volumes, speeds and more."""

from assistant_app.core.text import N_
from assistant_app.core.tools import Risk, ToolError
from assistant_app.tools.reading.units import OtherKind, UnknownUnit, convert, plain, shown
from assistant_app.tools.signature import tool


@tool(
    order=30,
    risk=Risk.READ,
    title=N_("Units"),
    summary=N_("Converts units: length, weight, temperature, volume, area, speed and more."),
)
def convert_units(value: float, from_unit: str, to_unit: str) -> str:
    """Convert a value from one unit to another.

    Args:
        value: how many
        from_unit: the unit it is in, for example km
        to_unit: the unit that is wanted, for example miles
    """
    try:
        result = convert(value, from_unit, to_unit)
    except UnknownUnit as error:
        raise ToolError(
            N_("There is no unit “{unit}” that can be converted."), unit=str(error)[:40]
        ) from error
    except OtherKind as error:
        raise ToolError(
            N_("{from_unit} cannot be converted to {to_unit}: they measure different things."),
            from_unit=from_unit,
            to_unit=to_unit,
        ) from error
    return f"{plain(value)} {from_unit} = {shown(result)} {to_unit}"
