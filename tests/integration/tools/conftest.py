"""The tools on a real store, called as the agent calls them."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from assistant_app.core.events import Event
from assistant_app.paths import Paths
from assistant_app.store.store import Store
from assistant_app.tools.registry import SwitchedToolbox
from assistant_app.tools.services import Services

NOW = datetime(2026, 11, 24, 14, 40).astimezone()
"""A Tuesday afternoon."""

Call = Callable[..., str]


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def store(paths: Paths) -> Iterator[Store]:
    opened = Store.open(paths)
    yield opened
    opened.close()


@pytest.fixture
def call(store: Store, events: list[Event]) -> Call:
    """Call a tool by its name with keyword arguments; the time is NOW, and there is a window."""
    services = Services(store, store, events.append, has_window=True, now=lambda: NOW)
    tools = {one.spec.name: one for one in SwitchedToolbox(services, lambda: ()).tools()}

    def run(name: str, **arguments: Any) -> str:
        return asyncio.run(tools[name].run(arguments))  # type: ignore[arg-type]

    return run
