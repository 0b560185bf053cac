"""PortAudio is found where nothing can be asked for it: a clean system has no ldconfig and no gcc."""

import subprocess
import sys

import pytest

from assistant_app.own_program import own_environment

LOADS = "import ctypes; ctypes.CDLL('libportaudio.so.2')"
FINDS_NOTHING = "import ctypes.util; ctypes.util.find_library = asked = lambda name: None;"


def run(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code], env=own_environment(), capture_output=True, text=True, check=False
    )


@pytest.fixture(autouse=True)
def portaudio() -> None:
    if not sys.platform.startswith("linux") or run(LOADS).returncode:
        pytest.skip("libportaudio2 is not installed")


def test_it_is_found_by_its_own_name_and_the_question_is_put_back() -> None:
    done = run(
        FINDS_NOTHING + " from assistant_app.portaudio_library import import_sounddevice;"
        " found = import_sounddevice(); print(found.__name__, len(found.get_portaudio_version()));"
        " print(ctypes.util.find_library is asked, import_sounddevice() is found)"
    )
    assert done.stdout.split() == ["sounddevice", "2", "True", "True"], done.stderr


def test_without_that_it_would_not_be_found() -> None:
    assert "PortAudio library not found" in run(FINDS_NOTHING + " import sounddevice").stderr


def test_where_it_is_not_installed_the_error_is_the_librarys() -> None:
    done = run(
        FINDS_NOTHING + " from assistant_app import portaudio_library as p; p.SONAME = 'libnowhere.so.2';"
        " p.import_sounddevice()"
    )
    assert "OSError: PortAudio library not found" in done.stderr
