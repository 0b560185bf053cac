"""A package built on one system finds the certificates of another."""

import os
import ssl
import sys
from pathlib import Path

import pytest

from assistant_app import certificates
from assistant_app.certificates import missing_bundle, trust_system_certificates


def paths(cafile: str | None = None, capath: str | None = None) -> ssl.DefaultVerifyPaths:
    """Return what OpenSSL finds where it looks by itself."""
    return ssl.DefaultVerifyPaths(cafile, capath, "SSL_CERT_FILE", "/gone.pem", "SSL_CERT_DIR", "/gone")


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    path = tmp_path / "bundle.pem"
    path.write_text("certificates")
    return str(path)


def test_the_first_bundle_there_is_helps_where_nothing_was_found(bundle: str) -> None:
    assert missing_bundle(paths(), ("/absent.pem", bundle, __file__)) == bundle
    assert missing_bundle(paths(), ("/absent.pem",)) is None


def test_what_was_found_is_left_alone(bundle: str) -> None:
    assert missing_bundle(paths(cafile=bundle), (bundle,)) is None
    assert missing_bundle(paths(capath="/etc/ssl/certs"), (bundle,)) is None


@pytest.mark.parametrize(
    ("frozen", "own", "helped"), [(True, "", True), (False, "", False), (True, "x", False)]
)
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere certificates are not in files")
def test_only_a_package_without_a_wish_of_the_user_is_helped(
    monkeypatch: pytest.MonkeyPatch, bundle: str, frozen: bool, own: str, helped: bool
) -> None:
    # A system whose certificates OpenSSL does not find cannot be had here.
    monkeypatch.setattr(ssl, "get_default_verify_paths", paths)
    monkeypatch.setattr(certificates, "BUNDLES", (bundle,))
    monkeypatch.setattr(sys, "frozen", frozen, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", own)
    trust_system_certificates()
    assert os.environ["SSL_CERT_FILE"] == (bundle if helped else own)
