"""Of all bytes that can come, only a manifest signed by a pinned key, with all its fields, is believed."""

import base64
import json
from typing import Any

import pytest

from assistant_app.core.updates import MOST_BYTES, UpdateRefused
from assistant_app.updates.envelope import opened, signed_bytes
from assistant_app.updates.manifest import may_be_opened, read_signed
from assistant_app.updates.pinned import PINNED, UpdateSource
from tests.fixtures.updates import NOW, PAGE, Publisher


@pytest.fixture(scope="module")
def publisher() -> Publisher:
    return Publisher()


def changed(envelope: bytes, **changes: Any) -> bytes:
    return json.dumps({**json.loads(envelope), **changes}).encode()


def test_a_good_manifest_is_read(publisher: Publisher) -> None:
    manifest = read_signed(publisher.manifest(), publisher.source())
    assert (manifest.sequence, manifest.release.version, manifest.release.page) == (5, "0.2.0", PAGE)
    assert manifest.release.notes["zh_CN"] == "回答更快。"
    assert (manifest.issued_at, manifest.expires_at) == (
        NOW.timestamp() - 86400,
        NOW.timestamp() + 89 * 86400,
    )


def test_either_of_two_pinned_keys_is_enough(publisher: Publisher) -> None:
    old = Publisher()
    both = UpdateSource("https://localhost/", (old.public, publisher.public), ("releases.test",))
    for each in (old, publisher):
        assert read_signed(each.manifest(), both).sequence == 5


def test_no_flipped_bit_changes_what_is_believed(publisher: Publisher) -> None:
    envelope = publisher.manifest()
    payload = opened(envelope, publisher.source().keys)
    refused = 0
    for place in range(len(envelope)):
        forged = bytearray(envelope)
        forged[place] ^= 1 << (place % 7)
        try:
            assert opened(bytes(forged), publisher.source().keys) == payload
        except UpdateRefused:
            refused += 1
    # What is left are blanks between the fields that became other blanks.
    assert refused > 0.95 * len(envelope)


def test_the_key_of_somebody_else_is_refused(publisher: Publisher) -> None:
    with pytest.raises(UpdateRefused, match="not signed by the makers"):
        read_signed(Publisher().manifest(), publisher.source())


def test_a_signature_under_the_name_of_a_pinned_key_must_be_by_that_key(publisher: Publisher) -> None:
    mine, theirs = json.loads(publisher.manifest()), json.loads(Publisher().manifest())
    theirs["signatures"][0]["keyid"] = mine["signatures"][0]["keyid"]
    with pytest.raises(UpdateRefused, match="not signed by the makers"):
        read_signed(json.dumps(theirs).encode(), publisher.source())


def test_the_signature_of_another_manifest_is_refused(publisher: Publisher) -> None:
    other = json.loads(publisher.manifest("9.9.9"))
    with pytest.raises(UpdateRefused, match="not signed by the makers"):
        read_signed(changed(publisher.manifest(), payload=other["payload"]), publisher.source())


def test_what_was_signed_for_another_purpose_is_refused(publisher: Publisher) -> None:
    payload = json.loads(publisher.manifest())["payload"]
    bare = base64.b64encode(publisher.key.sign(base64.b64decode(payload))).decode()
    signature = {"keyid": json.loads(publisher.manifest())["signatures"][0]["keyid"], "sig": bare}
    with pytest.raises(UpdateRefused, match="not signed by the makers"):
        read_signed(changed(publisher.manifest(), signatures=[signature]), publisher.source())
    with pytest.raises(UpdateRefused, match="not signed by the makers"):
        read_signed(changed(publisher.manifest(), payloadType="text/plain"), publisher.source())


@pytest.mark.parametrize("signatures", [[], [{"keyid": "", "sig": ""}]])
def test_an_unsigned_manifest_is_refused(publisher: Publisher, signatures: list[dict[str, str]]) -> None:
    with pytest.raises(UpdateRefused, match="not signed by the makers"):
        read_signed(changed(publisher.manifest(), signatures=signatures), publisher.source())


@pytest.mark.parametrize("sig", ["", "AAAA", "not base64", "é", "A" * 88])
def test_a_broken_signature_is_refused(publisher: Publisher, sig: str) -> None:
    envelope = json.loads(publisher.manifest())
    signature = {**envelope["signatures"][0], "sig": sig}
    with pytest.raises(UpdateRefused, match="not signed by the makers"):
        read_signed(changed(publisher.manifest(), signatures=[signature]), publisher.source())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"payload": "AAAA"}',
        b"\xff\xfe\x00",
        b"<html>Please log in to this network</html>",
        b'{"payloadType": "x", "payload": "&", "signatures": []}',
        b"[" * 20_000,
        b" " * (MOST_BYTES + 1),
    ],
    ids=lambda data: data[:12].decode("latin-1"),
)
def test_what_is_no_envelope_cannot_be_read(publisher: Publisher, data: bytes) -> None:
    with pytest.raises(UpdateRefused, match="cannot be read"):
        opened(data, publisher.source().keys)


def test_a_manifest_that_is_too_big_is_not_read_although_it_is_signed(publisher: Publisher) -> None:
    envelope = publisher.manifest(spare="x" * 48_600)
    assert MOST_BYTES < len(envelope) < MOST_BYTES + 1000
    with pytest.raises(UpdateRefused, match="cannot be read"):
        read_signed(envelope, publisher.source())


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"schema": "1"},
        {"schema": None},
        {"sequence": 0},
        {"sequence": "5"},
        {"sequence": 5.5},
        {"sequence": True},
        {"sequence": 2**70},
        {"version": "newest"},
        {"version": 2},
        {"expires": "2026-09-01T00:00:00"},
        {"expires": 1790000000},
        {"expires": "never"},
        {"expires": None},
        {"page": None},
        {"notes": {"en": "x" * 301}},
        {"notes": []},
        {"files": [{"name": "../a.deb", "sha256": "ab" * 32, "bytes": 7}]},
        {"files": [{"name": "a.deb", "sha256": "AB", "bytes": 7}]},
        {"files": None},
    ],
    ids=str,
)
def test_every_field_is_read_strictly(publisher: Publisher, changes: dict[str, Any]) -> None:
    with pytest.raises(UpdateRefused, match="cannot be read"):
        read_signed(publisher.manifest(**changes), publisher.source())


def test_what_a_later_version_adds_is_left_alone(publisher: Publisher) -> None:
    assert read_signed(publisher.manifest(severity="high"), publisher.source()).sequence == 5


@pytest.mark.parametrize(
    "page",
    [
        "http://releases.test/",
        "https://releases.test.evil.example/",
        "https://evil.example/releases.test",
        "https://releases.test@evil.example/",
        "https://evil.example\\@releases.test/",
        "https://releases.test:8443/",
        "https://[releases.test/",
        "https:releases.test",
        "javascript:alert(1)//releases.test",
        "file://releases.test/etc/passwd",
        "https://releases.test/a b",
        "https://releases.test/\u202egpj",
        "",
    ],
)
def test_a_page_elsewhere_is_never_offered_even_if_it_is_signed(publisher: Publisher, page: str) -> None:
    assert not may_be_opened(page, ("releases.test",))
    with pytest.raises(UpdateRefused):
        read_signed(publisher.manifest(page=page), publisher.source())


def test_type_and_lengths_are_signed_too() -> None:
    assert signed_bytes(b"{}") == b"DSSEv1 41 application/vnd.assistant-app.update+json 2 {}"


def test_this_build_trusts_nobody_yet_or_has_sound_keys() -> None:
    assert len(PINNED.keys) <= 2
    assert all(len(base64.b64decode(key, validate=True)) == 32 for key in PINNED.keys)
    assert not PINNED.url or PINNED.url.startswith("https://")
    assert PINNED.possible == bool(PINNED.keys)
