"""Units by what people call them, and the conversion between them (by pint)."""

import re
import tomllib
from decimal import Decimal
from functools import cache
from typing import Any

from assistant_app.paths import resources
from assistant_app.tools.reading.numbers import normal

MAX_CHARACTERS = 40
_SIGNIFICANT = 5
_OWN = (
    "jin = 500 * gram",
    "liang = 50 * gram",
    "qian = 5 * gram",
    "li = 500 * meter",
    "zhang = 10 / 3 * meter",
    "chi = 1 / 3 * meter",
    "mu = 2000 / 3 * meter ** 2",
    "liter_per_100_km = liter / (100 * kilometer)",
)
# What pint may read itself: names, products and small powers, nothing that takes long.
_PLAIN = re.compile(r"[a-zA-Zµ°_]{1,30}(?:(?:\*\*|\^)[23])?(?:[*/][a-zA-Zµ°_]{1,30}(?:(?:\*\*|\^)[23])?)?")


class UnknownUnit(Exception):
    """Nobody knows this unit; the argument is its name."""


class OtherKind(Exception):
    """The two units measure different things."""


def convert(value: float, from_unit: str, to_unit: str) -> float:
    """Return a value in the other unit. Raises UnknownUnit, OtherKind."""
    pint, registry = _pint()
    source, target = unit(from_unit), unit(to_unit)
    try:
        return float(registry.Quantity(value, source).to(target).magnitude)
    except (pint.DimensionalityError, pint.OffsetUnitCalculusError, ZeroDivisionError) as error:
        raise OtherKind(str(error)) from error


def unit(name: str) -> str:
    """Return pint's name of what a user calls a unit. Raises UnknownUnit."""
    known = _names()
    exact = name.strip().rstrip(".")
    plain = normal(exact)
    plain = re.sub(r"^(?:an? |the |个)|\s+of\s.*$", "", plain)  # of flour, say
    for candidate in (exact, plain.replace(" ", "-"), plain, plain.replace(" ", "")):
        if candidate in known:
            return known[candidate]
    _module, registry = _pint()
    if len(exact) <= MAX_CHARACTERS:
        for candidate in (exact.replace(" ", "_"), plain.replace(" ", "_"), plain.removesuffix("s")):
            if _PLAIN.fullmatch(candidate):
                try:
                    return str(registry.parse_units(candidate))
                except Exception:  # pint raises whatever its tokenizer met
                    continue
    raise UnknownUnit(name)


def shown(value: float) -> str:
    """Return a result with five significant digits, without an exponent."""
    return plain(float(f"{value:.{_SIGNIFICANT}g}"))


def plain(value: float) -> str:
    """Return a number as people write it: 12 and not 12.0, never with an exponent."""
    text = f"{Decimal(f'{value:.12g}'):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@cache
def _pint() -> tuple[Any, Any]:
    import pint  # here, because a registry costs a moment that nobody waits for at the start

    registry: Any = pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=None)
    for line in _OWN:
        registry.define(line)
    return pint, registry


@cache
def _names() -> dict[str, str]:
    table = tomllib.loads((resources() / "tools" / "units.toml").read_text("utf-8"))
    names: dict[str, str] = {}
    for group in table.values():
        for pint_name, aliases in group.items():
            for alias in (pint_name, *aliases.split()):
                # Capitals count where both exist (Cal and cal); the first one is also found without.
                names.setdefault(alias, pint_name)
                names.setdefault(normal(alias), pint_name)
    return names
