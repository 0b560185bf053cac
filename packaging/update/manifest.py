"""Makes the key for updates, signs the manifest of a release with it, and checks what was signed.

    manifest.py new-key KEYFILE
    manifest.py sign --key KEYFILE --sequence 7 --version 0.2.0 --page https://… --output manifest.json dist/*
    manifest.py verify manifest.json [--public KEY] [dist/*]

`new-key` and `sign` belong on a computer that is not connected to a network: whoever has the key file can
tell every installed Assistant what the newest version is. The key file never lies in the repository.
"""

import argparse
import base64
import getpass
import hashlib
import os
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from assistant_app.core.updates import MOST_BYTES, UpdateRefused  # noqa: E402 - found through ROOT
from assistant_app.updates.envelope import (  # noqa: E402
    PAYLOAD_TYPE,
    Envelope,
    Signature,
    key_id,
    opened,
    signed_bytes,
)
from assistant_app.updates.manifest import ManifestFile, ReleaseFile, may_be_opened, read_payload  # noqa: E402
from assistant_app.updates.pinned import PINNED  # noqa: E402

MOST_DAYS = 400
_BLOCK_BYTES = 1 << 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 1 after a sentence on stderr."""
    options = _parser().parse_args(arguments)
    try:
        run: Callable[[argparse.Namespace], None] = options.run
        run(options)
    except (Refused, UpdateRefused, OSError) as error:
        detail = f" ({error.detail})" if isinstance(error, UpdateRefused) and error.detail else ""
        print(f"{error}{detail}", file=sys.stderr)
        return 1
    return 0


class Refused(Exception):
    """What was asked for is not done, with the reason."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    new_key = commands.add_parser("new-key", help="make a private key; print what to pin in the application")
    new_key.add_argument("key", type=Path, metavar="KEYFILE", help="a file that does not exist yet")
    new_key.add_argument("--no-passphrase", action="store_true", help="where the disk itself is encrypted")
    new_key.set_defaults(run=_new_key)

    sign = commands.add_parser("sign", help="write the signed manifest of a release")
    sign.add_argument("files", nargs="*", type=Path, help="what the release consists of; their sums go in")
    sign.add_argument(
        "--key",
        type=Path,
        action="append",
        required=True,
        metavar="KEYFILE",
        help="twice while one key takes the place of another",
    )
    sign.add_argument("--sequence", type=int, required=True, help="larger than in every manifest before")
    sign.add_argument("--version", required=True, help="that is offered")
    sign.add_argument("--page", required=True, help="where people get it; on a host that the builds know")
    sign.add_argument(
        "--note",
        action="append",
        default=[],
        metavar="LANGUAGE=TEXT",
        help="one sentence about what is new, for instance en=…",
    )
    sign.add_argument(
        "--expires",
        type=_days,
        default=timedelta(days=90),
        metavar="DAYS",
        help="for how long the manifest is good, 90d unless told otherwise; publish a new one (the same"
        " version, a larger sequence) before that",
    )
    sign.add_argument("--output", type=Path, required=True)
    sign.set_defaults(run=_sign)

    verify = commands.add_parser("verify", help="check a signed manifest as the application does")
    verify.add_argument("manifest", type=Path)
    verify.add_argument("files", nargs="*", type=Path, help="compared with the sums")
    verify.add_argument("--public", action="append", metavar="KEY", help="instead of the pinned ones")
    verify.set_defaults(run=_verify)
    return parser


def _days(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,3})d?", text)
    if match is None or not 1 <= int(match[1]) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"must be 1d to {MOST_DAYS}d")
    return timedelta(days=int(match[1]))


# --- keys
def _new_key(options: argparse.Namespace) -> None:
    path: Path = options.key.absolute()
    if path.resolve().is_relative_to(ROOT):
        raise Refused(f"{path} is in the repository, where everybody could read it; choose another place")
    phrase = "" if options.no_passphrase else getpass.getpass("Passphrase of the new key: ")
    if not options.no_passphrase and (not phrase or getpass.getpass("Once more: ") != phrase):
        raise Refused("the passphrase is empty or was not the same twice; no key was made")
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(phrase.encode()) if phrase else serialization.NoEncryption()
    )
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    public = public_bytes(private)
    print(f"key {key_id(public)} is in {path}; keep a copy of it in another safe place")
    print("for `keys` in assistant_app/updates/pinned.py:")
    print(base64.b64encode(public).decode())


def public_bytes(private: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of the public half."""
    return private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _private_key(path: Path) -> Ed25519PrivateKey:
    pem = path.read_bytes()
    locked = b"ENCRYPTED" in pem
    phrase = getpass.getpass(f"Passphrase of {path.name}: ").encode() if locked else None
    try:
        key = serialization.load_pem_private_key(pem, phrase)
    except ValueError as error:
        raise Refused(f"{path} cannot be read; it is not a key, or the passphrase is another one") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Refused(f"{path} is a key of another kind")
    return key


# --- manifests
def _sign(options: argparse.Namespace) -> None:
    notes = dict(note.partition("=")[::2] for note in options.note)
    issued = datetime.now(UTC).replace(microsecond=0)
    try:
        manifest = ManifestFile(
            number=1,
            sequence=options.sequence,
            version=options.version,
            issued=issued,
            expires=issued + options.expires,
            page=options.page,
            notes=notes,
            files=tuple(_release_file(path) for path in sorted(options.files)),
        )
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise Refused(f"no manifest was written, because {wrong}") from error
    hosts = PINNED.page_hosts or (urlsplit(options.page).netloc,)
    if not may_be_opened(options.page, hosts):
        raise Refused(f"no manifest was written, because the page is not https on {' or '.join(hosts)}")
    data = sealed(manifest.model_dump_json().encode(), [_private_key(path) for path in options.key])
    if len(data) > MOST_BYTES:
        raise Refused(f"the manifest has {len(data)} bytes, more than the {MOST_BYTES} that are read")
    options.output.write_bytes(data)
    print(f"{options.output}: {_summary(manifest)}")


def sealed(payload: bytes, keys: Sequence[Ed25519PrivateKey]) -> bytes:
    """Return the envelope around a payload, signed with each key."""
    message = signed_bytes(payload)
    signatures = tuple(
        Signature(keyid=key_id(public_bytes(key)), sig=base64.b64encode(key.sign(message)).decode())
        for key in keys
    )
    envelope = Envelope(
        payloadType=PAYLOAD_TYPE, payload=base64.b64encode(payload).decode(), signatures=signatures
    )
    return envelope.model_dump_json(indent=1).encode()


def _release_file(path: Path) -> ReleaseFile:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return ReleaseFile(name=path.name, sha256=digest.hexdigest(), bytes=path.stat().st_size)


def _verify(options: argparse.Namespace) -> None:
    keys = options.public or PINNED.keys
    if not keys:
        raise Refused("this build has no pinned key; name one with --public")
    manifest = read_payload(opened(options.manifest.read_bytes(), keys))
    if manifest.expires <= datetime.now(UTC):
        raise Refused(f"the manifest was good until {manifest.expires} only")
    listed = {file.name: file for file in manifest.files}
    for path in options.files:
        if listed.get(path.name) != _release_file(path):
            raise Refused(f"{path} is not the file that was signed")
    print(f"good: {_summary(manifest)}, {len(options.files)} of {len(listed)} files compared")


def _summary(manifest: ManifestFile) -> str:
    return f"version {manifest.version}, sequence {manifest.sequence}, until {manifest.expires}"


if __name__ == "__main__":
    sys.exit(main())
