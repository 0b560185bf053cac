"""The manifest inside the envelope: its fields, read strictly, and what of it the application uses."""

from datetime import UTC
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from assistant_app.core.updates import NOT_SIGNED, UNREADABLE, Manifest, Release, UpdateRefused, version_key
from assistant_app.updates.envelope import opened
from assistant_app.updates.pinned import UpdateSource


def _version(text: str) -> str:
    version_key(text)
    return text


class ReleaseFile(BaseModel):
    """One file of a release, for whoever downloaded it to compare; the application downloads none."""

    model_config = ConfigDict(strict=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+~-]{0,199}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=1)


class ManifestFile(BaseModel):
    """The JSON that is signed. Unknown fields are left alone: `schema` grows where one matters."""

    model_config = ConfigDict(strict=True, populate_by_name=True, serialize_by_alias=True)

    number: Literal[1] = Field(alias="schema")
    sequence: int = Field(ge=1, lt=2**53)
    version: Annotated[str, Field(max_length=60), AfterValidator(_version)]
    issued: AwareDatetime
    expires: AwareDatetime
    page: str = Field(max_length=500)
    notes: dict[str, Annotated[str, Field(max_length=300)]] = Field(max_length=20)
    files: tuple[ReleaseFile, ...] = Field(max_length=100)


def read_payload(payload: bytes) -> ManifestFile:
    """Return the fields of a manifest. Raises UpdateRefused."""
    try:
        return ManifestFile.model_validate_json(payload)
    except ValidationError as error:
        where = [".".join(map(str, item["loc"])) for item in error.errors()]
        raise UpdateRefused(UNREADABLE, detail=f"manifest: {where}") from error


def read_signed(data: bytes, source: UpdateSource) -> Manifest:
    """Return the manifest in an envelope.

    Raises UpdateRefused unless a pinned key signed it and its page is on a pinned host.
    """
    file = read_payload(opened(data, source.keys))
    if not may_be_opened(file.page, source.page_hosts):
        raise UpdateRefused(NOT_SIGNED, detail=f"the page is elsewhere: {file.page}")
    return Manifest(
        file.sequence,
        Release(file.version, file.page, file.notes),
        file.issued.astimezone(UTC).timestamp(),
        file.expires.astimezone(UTC).timestamp(),
    )


def may_be_opened(page: str, hosts: tuple[str, ...]) -> bool:
    """Return whether a page is https, on a host of the list, and hides nothing in its address."""
    try:
        parts = urlsplit(page)
    except ValueError:
        return False
    plain = page.isascii() and page.isprintable() and not set(page) & set(" \\\"<>")
    return plain and parts.scheme == "https" and parts.netloc in hosts
