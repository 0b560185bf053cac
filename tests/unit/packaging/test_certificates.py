"""A frozen program trusts the certificates of the system it runs on, wherever that keeps them."""

import datetime
import http.server
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.fixtures.packaging_scripts import ROOT, load

HOOK = ROOT / "packaging" / "pyinstaller" / "runtime" / "certificates.py"


@pytest.fixture
def certificates(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load the hook, which acts when it is loaded, in an environment where it has nothing to do."""
    monkeypatch.setenv("SSL_CERT_FILE", "/chosen/by/the/user")
    return load("packaging/pyinstaller/runtime/certificates.py")


def test_the_first_file_that_exists_is_chosen(certificates: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "second.pem").touch()
    (tmp_path / "third.pem").touch()
    environment: dict[str, str] = {}
    certificates.choose(environment, [str(tmp_path / f"{name}.pem") for name in ("first", "second", "third")])
    assert environment == {"SSL_CERT_FILE": str(tmp_path / "second.pem")}


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_what_the_user_has_set_stays(certificates: ModuleType, tmp_path: Path, name: str) -> None:
    (tmp_path / "ca.pem").touch()
    environment = {name: "/of/the/user"}
    certificates.choose(environment, [str(tmp_path / "ca.pem")])
    assert environment == {name: "/of/the/user"}
    assert os.environ["SSL_CERT_FILE"] == "/chosen/by/the/user"


def test_a_system_without_any_is_left_alone(certificates: ModuleType, tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    certificates.choose(environment, [str(tmp_path / "ca.pem")])
    assert environment == {}


@pytest.fixture
def trusted(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Serve HTTPS on loopback with a certificate of our own; return the address and the file to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    authority, both = tmp_path / "ca.pem", tmp_path / "server.pem"
    authority.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(authority.read_bytes() + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://localhost:{server.server_port}/", authority
    server.shutdown()
    thread.join()
    server.server_close()


PROGRAM = """
import importlib.util, os, sys, urllib.error, urllib.request
spec = importlib.util.spec_from_file_location("hook", sys.argv[1])
hook = importlib.util.module_from_spec(spec)
spec.loader.exec_module(hook)
for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
    os.environ.pop(name, None)
hook.choose(os.environ, sys.argv[3:])
try:
    urllib.request.urlopen(sys.argv[2], timeout=30)
except urllib.error.HTTPError as answered:
    print("trusted", answered.code)
except urllib.error.URLError as refused:
    print("refused", type(refused.reason).__name__)
"""


def _ask(address: str, *places: Path) -> str:
    plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    program = [sys.executable, "-c", PROGRAM, str(HOOK), address, *map(str, places)]
    return subprocess.run(program, env=plain, capture_output=True, text=True, check=True).stdout.strip()


def test_python_believes_what_the_chosen_file_says(trusted: tuple[str, Path]) -> None:
    address, authority = trusted
    assert _ask(address, authority) == "trusted 501"
    assert _ask(address) == "refused SSLCertVerificationError"
