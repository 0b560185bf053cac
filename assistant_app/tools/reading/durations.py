"""Lengths of time in the words of a user: "an hour and a half", "1h30", 一个半小时."""

import re
from collections.abc import Sequence
from datetime import timedelta

from assistant_app.tools.reading.numbers import normal, spelled

MAX_CHARACTERS = 200
MAX_DAYS = 3660
"""Ten years; nobody means more."""

_UNITS: Sequence[tuple[str, int]] = (
    (r"seconds?|secs?|s|秒钟|秒", 1),
    (r"minutes?|mins?|m|min\.|分钟|分", 60),
    (r"hours?|hrs?|h|个?小时|个?钟头|个钟", 3600),
    (r"days?|d|天|日", 86_400),
    (r"weeks?|wks?|w|个?星期|个?礼拜|周", 604_800),
)
_N = r"(\d+(?:\.\d+)?)"
_ANY = "|".join(f"(?:{names})" for names, _seconds in _UNITS)
_PIECE = re.compile(rf"{_N}[\s-]*({_ANY})(?![a-z])")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_REWRITES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^(?:(?:for|in|of|about|after|within|set|a timer|timer|the timer|过|再过|大约|大概)\s*)+", ""),
        (
            r"\s*(?:timer|countdown|from now|later|long|的?(?:计时器?|定时器?|倒计时|闹钟)|之?后|以后|过后)$",
            "",
        ),
        (r"(\d+) and a half\b", r"\1.5"),
        (r"\b(?:an?|one) couple of\b|\b(?:a )?couple(?: of)?\b", "2"),
        (r"\b(?:a )?half(?: of)?(?: an?)? (hour|minute|day)\b", r"0.5 \1"),
        (r"\b(?:3 quarters|three quarters) of an? hour\b", "45 minutes"),
        (r"\b(?:a |1 )?quarter(?: of)?(?: an)? hour\b", "15 minutes"),
        (r"\b(?:an?|1) (hour|minute|day|week) and a half\b", r"1.5 \1"),
        (r"(\d+) (hours?|minutes?|days?|weeks?) and a half\b", r"\1.5 \2"),
        (r"\ban? (?=hour|minute|second|day|week)", "1 "),
        (r"(\d+)个半(小时|钟头|星期|礼拜)", r"\1.5\2"),
        (r"(\d+)(分钟|天|小时|分)半", r"\1.5\2"),
        (r"半个?(小时|钟头|天|分钟)", r"0.5\1"),
        (r"半(小时|天|分钟)", r"0.5\1"),
        (r"(\d+)刻钟", lambda match: f"{15 * int(match[1])}分钟"),
    )
)
_FILLER = re.compile(r"(?:[\s,、.]|and|又|零|和|整)*")


def read_duration(text: str) -> timedelta | None:
    """Return the length of time that the whole text is; None for anything else. A bare number is minutes."""
    if len(text) > MAX_CHARACTERS:
        return None
    plain = spelled(normal(text)).strip(" .。!?")
    for pattern, replacement in _REWRITES:
        plain = pattern.sub(replacement, plain)
    plain = plain.strip()
    clock = _CLOCK.fullmatch(plain)
    if clock:
        return _clock(clock)
    seconds, position, unit = 0.0, 0, 0
    for match in _PIECE.finditer(plain):
        if _FILLER.fullmatch(plain, position, match.start()) is None:
            return None
        unit = next(size for names, size in _UNITS if re.fullmatch(names, match[2]))
        seconds += float(match[1]) * unit
        position = match.end()
    rest = plain[position:].strip()
    if re.fullmatch(r"\d+(?:\.\d+)?", rest) and unit in (0, 3600, 60):
        # "1h30", "one minute thirty", and a bare "10".
        seconds += float(rest) * (60 if unit != 60 else 1)
    elif _FILLER.fullmatch(rest) is None:
        return None
    return timedelta(seconds=seconds) if 0 < seconds <= MAX_DAYS * 86_400 else None


def _clock(match: "re.Match[str]") -> timedelta:
    """Read 1:30:00, and 5:00 as a kitchen timer shows it: minutes and seconds."""
    first, second, third = int(match[1]), int(match[2]), match[3]
    if third is None:
        return timedelta(minutes=first, seconds=second)
    return timedelta(hours=first, minutes=second, seconds=int(third))
