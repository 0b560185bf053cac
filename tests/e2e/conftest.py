"""The real application as a process of its own, with a real X server, window manager and keyboard."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.driver import Application, Screen, x_server
from tests.fixtures.tiny_gguf import make_tiny_gguf


@pytest.fixture
def application(home: Path, app_environment: dict[str, str]) -> Iterator[Application]:
    """A fresh profile."""
    made = Application({**app_environment, "ASSISTANT_HOME": str(home)}, home)
    yield made
    made.close()


@pytest.fixture(scope="session")
def endless_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that never ends an answer and writes slowly enough to be interrupted."""
    path = tmp_path_factory.mktemp("models") / "endless.gguf"
    return make_tiny_gguf(
        path, n_layer=8, n_embd=512, n_head=8, n_head_kv=8, n_ff=1536, n_ctx=16384, n_vocab=8000
    )


@pytest.fixture(scope="session")
def screen() -> Iterator[Screen]:
    """An X server of 1280 × 800 with openbox."""
    with x_server() as display:
        yield Screen(display)


@pytest.fixture
def desktop(application: Application, screen: Screen) -> Application:
    """A fresh profile whose windows appear on the screen."""
    application.environment.update(DISPLAY=screen.display, QT_QPA_PLATFORM="xcb")
    return application
