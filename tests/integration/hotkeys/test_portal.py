"""T13: the key everywhere by a portal on a bus of the test's own."""

import asyncio
import time
from typing import Any

import pytest

from assistant_app.core.events import Event, HotkeyChanged, HotkeyUsed
from assistant_app.core.hotkeys import HotkeyError, HotkeyState, HotkeyWay
from assistant_app.speech.hotkeys.portal import Patience, PortalHotkey
from assistant_app.worker.voice.hotkeys import HotkeyManager
from tests.fixtures.session_bus import WAIT_S, MockPortal
from tests.integration.hotkeys.conftest import Told

IMPATIENT = Patience(answer_s=0.3, person_s=0.3)


async def started(told: Told, **options: Any) -> tuple[PortalHotkey, str]:
    hotkey = PortalHotkey("Hold to talk", **options)
    return hotkey, await hotkey.start("Ctrl+Alt+Space", told.press, told.release, told.lost)


async def refusal(told: Told, **options: Any) -> HotkeyError:
    hotkey = PortalHotkey("Hold to talk", **options)
    with pytest.raises(HotkeyError) as error:
        await hotkey.start("Ctrl+Alt+Space", told.press, told.release, told.lost)
    await hotkey.stop()
    assert told.nothing_more
    return error.value


async def test_registers_first_and_binds_with_the_right_types(bus: str, told: Told) -> None:
    portal = MockPortal(bus)
    hotkey, shown = await started(told)
    assert portal.methods() == ["Register", "Get", "CreateSession", "BindShortcuts"]
    assert portal.asked[0] == ("Register", "sa{sv}", ("assistant-app", {}))
    _method, signature, (session, shortcuts, parent, _options) = portal.asked[-1]
    assert signature == "oa(sa{sv})sa{sv}"
    assert shortcuts == [
        ("talk", {"description": ("s", "Hold to talk"), "preferred_trigger": ("s", "CTRL+ALT+space")})
    ]
    assert session == portal.bound.get(timeout=WAIT_S) and parent == ""
    assert shown == "Press <Control><Alt>space"
    await hotkey.stop()
    assert await asyncio.to_thread(portal.closed.get, timeout=WAIT_S) == session


async def test_activated_presses_and_deactivated_releases(bus: str, told: Told) -> None:
    portal = MockPortal(bus)
    hotkey, _shown = await started(told)
    session = portal.bound.get(timeout=WAIT_S)
    before = time.monotonic()
    portal.press(session)
    assert await told.next() == "press"
    portal.release(session)
    assert await told.next() == "release"
    assert before <= told.times[0] <= told.times[1] <= time.monotonic()
    # Others' shortcuts, and other sessions, are not ours.
    portal.press(session, "another")
    portal.press(session + "1")
    portal.release(session)
    portal.press(session)
    assert await told.next() == "press"
    await hotkey.stop()


async def test_repeated_activations_are_one_press(bus: str, told: Told) -> None:
    portal = MockPortal(bus)
    hotkey, _shown = await started(told)
    session = portal.bound.get(timeout=WAIT_S)
    for _repeat in range(20):
        portal.press(session)
    portal.release(session)
    assert [await told.next(), await told.next()] == ["press", "release"]
    portal.press(session)
    assert await told.next() == "press"
    await hotkey.stop()


async def test_desktop_that_tells_no_releases_makes_the_key_a_switch(bus: str, told: Told) -> None:
    now = [100.0]
    portal = MockPortal(bus)
    hotkey, _shown = await started(told, clock=lambda: now[0])
    session = portal.bound.get(timeout=WAIT_S)
    portal.press(session)
    assert await told.next() == "press"
    now[0] += 5
    portal.press(session)
    assert await told.next() == "release"
    now[0] += 5
    portal.press(session)
    assert await told.next() == "press"
    await hotkey.stop()


async def test_portal_without_a_registry_works_if_it_needs_no_id(bus: str, told: Told) -> None:
    MockPortal(bus, has_registry=False, needs_app_id=False)
    hotkey, shown = await started(told)
    assert shown
    await hotkey.stop()


async def test_application_that_is_not_installed_is_told_which_file_is_missing(bus: str, told: Told) -> None:
    MockPortal(bus, knows=())
    assert "assistant-app.desktop is not installed" in (await refusal(told)).sentence()


async def test_no_bus_no_portal_and_no_shortcuts_each_say_so(
    bus: str, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no portal service" in (await refusal(told)).sentence()
    portal = MockPortal(bus, has_shortcuts=False)
    assert "offers no global shortcuts" in (await refusal(told)).sentence()
    portal.end()
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    assert "no desktop session" in (await refusal(told)).sentence()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    assert "no desktop session" in (await refusal(told)).sentence()


async def test_portal_that_never_answers_is_given_up(bus: str, told: Told) -> None:
    MockPortal(bus, answers=False)
    error = await refusal(told, patience=IMPATIENT)
    assert "did not answer" in error.sentence() and error.passing


async def test_user_who_declines_is_not_asked_in_another_way(bus: str, told: Told) -> None:
    MockPortal(bus, response=1)
    error = await refusal(told)
    assert "declined" in error.sentence() and error.final


async def test_portal_that_refuses_the_key_names_it(bus: str, told: Told) -> None:
    MockPortal(bus, response=2)
    assert "refused the key Ctrl+Alt+Space" in (await refusal(told)).sentence()


async def test_session_that_the_desktop_closes_is_lost(bus: str, told: Told) -> None:
    portal = MockPortal(bus)
    hotkey, _shown = await started(told)
    portal.close_session(portal.bound.get(timeout=WAIT_S))
    assert await told.next() == "lost"
    assert told.lost_by is not None and not told.lost_by.passing
    await hotkey.stop()


async def test_portal_that_ends_is_lost_for_the_moment(bus: str, told: Told) -> None:
    portal = MockPortal(bus)
    hotkey, _shown = await started(told)
    portal.end()
    assert await told.next() == "lost"
    assert told.lost_by is not None and told.lost_by.passing
    await hotkey.stop()
    assert told.nothing_more


async def test_key_works_again_after_the_portal_was_restarted(bus: str) -> None:
    states: asyncio.Queue[HotkeyState] = asyncio.Queue()
    presses: asyncio.Queue[str] = asyncio.Queue()

    def take(event: Event) -> None:
        if isinstance(event, HotkeyChanged):
            states.put_nowait(event.state)
        elif isinstance(event, HotkeyUsed):
            presses.put_nowait(event.action)

    ways = [HotkeyWay("portal", lambda: PortalHotkey("Talk"))]
    first = MockPortal(bus)
    manager = HotkeyManager(ways, lambda: "F9", take, str, retry_s=(1.0, 1.0))
    manager.follow()
    assert (await asyncio.wait_for(states.get(), WAIT_S)).works
    first.press(first.bound.get(timeout=WAIT_S))
    assert await asyncio.wait_for(presses.get(), WAIT_S) == "press"
    first.end()
    assert "has ended" in (await asyncio.wait_for(states.get(), WAIT_S)).sentence
    assert await asyncio.wait_for(presses.get(), WAIT_S) == "lost"

    second = MockPortal(bus)
    state = await asyncio.wait_for(states.get(), WAIT_S)
    assert state.works and state.way == "portal"
    second.press(second.bound.get(timeout=WAIT_S))
    assert await asyncio.wait_for(presses.get(), WAIT_S) == "press"
    await manager.close()
