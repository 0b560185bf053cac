"""Engine processes and models with random weights."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.tiny_gguf import make_tiny_gguf
from tests.integration.engine.driver import EngineDriver


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this session's models are."""
    return tmp_path_factory.mktemp("engine-models")


@pytest.fixture(scope="session")
def slow_model(model_folder: Path) -> Path:
    """A model that takes seconds to read 4,000 tokens."""
    path = model_folder / "slow.gguf"
    return make_tiny_gguf(
        path, n_layer=4, n_embd=384, n_head=6, n_head_kv=3, n_ff=1536, n_ctx=8192, n_vocab=4000
    )


@pytest.fixture(scope="session")
def calling_model(model_folder: Path) -> Path:
    """A model that opens a tool call sooner or later."""
    return make_tiny_gguf(model_folder / "calling.gguf", call_bias=6.0)


@pytest.fixture
def engine() -> Iterator[EngineDriver]:
    """An engine without a model."""
    with EngineDriver() as driver:
        yield driver


@pytest.fixture
def loaded(engine: EngineDriver, tiny_model: Path, tmp_path: Path) -> EngineDriver:
    """An engine with the tiny model, which keeps states below the test's folder."""
    engine.load(tiny_model, state_dir=str(tmp_path / "states"))
    return engine
