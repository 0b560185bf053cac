"""The key everywhere inside the service: it follows the setting and tells its presses."""

from collections.abc import Iterator

import pytest

from assistant_app.core.events import HotkeyChanged, HotkeyUsed
from assistant_app.core.hotkeys import HotkeyWay
from assistant_app.speech.hotkeys.portal import PortalHotkey
from tests.fixtures.session_bus import WAIT_S, MockPortal, session_bus
from tests.integration.talk.conftest import StartVoiceBench


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockPortal]:
    with session_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield MockPortal(address)


async def test_key_is_taken_when_it_is_set_and_given_back_when_it_is_cleared(
    start: StartVoiceBench, portal: MockPortal
) -> None:
    bench = await start()
    bench.parts.hotkey_ways = [HotkeyWay("portal", lambda: PortalHotkey("Talk"))]
    await bench.api.change_settings({"global_hotkey": "F9"})
    assert portal.asked == [], "nobody asked for keys yet: there is no window"
    await bench.api.change_settings({"global_hotkey": ""})
    assert not (await bench.voice.follow_hotkey()).keys
    assert portal.asked == []

    await bench.api.change_settings({"global_hotkey": "F9"})
    await bench.events.wait(lambda e: isinstance(e, HotkeyChanged) and e.state.works)
    session = portal.bound.get(timeout=WAIT_S)
    portal.press(session)
    await bench.events.wait(lambda e: isinstance(e, HotkeyUsed) and e.action == "press")
    portal.release(session)
    await bench.events.wait(lambda e: isinstance(e, HotkeyUsed) and e.action == "release")

    since = len(bench.events.events)
    await bench.api.change_settings({"global_hotkey": ""})
    await bench.events.wait(lambda e: isinstance(e, HotkeyChanged) and not e.state.keys, since)
    assert portal.closed.get(timeout=WAIT_S) == session
