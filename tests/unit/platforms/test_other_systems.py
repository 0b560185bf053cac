"""What is done on Windows and macOS only, as far as it can be done here."""

import io
import locale
import os
import plistlib
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant_app.console import print_utf8
from assistant_app.instance_pipe import tell_pipe
from assistant_app.system_language import apple_language, desktop_language


@pytest.fixture
def pipe() -> Iterator[tuple[int, str]]:
    """One end, and the path of the other one: a terminal is a two-way file here, as a pipe is on Windows."""
    window, other = os.openpty()
    tty.setraw(other)
    yield window, os.ttyname(other)
    os.close(window)
    os.close(other)


def test_a_line_said_through_a_pipe_is_answered(pipe: tuple[int, str]) -> None:
    window, path = pipe
    heard: list[bytes] = []

    def answer() -> None:
        heard.append(os.read(window, 64))
        os.write(window, b"done\n")

    thread = threading.Thread(target=answer)
    thread.start()
    assert tell_pipe(path, b"raise\n", 60.0) == b"done\n"
    thread.join()
    assert heard == [b"raise\n"]


def test_a_long_line_arrives_whole(pipe: tuple[int, str]) -> None:
    window, path = pipe
    line = b"link " + b"x" * 100_000 + b"\n"
    heard = bytearray()

    def answer() -> None:
        while not heard.endswith(b"\n"):
            heard.extend(os.read(window, 65_536))
        os.write(window, b"done\n")

    thread = threading.Thread(target=answer)
    thread.start()
    assert tell_pipe(path, line, 60.0) == b"done\n"
    thread.join()
    assert heard == line


def test_a_window_that_does_not_answer_is_not_waited_for_without_end(pipe: tuple[int, str]) -> None:
    window, path = pipe
    with pytest.raises(TimeoutError):
        tell_pipe(path, b"raise\n", 0.05)
    assert os.read(window, 64) == b"raise\n"  # it will hear it when it can
    os.write(window, b"done\n")  # lets the thread go that waits


def test_where_no_window_listens_there_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        tell_pipe(str(tmp_path / "nobody"), b"raise\n", 60.0)


def test_the_language_of_a_mac_is_the_first_that_was_chosen(tmp_path: Path) -> None:
    file = tmp_path / "Library" / "Preferences" / ".GlobalPreferences.plist"
    file.parent.mkdir(parents=True)
    for form in (plistlib.FMT_BINARY, plistlib.FMT_XML):
        file.write_bytes(plistlib.dumps({"AppleLanguages": ["zh-Hans-CN", "en-CN"]}, fmt=form))
        assert apple_language(tmp_path) == "zh-Hans-CN"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no property list",
        b"bplist00 and then nothing",
        b"<plist><dict>",
        plistlib.dumps([]),
        plistlib.dumps({"AppleLanguages": []}),
        plistlib.dumps({"AppleLanguages": [3]}),
        None,
    ],
)
def test_a_mac_that_does_not_tell_its_language_is_no_failure(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "Library" / "Preferences" / ".GlobalPreferences.plist"
    file.parent.mkdir(parents=True)
    if content is not None:
        file.write_bytes(content)
    assert apple_language(tmp_path) == ""


def test_elsewhere_the_language_is_that_of_the_locale() -> None:
    assert desktop_language() == (locale.getlocale()[0] or "")


def test_what_is_piped_is_utf8_whatever_the_code_page() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="cp1252")
    print_utf8(stream)
    print("你好 \udcff", file=stream, flush=True)
    assert raw.getvalue() == "你好 \\udcff\n".encode()
