"""Time zones by the name of a city or a country, in English and Chinese."""

import re
import tomllib
import unicodedata
from collections import Counter
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from assistant_app.paths import resources
from assistant_app.tools.reading.numbers import normal

_HERE = frozenset(
    (
        "",
        "here",
        "local",
        "local time",
        "my place",
        "home",
        "now",
        "这里",
        "本地",
        "当地",
        "我这里",
        "此地",
        "现在",
    )
)
_AROUND = re.compile(
    r"^(?:in|at|for|the city of|the|current time in|time in|time at|在)\s+|^(?:在|现在)"
    r"|\s*(?:'s time|time zone|timezone|local time|time|city|right now|now|today"
    r"|时间|现在几点|现在|当地|那边|那里|市|几点)$"
)


class UnknownPlace(Exception):
    """No time zone is known for this place."""


class SeveralZones(Exception):
    """The place has more than one time zone."""


def is_here(place: str) -> bool:
    """Return whether a place is where the user is."""
    return normal(place).strip(" .?!。？！") in _HERE


def zone_of(place: str) -> ZoneInfo:
    """Return the time zone of a place. Raises UnknownPlace, SeveralZones."""
    plain = normal(place).strip(" .?!。？！")
    known = _zones()
    for candidate in _candidates(plain):
        if candidate in known:
            return ZoneInfo(known[candidate])
        if candidate in _wide():
            raise SeveralZones(place)
    raise UnknownPlace(place)


def _candidates(plain: str) -> list[str]:
    """Return ways to read a name, the most literal one first: "in Munich, Germany" is also "munich"."""
    found = [plain]
    trimmed = plain
    while (shorter := _AROUND.sub("", trimmed).strip()) != trimmed and shorter:
        trimmed = shorter
        found.append(trimmed)
    found += [part.strip() for part in trimmed.split(",") if part.strip()]
    found += [key for key in (_key(name) for name in list(found)) if key not in found]
    return found


def _key(name: str) -> str:
    """Return a name without accents and punctuation: São Paulo is also sao paulo."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return bare.replace(".", "").replace("_", " ").replace("-", " ")


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((resources() / "tools" / "places.toml").read_text("utf-8"))


@cache
def _wide() -> frozenset[str]:
    return frozenset(normal(name) for name in _table()["several"]["names"])


@cache
def _zones() -> dict[str, str]:
    """Return normal name → zone: our list first, then cities and countries of the CLDR, then zone names."""
    table = _table()
    zones = {normal(name): zone for name, zone in table["short"].items()}
    for zone, names in table["zones"].items():
        zones.update((normal(name), zone) for name in names)
    available = available_timezones()
    for name, zone in (*_cldr_cities(), *_cldr_countries()):
        if zone in available:
            zones.setdefault(normal(name), zone)
    for zone in sorted(available):
        if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "posix/", "right/")):
            zones.setdefault(normal(_key(zone.rpartition("/")[2])), zone)
            zones.setdefault(normal(zone), zone)
    return zones


def _cldr_cities() -> list[tuple[str, str]]:
    from babel import Locale

    return [
        (str(names["city"]), zone)
        for language in ("en", "zh")
        for zone, names in Locale(language).time_zones.items()
        if "city" in names
    ]


def _cldr_countries() -> list[tuple[str, str]]:
    """Return names of the countries that have one time zone."""
    from babel import Locale
    from babel.core import get_global

    territories = {
        zone: country for zone, country in get_global("zone_territories").items() if country != "001"
    }
    counted = Counter(territories.values())
    return [
        (str(name), zone)
        for language in ("en", "zh")
        for zone, country in territories.items()
        if counted[country] == 1 and (name := Locale(language).territories.get(country))
    ]
