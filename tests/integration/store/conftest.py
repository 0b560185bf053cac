"""A profile in a temporary folder, and stores that are closed at the end."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant_app.paths import Paths
from assistant_app.store.store import Store


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "home")


@pytest.fixture
def open_store(paths: Paths) -> Iterator[Callable[[], Store]]:
    stores: list[Store] = []

    def opened() -> Store:
        stores.append(Store.open(paths))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()
