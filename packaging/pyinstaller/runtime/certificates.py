"""Runs first in the frozen program: tells OpenSSL where this system keeps the certificates that it trusts.

The OpenSSL that is frozen looks where the system that built it has them, which is elsewhere in Fedora,
openSUSE and macOS: without this, no download and no update check would work there. Windows' own are found
without a file.
"""

import os
from collections.abc import Iterable, MutableMapping

PLACES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora's older name
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS, Alpine
)


def choose(environment: MutableMapping[str, str], places: Iterable[str] = PLACES) -> None:
    """Name in the environment the first of the files that exists, unless the user has named something."""
    if "SSL_CERT_FILE" in environment or "SSL_CERT_DIR" in environment:
        return
    for place in places:
        if os.path.isfile(place):
            environment["SSL_CERT_FILE"] = place
            return


choose(os.environ)
