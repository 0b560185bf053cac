"""Asking a real server over HTTPS: what it sends is read, and every way in which it misbehaves is refused."""

import socket

import pytest

from assistant_app.core.updates import MOST_BYTES, UpdateRefused
from assistant_app.updates.fetching import fetch
from tests.fixtures.file_server import file_server
from tests.fixtures.updates import UpdateServer


def test_what_the_server_has_is_read_and_nothing_about_the_user_is_told(server: UpdateServer) -> None:
    server.data = b"x" * MOST_BYTES
    assert fetch(f"{server.base}/manifest.json") == server.data
    assert (server.asked, server.agents) == (["/manifest.json"], ["assistant-app"])


def test_more_than_the_limit_is_refused(server: UpdateServer) -> None:
    server.data = b"x" * (MOST_BYTES + 1)
    with pytest.raises(UpdateRefused, match="cannot be read"):
        fetch(server.base)


def test_without_tls_nobody_is_asked() -> None:
    with file_server(b"{}") as plain:
        with pytest.raises(UpdateRefused, match="Nobody could be asked"):
            fetch(f"{plain.base}/manifest.json")
        assert plain.asked == []


def test_a_server_whose_certificate_is_not_trusted_is_asked_nothing(
    server: UpdateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(UpdateRefused, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(server.base)
    assert server.asked == [] and server.connections == 1


def test_a_certificate_for_another_name_is_refused(server: UpdateServer) -> None:
    with pytest.raises(UpdateRefused, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(server.base.replace("localhost", "127.0.0.1"))
    assert server.asked == []


def test_a_redirect_on_the_same_host_is_followed(server: UpdateServer) -> None:
    server.data = b"{}"
    server.redirects = {"/latest": "/v7/manifest.json"}
    assert fetch(f"{server.base}/latest") == b"{}"
    assert server.asked == ["/latest", "/v7/manifest.json"]


def test_a_redirect_to_another_host_is_not_followed(server: UpdateServer) -> None:
    other = server.base.replace("localhost", "127.0.0.1")
    server.redirects = {"/latest": f"{other}/manifest.json"}
    with pytest.raises(UpdateRefused, match="sends on to another place"):
        fetch(f"{server.base}/latest")
    assert server.asked == ["/latest"] and server.connections == 1


def test_a_redirect_out_of_tls_is_not_followed(server: UpdateServer) -> None:
    with file_server(b"{}") as plain:
        server.redirects = {"/latest": f"{plain.base}/manifest.json"}
        with pytest.raises(UpdateRefused, match="sends on to another place"):
            fetch(f"{server.base}/latest")
        assert plain.asked == []


def test_a_redirect_in_a_circle_ends(server: UpdateServer) -> None:
    server.redirects = {"/a": "/b", "/b": "/a"}
    with pytest.raises(UpdateRefused, match="HTTP 302"):
        fetch(f"{server.base}/a")


@pytest.mark.parametrize("status", [404, 403, 500, 503])
def test_an_error_of_the_server_is_said(server: UpdateServer, status: int) -> None:
    server.status = status
    with pytest.raises(UpdateRefused, match=f"HTTP {status}"):
        fetch(server.base)


def test_a_server_that_takes_too_long_is_not_read_to_the_end(server: UpdateServer) -> None:
    server.data = b"{}"
    with pytest.raises(UpdateRefused, match="too slow"):
        fetch(server.base, most_s=0.0)


def test_nobody_there_is_said() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"https://localhost:{unused.getsockname()[1]}/manifest.json"
        with pytest.raises(UpdateRefused, match="Nobody could be asked about updates"):
            fetch(address)
