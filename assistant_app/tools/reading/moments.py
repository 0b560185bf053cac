"""Moments in the words of a user: "tomorrow at 9", "in 20 minutes", 明天上午9点.

Where a user leaves something open, the next such moment is meant, and a day has waking hours.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from assistant_app.tools.reading.durations import MAX_CHARACTERS, read_duration
from assistant_app.tools.reading.numbers import normal, spelled

_MORNING, _NOON, _AFTERNOON, _EVENING, _NIGHT = 9, 12, 15, 18, 20
_WAKING, _LATE_NIGHT, _SMALL_HOURS = 6, 4, 5
_DAYPARTS = (
    (r"凌晨|半夜|early morning", 0, _SMALL_HOURS),
    (r"早上|早晨|清晨|上午|早|(?:in the |this )?morning", 0, _MORNING),
    (r"中午|正午|noon|midday|lunch ?time", 0, _NOON),
    (r"下午|午后|(?:in the |this )?afternoon", 12, _AFTERNOON),
    (r"傍晚|(?:in the |this )?evening", 12, _EVENING),
    (r"晚上|夜里|夜晚|今晚|晚|(?:at |this )?night|tonight", 12, _NIGHT),
)
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mon 一",
            "tuesday tues tue 二",
            "wednesday weds wed 三",
            "thursday thurs thur thu 四",
            "friday fri 五",
            "saturday sat 六",
            "sunday sun 日 天",
        )
    )
    for name in names.split()
}
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = "|".join(_MONTHS)
_MERIDIEM = r"(am|pm|a\.m\.?|p\.m\.?)(?![a-z])"
_WEEKDAY = "|".join(name for name in _WEEKDAYS if name.isascii())


@dataclass
class _Reading:
    """The text that is left, and what was found in it."""

    text: str
    now: datetime
    day: date | None = None
    hour: int | None = None
    minute: int = 0
    twelve: bool = False
    """The hour may be of the morning or of the afternoon."""
    daypart: int | None = None
    """Hours that a part of the day adds to an hour below 12."""
    default_hour: int | None = None
    weekly: bool = False
    """The day is a weekday: when it has passed, the next one is meant."""
    literal: bool = False
    """The date is in digits, so the hour is one of twenty-four."""

    def take(self, pattern: str) -> "re.Match[str] | None":
        """Cut the first match out of the text."""
        match = re.search(pattern, self.text)
        if match:
            self.text = f"{self.text[: match.start()]} {self.text[match.end() :]}"
        return match


def read_moment(text: str, now: datetime) -> datetime | None:
    """Return the moment that the whole text means, seen from `now` (with a zone); None if it is none.

    A moment in the past is returned as such when the user gave its date.
    """
    if len(text) > MAX_CHARACTERS:
        return None
    plain = normal(text).strip(" .。!?")
    relative = _relative(spelled(plain), now)
    if relative is not None:
        return relative
    # 一 in 周一 is a weekday, not a number.
    plain = re.sub(r"(周|星期|礼拜)([一二三四五六日天])", lambda m: f"weekday{_WEEKDAYS[m[2]]} ", plain)
    # 三点二十 is a time of day here, not the decimal 3.20.
    plain = re.sub(r"[一二两三四五六七八九十]+(?=点)", lambda m: spelled(m[0]), plain)
    found = _Reading(spelled(plain), now)
    try:
        _find_day(found)
        _find_time(found)
        rest = re.sub(
            r"\b(?:on|at|by|the|of|in|around|about|this|o'clock|sharp|please)\b|[\s,、的在到整于号]",
            "",
            found.text,
        )
        if rest or (found.day is None and found.hour is None and found.default_hour is None):
            return None
        return _joined(found)
    except (ValueError, OverflowError):
        return None


def _relative(text: str, now: datetime) -> datetime | None:
    pattern = (
        r"(?:in|after) (.+)|(.+?) (?:from now|later|hence)|再?过(.+?)(?:之?后|以后)?|(.+?)(?:之?后|以后|过后)"
    )
    match = re.fullmatch(pattern, text)
    length = read_duration(next(part for part in match.groups() if part)) if match else None
    if length is None:
        months = re.fullmatch(r"in (?:an? |(\d+) )months?|(\d+)个月(?:之?后|以后)", text)
        if months is None:
            return None
        return _later_month(now, int(months[1] or months[2] or 1))
    return now + length


def _later_month(now: datetime, months: int) -> datetime:
    year, month = divmod(now.month - 1 + months, 12)
    for day in range(now.day, 27, -1):
        try:
            return _local(datetime(now.year + year, month + 1, day, now.hour, now.minute))
        except ValueError:
            continue
    return _local(datetime(now.year + year, month + 1, min(now.day, 28), now.hour, now.minute))


# --- days
def _find_day(found: _Reading) -> None:
    today = found.now.date()
    for pattern, days in (
        (r"\bday after tomorrow\b|大后天", 2),
        (r"后天", 2),
        (r"\b(?:tomorrow|tmr|tmrw|tomorow|tommorow)\b|明天|明日|明(?=早|晚|上午|下午|中午)", 1),
        (r"\btoday\b|今天|今日|今(?=早|晚)", 0),
    ):
        match = found.take(pattern)
        if match:
            found.day = today + timedelta(days=3 if match.group() == "大后天" else days)
            return
    later = found.take(r"\bin (\d+|an?) (days?|weeks?)\b|(\d+)(天|周|个星期|个礼拜)(?:之?后|以后)")
    if later:
        count = later[1] or later[3]
        weeks = (later[2] or later[4])[0] in "w周个"
        found.day = today + timedelta(days=(int(count) if count.isdigit() else 1) * (7 if weeks else 1))
        return
    if not _find_weekday(found, today):
        _find_date(found, today)


def _find_weekday(found: _Reading, today: date) -> bool:
    match = found.take(
        rf"(?:\b(on|this|next|coming|the coming|this coming) )?\b({_WEEKDAY})\b(?: (next week))?"
        r"|(下下个?|下个?|这个?|本)?weekday(\d)"
    )
    if match:
        wanted = _WEEKDAYS[match[2]] if match[2] else int(match[5])
        ahead = (wanted - today.weekday()) % 7
        if (match[4] and match[4].startswith("下")) or match[3]:
            # The Chinese week, and "next week", are those that begin on Monday.
            ahead = wanted - today.weekday() + 7 * (2 if (match[4] or "").startswith("下下") else 1)
        elif ahead == 0 and match[1] == "next":
            ahead = 7
        found.day, found.weekly = today + timedelta(days=ahead), ahead == 0
        return True
    if found.take(r"\bnext week\b|下个?(?:周|星期|礼拜)(?!末)"):
        found.day = today + timedelta(days=7 - today.weekday())
    elif match := found.take(r"\b(?:on |at )?(this |next |the )?weekend\b|(下|这)?个?周末"):
        ahead = (5 - today.weekday()) % 7
        found.day = today + timedelta(
            days=ahead + (7 if (match[1] or match[2] or "").strip() in ("next", "下") else 0)
        )
    return found.day is not None


def _find_date(found: _Reading, today: date) -> None:
    match = found.take(
        r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)(?:日|t(?=\d))?|(\d{4})年(\d{1,2})月(\d{1,2})[日号]?"
    )
    if match:
        year, month, day = (int(part) for part in match.groups() if part)
        found.day, found.literal = date(year, month, day), True
        return
    match = found.take(
        rf"\b(?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})\b\.?(?:,? (\d{{4}}))?"
        rf"|\b({_MONTH})\b\.? (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,? (\d{{4}}))?"
    )
    if match:
        day, month = int(match[1] or match[5]), _MONTHS[match[2] or match[4]]
        given = match[3] or match[6]
        found.day = date(int(given), month, day) if given else _coming(today, month, day)
        return
    match = found.take(r"(明年)?(\d{1,2})月(\d{1,2})[日号]?")
    if match:
        month, day = int(match[2]), int(match[3])
        found.day = date(today.year + 1, month, day) if match[1] else _coming(today, month, day)
        return
    match = found.take(r"\b(?:on )?the (\d{1,2})(?:st|nd|rd|th)\b|(下个月)?(\d{1,2})[号日]")
    if match:
        day = int(match[1] or match[3])
        first = today.replace(day=1)
        if match[2] or day < today.day:
            first = (first + timedelta(days=32)).replace(day=1)
        found.day = first.replace(day=day)
    elif found.take(r"\bnext month\b|下个月"):
        found.day = (today.replace(day=1) + timedelta(days=32)).replace(day=1)


def _coming(today: date, month: int, day: int) -> date:
    candidate = date(today.year, month, day)
    return candidate if candidate >= today else date(today.year + 1, month, day)


# --- times
def _find_time(found: _Reading) -> None:
    if found.take(r"\bmidnight\b|午夜|零点"):
        found.hour, found.day = 0, (found.day or found.now.date()) + timedelta(days=1)
        return
    if found.take(r"\btonight\b|今晚"):
        found.day = found.day or found.now.date()
        found.daypart, found.default_hour = 12, _NIGHT
    _find_clock(found)
    for pattern, offset, default in _DAYPARTS:
        if found.take(rf"(?<![a-z])(?:{pattern})(?![a-z])"):
            found.daypart, found.default_hour = offset, default
            if default == _NOON and found.hour is not None and found.hour < 11:
                found.daypart = 12
            break


def _find_clock(found: _Reading) -> None:
    match = found.take(
        r"\b(?:(half|1 half|quarter|a quarter|\d{1,2})(?: minutes?)? (past|after|to|before)) (\d{1,2})\b(?!:)"
    )
    if match:
        minutes = {"half": 30, "1 half": 30, "quarter": 15, "a quarter": 15}.get(match[1]) or int(match[1])
        hour = int(match[3])
        if match[2] in ("to", "before"):
            hour, minutes = hour - 1 or 12, 60 - minutes
        found.hour, found.minute, found.twelve = hour, minutes, hour < 12
        _take_meridiem(found)
        return
    match = found.take(r"(\d{1,2})[点時时](?:(半)|([13])刻|(\d{1,2})分?)?(?:钟|整)?")
    if match:
        found.hour, found.twelve = int(match[1]), int(match[1]) < 12
        found.minute = 30 if match[2] else 15 * int(match[3]) if match[3] else int(match[4] or 0)
        return
    match = found.take(
        rf"(?<![\d:])(\d{{1,2}})[:.h](\d{{2}})(?!\d)(?::\d{{2}})?(?: ?{_MERIDIEM})?(?: ?h(?![a-z]))?"
    )
    match = match or found.take(rf"(?<![\d:])(\d{{1,2}})() ?{_MERIDIEM}")
    match = match or found.take(r"(?<![\d:])(\d{1,2})(?: (\d{2}))?()(?: ?h(?:ours)?| o'clock)?(?![\d:])\b")
    if match:
        found.hour, found.minute = int(match[1]), int(match[2] or 0)
        found.twelve = found.hour < 12 and not match[1].startswith("0")
        if match[3]:
            _set_meridiem(found, match[3][0])
        else:
            _take_meridiem(found)


def _take_meridiem(found: _Reading) -> None:
    match = found.take(r"(?<![a-z])([ap])\.?m\b\.?")
    if match:
        _set_meridiem(found, match[1])


def _set_meridiem(found: _Reading, letter: str) -> None:
    if found.hour is not None and found.hour <= 12:
        found.hour = found.hour % 12 + (12 if letter == "p" else 0)
        found.twelve = False


# --- together
def _joined(found: _Reading) -> datetime:
    now = found.now.replace(tzinfo=None)
    hour = found.hour
    if hour is None:
        hour, found.twelve = found.default_hour if found.default_hour is not None else _MORNING, False
        if found.day == now.date() and not found.weekly and datetime.combine(found.day, time(hour)) <= now:
            raise ValueError("no time is given")
    elif found.daypart is not None:
        if found.default_hour == _NIGHT and (hour == 12 or hour <= _LATE_NIGHT):
            # Twelve or two at night is in the next day.
            hour, found.day = hour % 12, (found.day or now.date()) + timedelta(days=1)
        elif hour < 12:
            hour += found.daypart
        elif hour == 12 and found.default_hour == _SMALL_HOURS:
            hour = 0
        found.twelve = False
    clock = time(hour % 24 if hour == 24 else hour, found.minute)
    if found.day is None:
        return _local(_next(now, clock, found.twelve))
    moment = datetime.combine(found.day + timedelta(days=hour == 24), clock)
    if found.literal:
        return _local(moment)
    if found.twelve and found.day == now.date():
        moment = moment if moment > now else moment + timedelta(hours=12) if clock.hour < 12 else moment
    elif found.twelve and 1 <= clock.hour <= 6:
        moment += timedelta(hours=12)
    if found.weekly and moment <= now:
        moment += timedelta(days=7)
    return _local(moment)


def _next(now: datetime, clock: time, twelve: bool) -> datetime:
    """Return the next moment of that time; one that may be by day or by night is by day."""
    moment = datetime.combine(now.date(), clock)
    coming = (moment + timedelta(hours=step) for step in (range(0, 48, 12) if twelve else (0, 24)))
    return next(later for later in coming if later > now and (not twelve or later.hour >= _WAKING))


def _local(naive: datetime) -> datetime:
    return naive.astimezone()
