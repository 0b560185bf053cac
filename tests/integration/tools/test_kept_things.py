"""Timers, reminders, notes and pages, from the words of the user to the database and back."""

from collections.abc import Callable

import pytest

from assistant_app.core.events import Event, PageWanted
from assistant_app.core.tools import ToolError
from assistant_app.paths import Paths
from assistant_app.store.store import Store
from assistant_app.tools.open_page import open_page
from assistant_app.tools.services import Services

Call = Callable[..., str]


def test_a_timer_says_when_it_rings(call: Call) -> None:
    assert call("set_timer", duration="5 minutes") == "5 minutes, rings at 14:45"
    assert call("set_timer", duration="一个半小时") == "一个半小时, rings at 16:10"
    assert call("set_timer", duration="2 days") == "2 days, rings at 2026-11-26 14:40"
    with pytest.raises(ToolError, match="soon"):
        call("set_timer", duration="soon")


def test_a_reminder_says_its_day_and_time(call: Call) -> None:
    assert call("set_reminder", text="call mum", when="tomorrow at 18:00") == "2026-11-25 18:00: call mum"
    assert call("set_reminder", text="给妈妈打电话", when="明天下午三点") == "2026-11-25 15:00: 给妈妈打电话"


@pytest.mark.parametrize(
    ("text", "when", "says"),
    [
        ("call mum", "someday", "someday"),
        ("call mum", "", "no day and time"),
        ("call mum", "2020-01-01 10:00", "2020-01-01 10:00 has passed"),
        ("  ", "tomorrow", "what the reminder is about"),
    ],
)
def test_what_cannot_be_a_reminder_is_said(call: Call, text: str, when: str, says: str) -> None:
    with pytest.raises(ToolError, match=says):
        call("set_reminder", text=text, when=when)
    assert call("list_reminders") == "none"


def test_reminders_and_timers_are_listed_in_order_of_time(call: Call) -> None:
    call("set_reminder", text="call mum", when="tomorrow at 18:00")
    call("set_reminder", text="买牛奶", when="今晚八点")
    call("set_timer", duration="5 minutes")
    assert call("list_reminders").splitlines() == [
        "2026-11-24 14:45: timer 5 minutes",
        "2026-11-24 20:00: 买牛奶",
        "2026-11-25 18:00: call mum",
    ]


@pytest.mark.parametrize(
    ("words", "cancelled"),
    [
        ("call mum", "call mum"),
        ("Call Mum", "call mum"),
        ("mum", "call mum"),
        ("the reminder to call mum", "call mum"),
        ("dentist", "dentist at the station"),
        ("给妈妈打电话", "给妈妈打电话"),
        ("妈妈", "给妈妈打电话"),
        ("timer", "timer 5 minutes"),
        ("计时器", "timer 5 minutes"),
        ("10 minute timer", "timer 10 minutes"),
        ("十分钟的计时器", "timer 10 minutes"),
        ("18:00", "call mum"),
        ("all timers", "timer 5 minutes; timer 10 minutes"),
    ],
)
def test_is_cancelled_by_what_the_user_calls_it(call: Call, words: str, cancelled: str) -> None:
    call("set_timer", duration="5 minutes")
    call("set_timer", duration="10 minutes")
    call("set_reminder", text="call mum", when="tomorrow at 18:00")
    call("set_reminder", text="给妈妈打电话", when="tomorrow at 19:00")
    call("set_reminder", text="dentist at the station", when="Friday")
    before = call("list_reminders").splitlines()
    assert call("cancel_reminder", text=words) == cancelled
    left = call("list_reminders").splitlines()
    assert len(left) == len(before) - len(cancelled.split("; "))


def test_nothing_is_cancelled_for_words_that_match_nothing(call: Call) -> None:
    call("set_reminder", text="call mum", when="tomorrow at 18:00")
    for words in ("milk", "timer", "the", ""):
        with pytest.raises(ToolError, match="no reminder or timer"):
            call("cancel_reminder", text=words)
    assert "call mum" in call("list_reminders")


def test_notes_are_numbered_and_newest_last(call: Call) -> None:
    assert call("list_notes") == "none"
    assert call("add_note", text="  buy\nmilk ") == "buy milk"
    assert call("add_note", text="买牛奶和面包") == "买牛奶和面包"
    assert call("list_notes") == "1. buy milk\n2. 买牛奶和面包"
    with pytest.raises(ToolError, match="empty"):
        call("add_note", text=" ")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("milk", "1. buy milk"),
        ("MILK buy", "1. buy milk"),
        ("牛奶", "2. 买牛奶和面包"),
        ("面包", "2. 买牛奶和面包"),
        ("wi-fi", "3. The Wi-Fi password of the café is hunter2"),
        ("cafe", "3. The Wi-Fi password of the café is hunter2"),
        ("what did I write down about the password", "3. The Wi-Fi password of the café is hunter2"),
        ("关于面包的笔记", "2. 买牛奶和面包"),
        ("passwords", "3. The Wi-Fi password of the café is hunter2"),
        ("bananas", "none"),
        ("", "none"),
    ],
)
def test_notes_are_found_by_their_words(call: Call, query: str, found: str) -> None:
    for text in ("buy milk", "买牛奶和面包", "The Wi-Fi password of the café is hunter2"):
        call("add_note", text=text)
    assert call("search_notes", query=query) == found


def test_of_many_notes_the_newest_are_shown(call: Call, store: Store) -> None:
    for number in range(1, 51):
        store.add_note(f"note {number} " + "x" * 300)
    lines = call("list_notes").splitlines()
    assert len(lines) == 20 and lines[0].startswith("31. note 31") and lines[-1].endswith("…")


def test_what_is_kept_is_there_after_a_restart(call: Call, store: Store, paths: Paths) -> None:
    call("add_note", text="buy milk")
    call("set_reminder", text="call mum", when="tomorrow")
    again = Store.open(paths)
    assert [note.text for note in again.notes()] == ["buy milk"]
    assert [reminder.text for reminder in again.reminders()] == ["call mum"]
    again.close()


async def test_a_page_opens_where_there_is_a_window(store: Store) -> None:
    events: list[Event] = []
    services = Services(store, store, events.append, has_window=True)
    assert await open_page(services, "settings") == "settings"
    assert events == [PageWanted("settings")]
    with pytest.raises(ToolError, match="no window"):
        await open_page(Services(store, store, events.append, has_window=False), "settings")


def test_help_is_searched_in_the_language_of_the_question(call: Call) -> None:
    assert "Esc" in call("help_search", query="How do I stop an answer?")
    assert "停止" in call("help_search", query="怎么停止回答？")
    assert call("help_search", query="xyzzy") == "none"
