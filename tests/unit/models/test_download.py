"""Large files from a real server, with everything that goes wrong on the way."""

import shutil
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import filelock
import pytest

from assistant_app.core.errors import Cancelled
from assistant_app.models import download
from assistant_app.models.download import DownloadError, Patience, Stop, fetch
from tests.fixtures.file_server import FileServer, file_server

DATA = bytes(range(256)) * 400
SUM = sha256(DATA).hexdigest()
QUICK = Patience(silence_s=5.0, tries=3, pause_s=0.01)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with file_server(DATA) as state:
        yield state


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "models" / "base.pt"


def part_of(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def get(server: FileServer, target: Path, **changes: object) -> list[tuple[int, int]]:
    seen: list[tuple[int, int]] = []
    options = {
        "sha256": SUM,
        "size_bytes": len(DATA),
        "on_progress": lambda *numbers: seen.append(numbers),
        "stop": Stop(),
        "patience": QUICK,
        **changes,
    }
    fetch(f"{server.base}/base.pt", target, **options)  # type: ignore[arg-type]
    return seen


def test_a_file_arrives_whole_and_only_then_has_its_name(server: FileServer, target: Path) -> None:
    names: list[bool] = []
    get(server, target, on_progress=lambda *_numbers: names.append(target.exists()))
    assert target.read_bytes() == DATA
    assert not any(names)
    assert not part_of(target).exists()


def test_progress_grows_to_the_size_that_the_server_says(server: FileServer, target: Path) -> None:
    seen = get(server, target, size_bytes=1)
    assert [one[0] for one in seen] == sorted(one[0] for one in seen)
    assert seen[-1] == (len(DATA), len(DATA))


def test_a_cut_line_is_mended_from_where_it_was_cut(server: FileServer, target: Path) -> None:
    server.cuts = [30_000, 20_000]
    get(server, target)
    assert target.read_bytes() == DATA
    assert [wanted for _path, wanted in server.asked] == ["", "bytes=30000-", "bytes=50000-"]


def test_the_next_day_goes_on_where_it_ended(server: FileServer, target: Path) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(DATA[:70_000])
    seen = get(server, target)
    assert server.asked == [("/base.pt", "bytes=70000-")]
    assert seen[0] == (70_000, len(DATA))
    assert target.read_bytes() == DATA


def test_a_server_that_ignores_ranges_is_read_from_the_beginning(server: FileServer, target: Path) -> None:
    server.ranges = False
    server.cuts = [30_000]
    get(server, target)
    assert target.read_bytes() == DATA


def test_a_part_that_was_whole_already_is_checked_and_named(server: FileServer, target: Path) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(DATA)
    get(server, target)
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("there", [b"x" * 50_000, b"x" * 200_000])
def test_a_wrong_sum_deletes_it_and_says_so_and_the_next_try_is_right(
    server: FileServer, target: Path, there: bytes
) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(there)
    with pytest.raises(DownloadError, match="checksum is wrong"):
        get(server, target)
    assert not target.exists() and not part_of(target).exists()
    get(server, target)
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("status", [404, 403, 410])
def test_what_is_not_there_is_not_asked_for_again(server: FileServer, target: Path, status: int) -> None:
    server.statuses = [status] * 9
    with pytest.raises(DownloadError, match=str(status)):
        get(server, target)
    assert len(server.asked) == 1


def test_a_server_in_trouble_is_asked_again_but_not_for_ever(server: FileServer, target: Path) -> None:
    server.statuses = [503, 500]
    get(server, target)
    assert target.read_bytes() == DATA
    target.unlink()
    server.statuses = [503] * 9
    with pytest.raises(DownloadError, match="broke off"):
        get(server, target)
    assert len(server.statuses) == 6


def test_a_silent_server_is_given_up_and_the_part_is_kept(server: FileServer, target: Path) -> None:
    server.stalls_after = 40_960
    with pytest.raises(DownloadError, match="try again"):
        get(server, target, patience=Patience(silence_s=0.2, tries=1, pause_s=0.0))
    assert part_of(target).read_bytes() == DATA[:40_960]


def test_nobody_listening_is_one_sentence(target: Path) -> None:
    with file_server(b"") as state:
        address = state.base
    state.base = address
    with pytest.raises(DownloadError, match="broke off"):
        get(state, target)


def test_stop_ends_the_waiting_for_a_silent_server_and_keeps_the_part(
    server: FileServer, target: Path
) -> None:
    server.stalls_after = 40_960
    stop, arrived = Stop(), threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            get(
                server,
                target,
                stop=stop,
                patience=Patience(silence_s=60.0),
                on_progress=lambda received, _total: received >= 40_960 and arrived.set(),
            )
        except Cancelled as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert arrived.wait(20)
    stop.ask()
    thread.join(20)
    assert not thread.is_alive() and failures
    assert part_of(target).read_bytes() == DATA[:40_960]


def test_a_full_disk_is_said_before_anything_is_fetched(
    server: FileServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(target.parent.parent)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _folder: usage._replace(free=1000))
    with pytest.raises(DownloadError, match="more on the disk"):
        get(server, target)
    assert not target.exists() and not part_of(target).exists()


def test_a_folder_that_cannot_be_made_is_said(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file, not a folder")
    with pytest.raises(DownloadError, match="cannot be written"):
        get(server, tmp_path / "models" / "base.pt")


def test_two_windows_do_not_write_one_file(server: FileServer, target: Path) -> None:
    target.parent.mkdir()
    with filelock.FileLock(f"{part_of(target)}.lock"), pytest.raises(DownloadError, match="already"):
        get(server, target)


def test_the_proxy_of_the_environment_is_used(
    server: FileServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", server.base)
    fetch(
        "http://models.invalid/base.pt",
        target,
        SUM,
        len(DATA),
        on_progress=lambda *_numbers: None,
        stop=Stop(),
        patience=QUICK,
    )
    assert server.asked == [("http://models.invalid/base.pt", "")]
    assert target.read_bytes() == DATA


def test_addresses_of_other_kinds_are_refused(target: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(DATA)
    with pytest.raises(DownloadError, match="not one of the web"):
        fetch(
            f"file://{tmp_path}/secret",
            target,
            SUM,
            len(DATA),
            on_progress=lambda *_numbers: None,
            stop=Stop(),
        )
