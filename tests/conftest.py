"""Fixtures that all tests share: every test has a home of its own and never sees the user's data."""

import os
from collections.abc import Iterator
from pathlib import Path

import pydantic.fields  # noqa: F401 - torch before it, and PySide6's look at imports breaks it
import pytest

from assistant_app import i18n
from assistant_app.paths import Paths, resources
from tests.fixtures import POCKET_WHISPER
from tests.fixtures.tiny_gguf import make_tiny_gguf
from tests.fixtures.virtual_sound import virtual_sound

__all__ = ["virtual_sound"]

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty ASSISTANT_HOME, in English, without a keyring."""
    folder = tmp_path / "home"
    monkeypatch.setenv("ASSISTANT_HOME", str(folder))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(name, "C.UTF-8")
    return folder


@pytest.fixture
def paths(home: Path) -> Paths:
    """The folders of the test's own profile, created."""
    result = Paths.default()
    result.ensure()
    return result


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Set the language back after tests that change it."""
    i18n.set_language("en")
    yield
    i18n.set_language("en")


@pytest.fixture(scope="session")
def pocket_model() -> Path:
    """The model file that ships with the application."""
    path = resources() / "models" / "pocket.gguf"
    assert path.is_file(), f"{path} is missing; it is part of the repository"
    return path


@pytest.fixture(scope="session")
def pocket_whisper() -> str:
    """Path of the speech model that understands the sentences of the tests."""
    assert POCKET_WHISPER.is_file(), f"{POCKET_WHISPER} is missing; it is part of the repository"
    return str(POCKET_WHISPER)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with random weights, some hundred kilobytes, that never ends an answer by itself."""
    return make_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="session")
def app_environment() -> dict[str, str]:
    """Environment for the application as a process of its own; add ASSISTANT_HOME."""
    kept = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "TMPDIR"}}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "en",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
