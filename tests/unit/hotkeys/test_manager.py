"""The key everywhere: which way is taken, what is said, what becomes of a key that is lost."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from assistant_app.core.events import Event, HotkeyChanged, HotkeyUsed
from assistant_app.core.hotkeys import TALK_COMMAND, HotkeyError, HotkeyState, HotkeyWay
from assistant_app.worker.voice.hotkeys import HotkeyManager


class Key:
    """A GlobalHotkey that works, or fails with an error."""

    def __init__(self, error: HotkeyError | None = None) -> None:
        self.error = error
        self.keys = ""
        self.stopped = False

    async def start(
        self,
        keys: str,
        on_press: Callable[[float], None],
        on_release: Callable[[float], None],
        on_lost: Callable[[HotkeyError], None],
    ) -> str:
        if self.error is not None:
            raise self.error
        self.keys, self.press, self.release, self.lose = keys, on_press, on_release, on_lost
        return f"<{keys}>"

    async def stop(self) -> None:
        self.stopped = True


class Desktop:
    """A manager, its ways, and what it tells."""

    def __init__(self) -> None:
        self.chosen = "F9"
        self.errors: dict[str, HotkeyError] = {}
        self.made: list[tuple[str, Key]] = []
        self.events: list[Event] = []
        self._states: asyncio.Queue[HotkeyState] = asyncio.Queue()
        ways = [HotkeyWay(name, lambda name=name: self._make(name)) for name in ("portal", "pynput")]
        self.manager = HotkeyManager(ways, lambda: self.chosen, self._take, str, retry_s=(0.0, 0.0))

    def _make(self, name: str) -> Key:
        self.made.append((name, Key(self.errors.get(name))))
        return self.made[-1][1]

    def _take(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, HotkeyChanged):
            self._states.put_nowait(event.state)

    async def state(self) -> HotkeyState:
        return await asyncio.wait_for(self._states.get(), 30)

    async def followed(self) -> HotkeyState:
        self.manager.follow()
        return await self.state()

    @property
    def tried(self) -> list[str]:
        return [name for name, _key in self.made]


@pytest.fixture
async def desktop() -> AsyncIterator[Desktop]:
    made = Desktop()
    yield made
    await made.manager.close()
    assert all(key.stopped for _name, key in made.made)


async def test_nothing_runs_while_no_key_is_set(desktop: Desktop) -> None:
    desktop.chosen = ""
    desktop.manager.follow()
    await asyncio.sleep(0)
    assert desktop.made == [] and desktop.events == []


async def test_best_way_is_taken_and_told(desktop: Desktop) -> None:
    state = await desktop.followed()
    assert desktop.tried == ["portal"]
    assert (state.keys, state.way) == ("F9", "portal")
    assert "<F9>" in state.sentence and TALK_COMMAND in state.sentence


async def test_second_way_is_taken_where_the_first_is_closed(desktop: Desktop) -> None:
    desktop.errors["portal"] = HotkeyError("No portal.")
    state = await desktop.followed()
    assert desktop.tried == ["portal", "pynput"]
    assert state.way == "pynput" and "<F9> talks from every program" in state.sentence


async def test_where_nothing_works_every_reason_and_the_command_are_said(desktop: Desktop) -> None:
    desktop.errors = {"portal": HotkeyError("No portal."), "pynput": HotkeyError("Wayland.")}
    state = await desktop.followed()
    assert not state.works
    assert state.sentence.startswith("F9 does not talk from other programs. No portal. Wayland. ")
    assert TALK_COMMAND in state.sentence


async def test_user_who_said_no_is_obeyed(desktop: Desktop) -> None:
    desktop.errors["portal"] = HotkeyError("Declined.", final=True)
    state = await desktop.followed()
    assert desktop.tried == ["portal"]
    assert not state.works and TALK_COMMAND in state.sentence
    # Another setting changes: nobody is asked again.
    desktop.manager.follow()
    await asyncio.sleep(0)
    assert desktop.tried == ["portal"]


async def test_another_key_replaces_the_first_and_none_ends_it(desktop: Desktop) -> None:
    await desktop.followed()
    desktop.chosen = "F10"
    assert (await desktop.followed()).keys == "F10"
    assert desktop.made[0][1].stopped and desktop.made[1][1].keys == "F10"
    desktop.chosen = ""
    assert await desktop.followed() == HotkeyState()
    assert desktop.made[1][1].stopped


async def test_presses_are_told_with_their_times(desktop: Desktop) -> None:
    await desktop.followed()
    key = desktop.made[0][1]
    key.press(1.0)
    key.release(2.0)
    assert desktop.events[1:] == [HotkeyUsed("press", 1.0), HotkeyUsed("release", 2.0)]


async def test_key_that_is_lost_while_held_ends_the_press_and_comes_back(desktop: Desktop) -> None:
    await desktop.followed()
    key = desktop.made[0][1]
    key.press(1.0)
    key.lose(HotkeyError("The portal ended.", passing=True))
    said = await desktop.state()
    assert not said.works and "The portal ended." in said.sentence and TALK_COMMAND in said.sentence
    assert [event.action for event in desktop.events if isinstance(event, HotkeyUsed)] == ["press", "lost"]
    assert (await desktop.state()).works
    assert key.stopped


async def test_key_that_is_lost_again_and_again_is_given_up(desktop: Desktop) -> None:
    await desktop.followed()
    for _time in range(2):
        desktop.made[-1][1].lose(HotkeyError("Ended.", passing=True))
        assert not (await desktop.state()).works
        assert (await desktop.state()).works
    desktop.made[-1][1].lose(HotkeyError("Ended.", passing=True))
    assert not (await desktop.state()).works
    assert len(desktop.made) == 3


async def test_key_that_the_desktop_took_back_is_not_asked_for_again(desktop: Desktop) -> None:
    await desktop.followed()
    desktop.made[0][1].lose(HotkeyError("Taken back."))
    state = await desktop.state()
    assert not state.works and "Taken back." in state.sentence
    await asyncio.sleep(0)
    assert len(desktop.made) == 1


async def test_portal_that_is_late_is_tried_again(desktop: Desktop) -> None:
    desktop.errors = {"portal": HotkeyError("No answer.", passing=True), "pynput": HotkeyError("Wayland.")}
    make = desktop._make

    def late(name: str) -> Key:
        key = make(name)
        desktop.errors.pop(name, None)  # the next one works
        return key

    desktop._make = late  # type: ignore[method-assign]
    assert not (await desktop.followed()).works
    assert (await desktop.state()).way == "portal"


async def test_portal_that_never_comes_is_given_up(desktop: Desktop) -> None:
    desktop.errors = {"portal": HotkeyError("No answer.", passing=True), "pynput": HotkeyError("Wayland.")}
    assert not (await desktop.followed()).works
    assert not (await desktop.state()).works
    assert not (await desktop.state()).works
    await asyncio.sleep(0)
    assert desktop.tried == ["portal", "pynput"] * 3
