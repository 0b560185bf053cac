"""Where a packaged build finds the certificates that this system trusts."""

import os
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # Alpine
)


def trust_system_certificates() -> None:
    """Let the OpenSSL of a package find certificates on other systems than where it was built.

    Called before the first connection. A Python of the system, and systems that keep certificates
    elsewhere than in files, need no help.
    """
    if getattr(sys, "frozen", False) and sys.platform == "linux" and not os.environ.get("SSL_CERT_FILE"):
        bundle = missing_bundle(ssl.get_default_verify_paths(), BUNDLES)
        if bundle is not None:
            os.environ["SSL_CERT_FILE"] = bundle


def missing_bundle(found: ssl.DefaultVerifyPaths, bundles: Sequence[str]) -> str | None:
    """Return the first bundle that exists, unless OpenSSL has found certificates by itself."""
    if found.cafile or found.capath:
        return None
    return next((bundle for bundle in bundles if Path(bundle).is_file()), None)
