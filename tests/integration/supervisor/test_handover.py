"""How a child comes by its connection and its stop byte: inherited, and by letter as on Windows.

Windows itself is not here: `LocalSharing` stands in for its two system calls, and a TCP pair for the
pair of sockets that it would make. Everything else is the real thing.
"""

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant_app.core.errors import EngineStopped
from assistant_app.core.events import Event
from assistant_app.core.generation import BackendEvent, Delta, Finished, FinishReason
from assistant_app.engines.handover import HandoverError, take_from_letter, write_letter
from assistant_app.engines.protocol import Hello
from assistant_app.engines.wire import Connection
from assistant_app.worker import engine_start
from assistant_app.worker.engine_process import engine_environment
from assistant_app.worker.engine_start import start_engine
from assistant_app.worker.supervisor import EngineSupervisor
from tests.conftest import ROOT
from tests.integration.supervisor.conftest import StartBench, answer, ask, plan
from tests.integration.supervisor.letter_engine import LocalSharing

LETTER_ENGINE = Path(__file__).with_name("letter_engine.py")


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    """Return what socket.socketpair makes on Windows."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _address = listener.accept()
    return server, client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the stand-in keeps its sockets and memory."""
    result = tmp_path / "shared"
    result.mkdir()
    return result


@pytest.fixture
def by_letter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system on which children inherit nothing."""
    monkeypatch.setattr(engine_start, "SHARING", LocalSharing(folder))
    monkeypatch.setattr(socket, "socketpair", tcp_pair)


def command(folder: Path, kind: str) -> list[str]:
    return [sys.executable, str(LETTER_ENGINE), str(folder), kind]


def environment() -> dict[str, str]:
    return {**engine_environment(), "PYTHONPATH": str(ROOT)}


@pytest.fixture
async def rough(by_letter: None, folder: Path) -> AsyncIterator[EngineSupervisor]:
    """A supervisor whose rough engines get letters."""
    events: list[Event] = []
    supervisor = EngineSupervisor(events.append, command=command(folder, "rough"), environment=environment())
    yield supervisor
    await supervisor.kill()


async def test_an_engine_started_by_letter_loads_and_answers(rough: EngineSupervisor) -> None:
    await rough.load(plan("model"), lambda _fraction: None)
    text, end = await answer(rough, "hello")
    assert (text, end.reason) == ("word0 word1 word2 ", FinishReason.END)


async def stopped_in_the_middle(supervisor: EngineSupervisor) -> Finished:
    """Load, let it write without end, stop it at its first word; the rough engine knows the byte only."""
    await supervisor.load(plan("model"), lambda _fraction: None)
    events: list[BackendEvent] = []
    async for event in supervisor.generate(ask("write")):
        if isinstance(event, Delta) and not any(isinstance(e, Delta) for e in events):
            await supervisor.cancel()
        events.append(event)
    assert isinstance(events[-1], Finished)
    return events[-1]


async def test_the_stop_byte_reaches_an_engine_started_by_letter(rough: EngineSupervisor) -> None:
    assert (await stopped_in_the_middle(rough)).reason is FinishReason.CANCELLED


async def test_after_a_crash_another_letter_starts_another_engine(rough: EngineSupervisor) -> None:
    await rough.load(plan("model"), lambda _fraction: None)
    with pytest.raises(EngineStopped):
        await answer(rough, "kill")
    await rough.load(plan("model"), lambda _fraction: None)
    assert (await answer(rough, "hello"))[0]


def test_the_language_engine_reads_its_letter_and_ends_when_the_application_is_gone(
    by_letter: None, folder: Path
) -> None:
    started = start_engine(command(folder, "language"), environment())
    connection = Connection(started.sock)
    hello = connection.receive()
    assert isinstance(hello, Hello)
    # The process that was started is the engine itself, in the environment of this one.
    assert hello.pid == started.popen.pid
    assert hello.library.startswith("llama-cpp-python")
    # No signal of the system is asked for here: the end of the connection is what it notices.
    connection.close()
    output, _nothing = started.popen.communicate(timeout=60)
    assert started.popen.returncode == 0, output
    started.stop_byte.close()


def test_an_engine_that_gets_no_letter_says_so_and_ends(
    by_letter: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(sharing: LocalSharing, sock: socket.socket, pid: int) -> bytes:
        raise OSError("no such process")

    monkeypatch.setattr(LocalSharing, "share", refuse)
    started = start_engine(command(folder, "language"), environment())
    output, _nothing = started.popen.communicate(timeout=60)
    started.sock.close()
    started.stop_byte.close()
    assert started.popen.returncode == 1
    assert b"nothing usable was handed over" in output


def test_a_letter_is_of_no_use_to_another_process(folder: Path) -> None:
    ours, theirs = socket.socketpair()
    sharing = LocalSharing(folder)
    reader, writer = os.pipe()
    with ours, theirs:
        os.write(writer, write_letter("memory", sharing.share(theirs, os.getpid() + 1)))
        with pytest.raises(PermissionError):
            take_from_letter(sharing, reader)
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize(
    "letter",
    [
        b"",
        b"half a letter",
        b"\n",
        b"[]\n",
        b'{"stop": "name"}\n',
        b'{"stop": "", "socket": "AAAA"}\n',
        b'{"stop": 3, "socket": "AAAA"}\n',
        b'{"stop": "name", "socket": "not base64"}\n',
        b'{"stop": "name", "socket": 3}\n',
        b"x" * 20_000,
    ],
)
def test_what_is_no_letter_is_refused(folder: Path, letter: bytes) -> None:
    reader, writer = os.pipe()
    os.write(writer, letter)
    os.close(writer)
    with pytest.raises(HandoverError):
        take_from_letter(LocalSharing(folder), reader)
    os.close(reader)
    assert not list(folder.iterdir())


def test_a_letter_fits_into_the_smallest_pipe() -> None:
    # A WSAPROTOCOL_INFOW has 628 bytes, and a pipe of Windows takes 4096 without a reader.
    assert len(write_letter("assistant-stop-" + "0" * 32, bytes(628))) < 4096


def test_without_a_letter_or_descriptors_an_engine_explains_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "assistant_app", "--engine", "language"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "started by the application" in done.stderr


async def test_the_stop_byte_works_where_there_is_no_memory_file(
    start_bench: StartBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "memfd_create")  # as on macOS
    supervisor = start_bench().supervisor
    assert (await stopped_in_the_middle(supervisor)).reason is FinishReason.CANCELLED
