"""Looking for updates: only where the user wants it, once a day, believed when signed, fresh and newer."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assistant_app import app as composition
from assistant_app.core.errors import AssistantError
from assistant_app.core.events import Event, UpdateFound
from assistant_app.core.updates import NO_KEY, UpdateRefused
from assistant_app.paths import Paths
from assistant_app.settings import SettingsFile
from assistant_app.updates import pinned
from assistant_app.updates.memory import UpdateMemory, recall
from assistant_app.worker.update_watch import UpdateWatch
from tests.fixtures.updates import NOW, Publisher, UpdateServer

DAY = timedelta(days=1)


class Desk:
    """A watch whose clock the test sets, at a server of the test; `found` is what was told."""

    def __init__(self, paths: Paths, publisher: Publisher, server: UpdateServer) -> None:
        self.now = NOW
        self.memory = paths.updates_file
        self.settings = SettingsFile(paths.settings_file)
        self.found: list[str] = []
        self.publisher = publisher
        self.server = server
        self.watch = self.start()

    def start(self, running: str = "0.1.0", *, automatic: bool = True) -> UpdateWatch:
        """Make a new watch, as a new start of the application does."""
        self.watch = UpdateWatch(
            self.publisher.source(f"{self.server.base}/manifest.json"),
            self.memory,
            self.settings,
            self.hear,
            automatic=automatic,
            running=running,
            now=lambda: self.now.timestamp(),
            first_look_s=0.0,
        )
        return self.watch

    def hear(self, event: Event) -> None:
        assert isinstance(event, UpdateFound)
        self.found.append(event.release.version)

    async def look(self) -> None:
        """Do what is done by itself when the clock is looked at."""
        await self.watch.look_if_due()

    async def refusal(self) -> str:
        """Return the sentence that "Check now" gives."""
        with pytest.raises(UpdateRefused) as caught:
            await self.watch.check()
        return caught.value.sentence()


@pytest.fixture
def desk(paths: Paths, publisher: Publisher, server: UpdateServer) -> Desk:
    server.data = publisher.manifest()
    return Desk(paths, publisher, server)


@pytest.fixture
def wanted(desk: Desk) -> Desk:
    desk.settings.change({"look_for_updates": True})
    return desk


@asynccontextmanager
async def running(watch: UpdateWatch) -> AsyncIterator[None]:
    task = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


# --- when
async def test_unless_it_is_switched_on_no_connection_is_made(desk: Desk) -> None:
    assert not desk.settings.current.look_for_updates
    for _day in range(3):
        await desk.look()
        desk.now += DAY
    assert desk.server.connections == 0
    assert not desk.memory.exists()


async def test_it_looks_once_a_day_and_tells_each_time(wanted: Desk) -> None:
    for _hour in range(49):
        await wanted.look()
        wanted.now += timedelta(hours=1)
    assert wanted.server.connections == 3
    assert wanted.found == ["0.2.0"] * 3


async def test_a_server_that_fails_is_not_asked_again_before_the_next_day(
    wanted: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    wanted.server.status = 500
    with caplog.at_level(logging.WARNING):
        for _hour in range(24):
            await wanted.look()
            wanted.now += timedelta(hours=1)
    assert wanted.server.connections == 1
    assert wanted.found == []
    assert "HTTP 500" in caplog.text


async def test_also_a_new_start_asks_only_once_a_day(wanted: Desk) -> None:
    await wanted.look()
    wanted.start()
    await wanted.look()
    assert wanted.server.connections == 1


async def test_a_terminal_asks_nobody(wanted: Desk) -> None:
    await wanted.start(automatic=False).run()
    assert wanted.server.connections == 0


async def test_switching_it_on_looks_at_once(desk: Desk) -> None:
    async with running(desk.watch):
        desk.settings.change({"look_for_updates": True})
        desk.watch.settings_changed()
        await until(lambda: desk.found)
    assert desk.server.connections == 1


async def test_what_cannot_be_remembered_is_not_asked(wanted: Desk) -> None:
    wanted.memory.mkdir()
    await wanted.look()
    assert "cannot be saved" in await wanted.refusal()
    assert wanted.server.connections == 0


async def test_a_server_that_is_silent_is_not_waited_for(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = desk.publisher.source(f"https://localhost:{silent.getsockname()[1]}/")
        watch = UpdateWatch(
            source, desk.memory, desk.settings, desk.hear, automatic=True, patience_s=0.01
        )
        for _again in range(2):
            with pytest.raises(UpdateRefused, match="the server is too slow"):
                await watch.check()


# --- what is believed
async def test_check_now_tells_what_is_newer_although_it_is_switched_off(desk: Desk) -> None:
    release = await desk.watch.check()
    assert release is not None and (release.version, desk.found) == ("0.2.0", ["0.2.0"])
    status = await desk.watch.status()
    assert (status.possible, status.checked_at, status.release) == (True, NOW.timestamp(), release)


async def test_check_now_says_when_there_is_nothing_newer(desk: Desk) -> None:
    desk.start("0.2.0")
    assert await desk.watch.check() is None
    assert (await desk.watch.status()).release is None
    assert desk.found == []


async def test_an_older_version_is_refused_in_a_sentence(wanted: Desk) -> None:
    wanted.start("0.3.0")
    assert "older than 0.3.0, which you have" in await wanted.refusal()
    wanted.now += DAY
    await wanted.look()
    assert wanted.found == [] and wanted.server.connections == 2


def forged(publisher: Publisher) -> bytes:
    envelope = json.loads(publisher.manifest("9.9.9", sequence=99))
    envelope["payload"] = envelope["payload"][:-8] + "AAAAAA=="
    return json.dumps(envelope).encode()


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (lambda _publisher: Publisher().manifest("9.9.9", sequence=99), "not signed by the makers"),
        (forged, "not signed by the makers"),
        (lambda publisher: publisher.manifest("9.9.9", good_for=DAY), "good until 2026-06-01 only"),
        (lambda publisher: publisher.manifest("9.9.9", issued=NOW + 3 * DAY), "later than the clock"),
        (lambda _publisher: b'{"version": "9.9.9"', "cannot be read"),
        (lambda _publisher: b"", "cannot be read"),
        (lambda publisher: publisher.manifest("9.9.9", spare="x" * 48_600), "cannot be read"),
        (lambda publisher: publisher.manifest("9.9.9", page="https://evil.example/"), "not signed by"),
    ],
    ids=["wrong key", "forged", "expired", "future", "broken", "empty", "too big", "page elsewhere"],
)
async def test_what_cannot_be_trusted_is_refused_and_leaves_no_trace(
    wanted: Desk, bad: Callable[[Publisher], bytes], sentence: str
) -> None:
    wanted.server.data = bad(wanted.publisher)
    assert sentence in await wanted.refusal()
    assert recall(wanted.memory) == UpdateMemory(tried_at=NOW.timestamp())
    wanted.now += DAY
    await wanted.look()
    assert wanted.found == [] and wanted.server.connections == 2
    assert (await wanted.watch.status()).checked_at == 0
    wanted.server.data = wanted.publisher.manifest()
    assert (await wanted.watch.check()) is not None, "the good one is believed afterwards"


async def test_a_manifest_that_is_rolled_back_is_refused(wanted: Desk) -> None:
    old, new = wanted.server.data, wanted.publisher.manifest("0.3.0", sequence=6, issued=NOW)
    wanted.server.data = new
    assert (await wanted.watch.check()) is not None
    wanted.server.data = old
    wanted.start()
    assert "older information about updates than before" in await wanted.refusal()
    wanted.now += DAY
    await wanted.look()
    status = await wanted.watch.status()
    assert status.release is not None and status.release.version == "0.3.0"
    assert wanted.found == ["0.3.0"]


async def test_a_release_may_be_taken_back_with_a_newer_manifest(wanted: Desk) -> None:
    wanted.server.data = wanted.publisher.manifest("0.3.0", sequence=6)
    await wanted.watch.check()
    wanted.server.data = wanted.publisher.manifest("0.2.1", sequence=7)
    await wanted.watch.check()
    assert wanted.found == ["0.3.0", "0.2.1"]


async def test_a_server_that_sends_the_same_for_ever_is_noticed(wanted: Desk) -> None:
    await wanted.look()
    wanted.now += timedelta(days=90)
    assert "good until" in await wanted.refusal()
    assert (await wanted.watch.status()).release is None
    wanted.now = NOW - 3 * DAY
    assert "later than the clock" in await wanted.refusal()


async def test_a_key_that_is_trusted_no_more_cannot_block_the_next_one(wanted: Desk) -> None:
    wanted.server.data = wanted.publisher.manifest("0.2.0", sequence=2**52)
    await wanted.watch.check()
    wanted.publisher = Publisher()
    wanted.server.data = wanted.publisher.manifest("0.3.0", sequence=1)
    release = await wanted.start().check()
    assert release is not None and release.version == "0.3.0"


async def test_what_is_written_into_the_memory_is_not_believed(wanted: Desk) -> None:
    evil = UpdateMemory(checked_at=1.0, envelope=Publisher().manifest("9.9.9").decode())
    wanted.memory.write_text(evil.model_dump_json())
    assert (await wanted.watch.status()).release is None
    async with running(wanted.watch):
        await until(lambda: wanted.found)
    assert wanted.found == ["0.2.0"]


# --- how often it is told
async def test_what_was_found_is_told_again_at_the_next_start_without_asking(wanted: Desk) -> None:
    await wanted.look()
    wanted.found.clear()
    async with running(wanted.start()):
        await until(lambda: wanted.found)
    assert wanted.server.connections == 1
    wanted.found.clear()
    await wanted.start("0.2.0").tell_again()
    assert wanted.found == [], "it is installed now"


async def test_a_notice_that_was_closed_is_about_one_version(wanted: Desk) -> None:
    await wanted.look()
    await wanted.watch.dismiss("0.2.0")
    wanted.now += DAY
    await wanted.look()
    await wanted.start().tell_again()
    assert wanted.found == ["0.2.0"]
    wanted.server.data = wanted.publisher.manifest("0.2.1", sequence=6)
    wanted.now += DAY
    await wanted.look()
    assert wanted.found == ["0.2.0", "0.2.1"]


# --- in the whole worker
@contextmanager
def worker(paths: Paths, settings: dict[str, Any]) -> Iterator[Any]:
    file = composition.prepare(paths)
    file.change(settings)
    thread = composition.build_worker(paths, file, has_window=True)
    thread.start()
    try:
        yield thread
    finally:
        assert thread.stop()


def test_the_worker_looks_once_it_is_wanted(
    paths: Paths, publisher: Publisher, server: UpdateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = datetime.now(UTC)
    server.data = publisher.manifest("99.0", issued=today)
    monkeypatch.setattr(pinned, "PINNED", publisher.source(server.base))
    with worker(paths, {"look_for_updates": False}) as thread:
        heard: list[Event] = []
        thread.api.subscribe(heard.append)

        async def switch_on() -> None:
            await thread.api.settings()
            assert server.connections == 0
            await thread.api.change_settings({"look_for_updates": True})
            await until(lambda: any(isinstance(event, UpdateFound) for event in heard))

        thread.call(switch_on()).result(60)
    assert server.connections == 1


def test_a_build_without_a_key_asks_nobody_and_says_so(paths: Paths, server: UpdateServer) -> None:
    assert not pinned.PINNED.possible
    with worker(paths, {"look_for_updates": True}) as thread:
        assert not thread.call(thread.api.updates.status()).result(30).possible
        with pytest.raises(AssistantError) as caught:
            thread.call(thread.api.updates.check()).result(30)
    assert caught.value.sentence() == NO_KEY
    assert server.connections == 0


def test_the_end_of_the_program_does_not_wait_for_a_server(
    paths: Paths, publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"https://localhost:{silent.getsockname()[1]}/"
        monkeypatch.setenv("NO_PROXY", "localhost")
        monkeypatch.setattr(pinned, "PINNED", publisher.source(address))
        with worker(paths, {}) as thread:
            asked = thread.call(thread.api.updates.check())
            connection, _peer = silent.accept()
        assert not asked.done() or asked.cancelled()
        connection.close()
