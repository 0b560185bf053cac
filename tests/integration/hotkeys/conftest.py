"""A desktop with a bus of its own, and what a key told."""

import asyncio
from collections.abc import Iterator

import pytest

from assistant_app.core.hotkeys import HotkeyError
from tests.fixtures.session_bus import WAIT_S, session_bus


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a session bus with nobody on it."""
    with session_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


class Told:
    """What a GlobalHotkey called back, in order."""

    def __init__(self) -> None:
        self._all: asyncio.Queue[str] = asyncio.Queue()
        self.times: list[float] = []
        self.lost_by: HotkeyError | None = None

    def press(self, at: float) -> None:
        self.times.append(at)
        self._all.put_nowait("press")

    def release(self, at: float) -> None:
        self.times.append(at)
        self._all.put_nowait("release")

    def lost(self, error: HotkeyError) -> None:
        self.lost_by = error
        self._all.put_nowait("lost")

    async def next(self) -> str:
        """Return what comes next."""
        return await asyncio.wait_for(self._all.get(), WAIT_S)

    @property
    def nothing_more(self) -> bool:
        return self._all.empty()


@pytest.fixture
def told() -> Told:
    return Told()
