"""A loaded model inside the test's own process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant_app.engines.llama.model import LoadOptions, Model
from assistant_app.engines.llama.stop import StopByte


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Iterator[Model]:
    """The tiny model."""
    loaded = Model(LoadOptions(tiny_model, n_threads=1), StopByte(), lambda _: None)
    yield loaded
    loaded.close()
