"""The envelope around a manifest: DSSE, Ed25519 signatures over the exact bytes.

The format is that of https://github.com/secure-systems-lab/dsse: JSON with the payload in base64, its
type, and signatures over type and payload with their lengths, so that nothing signed with the same
keys for another purpose can pass for a manifest.
"""

import base64
import hashlib
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field

from assistant_app.core.updates import MOST_BYTES, NOT_SIGNED, UNREADABLE, UpdateRefused

PAYLOAD_TYPE = "application/vnd.assistant-app.update+json"


class Signature(BaseModel):
    """One signature; `keyid` only says which key to try."""

    model_config = ConfigDict(strict=True)

    keyid: str = Field(max_length=128)
    sig: str = Field(max_length=128)


class Envelope(BaseModel):
    """The JSON that is downloaded."""

    model_config = ConfigDict(strict=True)

    payloadType: str = Field(max_length=128)
    payload: str = Field(max_length=MOST_BYTES)
    signatures: tuple[Signature, ...] = Field(max_length=8)


def key_id(public: bytes) -> str:
    """Return the name of a public key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def signed_bytes(payload: bytes) -> bytes:
    """Return what is signed: the payload and its type, each after its length."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def opened(data: bytes, keys: Sequence[str]) -> bytes:
    """Return the payload, whose signature by one of the pinned keys was checked.

    Args:
        data: the envelope as it came.
        keys: public keys as in `UpdateSource.keys`.

    Raises UpdateRefused for everything else.
    """
    if len(data) > MOST_BYTES:
        raise UpdateRefused(UNREADABLE, detail=f"{len(data)} bytes")
    try:
        envelope = Envelope.model_validate_json(data)
        payload = base64.b64decode(envelope.payload, validate=True)
    except ValueError as error:
        raise UpdateRefused(UNREADABLE, detail=f"envelope: {type(error).__name__}") from error
    if envelope.payloadType != PAYLOAD_TYPE:
        raise UpdateRefused(NOT_SIGNED, detail="signed for another purpose")
    pinned = {key_id(raw): raw for raw in (base64.b64decode(key, validate=True) for key in keys)}
    message = signed_bytes(payload)
    for signature in envelope.signatures:
        public = pinned.get(signature.keyid)
        if public is not None and _holds(public, signature.sig, message):
            return payload
    raise UpdateRefused(NOT_SIGNED, detail=f"signatures: {[each.keyid for each in envelope.signatures]}")


def _holds(public: bytes, signature: str, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, ValueError):
        return False
    return True
