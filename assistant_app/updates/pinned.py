"""What a build trusts for updates: address, public keys, hosts of pages. The releaser fills it in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UpdateSource:
    """Where news about updates comes from, and what makes it believable."""

    url: str
    """Of the signed manifest; https only. Empty: updates are never looked for."""
    keys: tuple[str, ...]
    """Public Ed25519 keys, 32 bytes as base64. One that signs, and the next one while they change."""
    page_hosts: tuple[str, ...]
    """The only hosts on which a page of a release may be opened."""

    @property
    def possible(self) -> bool:
        """Whether there is something to ask and a key to check the answer with."""
        return bool(self.url and self.keys and self.page_hosts)


PINNED = UpdateSource(url="", keys=(), page_hosts=())
"""`packaging/update/manifest.py new-key` prints what belongs here; its private half stays offline."""
