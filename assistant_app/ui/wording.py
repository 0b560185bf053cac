"""How numbers, sizes and days are said in the user's language."""

import time
from datetime import date, datetime, timedelta

from PySide6.QtCore import QDate, QLocale, QTime

from assistant_app.i18n import _


def language() -> str:
    """Return the key of i18n.LANGUAGES that the window is shown in."""
    return "zh_CN" if QLocale().language() == QLocale.Language.Chinese else "en"


def size(n_bytes: int) -> str:
    """Return a file size such as "1.2 GB"."""
    return QLocale().formattedDataSize(n_bytes, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def number(value: int) -> str:
    """Return a whole number with the separators of the language."""
    return QLocale().toString(value)


def tokens_per_second(value: float) -> str:
    """Return a generation speed."""
    return _("{speed} tokens/s").format(speed=QLocale().toString(value, "f", 1))


def day_and_time(timestamp: float) -> str:
    """Return a moment in local time; the day is left out when it is today."""
    moment = datetime.fromtimestamp(timestamp)
    locale = QLocale()
    clock = locale.toString(QTime(moment.hour, moment.minute), QLocale.FormatType.ShortFormat)
    if moment.date() == date.today():
        return clock
    day = QDate(moment.year, moment.month, moment.day)
    return f"{locale.toString(day, QLocale.FormatType.ShortFormat)} {clock}"


def long_day(timestamp: float) -> str:
    """Return a day as a heading: Today, Yesterday, or the date in full."""
    day = datetime.fromtimestamp(timestamp).date()
    if day == date.today():
        return _("Today")
    if day == date.today() - timedelta(days=1):
        return _("Yesterday")
    return QLocale().toString(QDate(day.year, day.month, day.day), QLocale.FormatType.LongFormat)


def group_of(timestamp: float, now: float | None = None) -> str:
    """Return the group of the conversation list that a moment falls into."""
    today = date.fromtimestamp(time.time() if now is None else now)
    day = date.fromtimestamp(timestamp)
    age_days = (today - day).days
    if age_days <= 0:
        return _("Today")
    if age_days == 1:
        return _("Yesterday")
    if age_days <= 7:
        return _("Last 7 days")
    if age_days <= 30:
        return _("Last 30 days")
    if day.year == today.year:
        return QLocale().standaloneMonthName(day.month)
    return str(day.year)
