"""Durations and moments in the words of people, in English and Chinese."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant_app.tools.reading.durations import read_duration
from assistant_app.tools.reading.moments import read_moment

NOW = datetime(2026, 11, 24, 14, 40).astimezone()
"""A Tuesday afternoon."""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5 minutes", 300),
        ("five minutes", 300),
        ("10", 600),
        ("a minute", 60),
        ("90s", 90),
        ("45 sec", 45),
        ("half an hour", 1800),
        ("a quarter of an hour", 900),
        ("three quarters of an hour", 2700),
        ("an hour and a half", 5400),
        ("two and a half hours", 9000),
        ("one and a half hours", 5400),
        ("50-minute", 3000),
        ("1.5 hours", 5400),
        ("1h30", 5400),
        ("1h 30m", 5400),
        ("1:30:00", 5400),
        ("5:00", 300),
        ("1 hour, 20 minutes and 5 seconds", 4805),
        ("one minute thirty", 90),
        ("a couple of minutes", 120),
        ("for 5 minutes", 300),
        ("5 minute timer", 300),
        ("3 days", 259200),
        ("5分钟", 300),
        ("十分钟", 600),
        ("半小时", 1800),
        ("半个小时", 1800),
        ("一个半小时", 5400),
        ("一刻钟", 900),
        ("三分半", 210),
        ("两小时三十分", 9000),
        ("1小时30分钟", 5400),
        ("90秒", 90),
        ("五分钟的计时器", 300),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    assert read_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "hello", "0 minutes", "-5 minutes", "soon", "5 bananas", "99999 weeks"])
def test_what_is_no_duration(text: str) -> None:
    assert read_duration(text) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("in 20 minutes", "2026-11-24 15:00"),
        ("20分钟后", "2026-11-24 15:00"),
        ("in an hour and a half", "2026-11-24 16:10"),
        ("一个半小时后", "2026-11-24 16:10"),
        ("过十分钟", "2026-11-24 14:50"),
        ("3 days from now", "2026-11-27 14:40"),
        ("三天后", "2026-11-27 14:40"),
        ("in a week", "2026-12-01 14:40"),
        ("in one month", "2026-12-24 14:40"),
        ("in 3 days at 9", "2026-11-27 09:00"),
        ("tomorrow", "2026-11-25 09:00"),
        ("tomorrow at 9", "2026-11-25 09:00"),
        ("tomorrow at 3", "2026-11-25 15:00"),
        ("tomorrow at 6pm", "2026-11-25 18:00"),
        ("7:30 am tomorrow", "2026-11-25 07:30"),
        ("tomorrow morning", "2026-11-25 09:00"),
        ("tomorrow evening at 7", "2026-11-25 19:00"),
        ("noon tomorrow", "2026-11-25 12:00"),
        ("明天上午9点", "2026-11-25 09:00"),
        ("明早七点", "2026-11-25 07:00"),
        ("明晚8点", "2026-11-25 20:00"),
        ("明天下午", "2026-11-25 15:00"),
        ("后天", "2026-11-26 09:00"),
        ("大后天", "2026-11-27 09:00"),
        ("day after tomorrow at noon", "2026-11-26 12:00"),
        ("at 18:00", "2026-11-24 18:00"),
        ("6pm", "2026-11-24 18:00"),
        ("at 6 p.m.", "2026-11-24 18:00"),
        ("18h30", "2026-11-24 18:30"),
        ("at 9", "2026-11-24 21:00"),
        ("at 2", "2026-11-25 14:00"),
        ("06:30", "2026-11-25 06:30"),
        ("half past six", "2026-11-24 18:30"),
        ("quarter to seven", "2026-11-24 18:45"),
        ("tonight", "2026-11-24 20:00"),
        ("tonight at 8", "2026-11-24 20:00"),
        ("今晚八点半", "2026-11-24 20:30"),
        ("今晚八点二十", "2026-11-24 20:20"),
        ("今晚八点四十分", "2026-11-24 20:40"),
        ("今晚八点一刻", "2026-11-24 20:15"),
        ("下午三点", "2026-11-24 15:00"),
        ("下午4点45分", "2026-11-24 16:45"),
        ("中午12点", "2026-11-25 12:00"),
        ("晚上十二点", "2026-11-25 00:00"),
        ("midnight", "2026-11-25 00:00"),
        ("on Friday at 10", "2026-11-27 10:00"),
        ("at 4pm on Thursday", "2026-11-26 16:00"),
        ("next Monday", "2026-11-30 09:00"),
        ("next week", "2026-11-30 09:00"),
        ("周五上午10点", "2026-11-27 10:00"),
        ("下周一", "2026-11-30 09:00"),
        ("这周六", "2026-11-28 09:00"),
        ("周末", "2026-11-28 09:00"),
        ("December 5th at 3pm", "2026-12-05 15:00"),
        ("5 Dec 2026 14:00", "2026-12-05 14:00"),
        ("on the 5th at 9", "2026-12-05 09:00"),
        ("12月5日 18:00", "2026-12-05 18:00"),
        ("2026年12月5日早上8点", "2026-12-05 08:00"),
        ("2026-12-01 10:00", "2026-12-01 10:00"),
        ("January 1", "2027-01-01 09:00"),
        ("on Tuesday", "2026-12-01 09:00"),
        ("Tuesday at 5pm", "2026-11-24 17:00"),
        ("星期二上午9点", "2026-12-01 09:00"),
        ("tonight at 2", "2026-11-25 02:00"),
        ("今晚1点", "2026-11-25 01:00"),
        ("明天上午12点", "2026-11-25 12:00"),
        ("on 2028-06-28 at 3:18", "2028-06-28 03:18"),
        ("after 21 minutes", "2026-11-24 15:01"),
    ],
)
def test_moments(text: str, moment: str) -> None:
    found = read_moment(text, NOW)
    assert found is not None and f"{found:%Y-%m-%d %H:%M}" == moment


@pytest.mark.parametrize("text", ["", "foo", "later", "at 25:00", "32 December", "every day at 9", "today"])
def test_what_is_no_moment(text: str) -> None:
    assert read_moment(text, NOW) is None


def test_a_past_moment_is_returned_as_such() -> None:
    found = read_moment("2020-01-01 10:00", NOW)
    assert found is not None and found < NOW


_WORDS = st.sampled_from(
    "in at on tomorrow today next Friday 5 12 25 :30 9pm half past noon week month 31 feb 明天 下周 周五 三"
    " 点 半 号 月 后 小时 2026-13-40".split(" ")
)


_PHRASES = st.lists(_WORDS, max_size=8)


@settings(max_examples=300, deadline=1000)
@given(st.one_of(st.text(max_size=40), _PHRASES.map(" ".join), _PHRASES.map("".join)))
def test_no_text_fails(text: str) -> None:
    for found in (read_moment(text, NOW), read_duration(text)):
        assert found is None or isinstance(found, datetime | timedelta)
