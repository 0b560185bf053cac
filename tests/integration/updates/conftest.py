"""A publisher, and its server on this computer, whose certificate is trusted for the time of the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.updates import Publisher, UpdateServer, update_server


@pytest.fixture
def publisher() -> Publisher:
    """Keys of its own."""
    return Publisher()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UpdateServer]:
    """An HTTPS server on localhost."""
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
    with update_server(tmp_path) as running:
        monkeypatch.setenv("SSL_CERT_FILE", str(running.certificate))
        yield running
