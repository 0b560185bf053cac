"""Updates: which version is newer, and what a manifest whose signature holds means here and now."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from assistant_app.core.errors import AssistantError
from assistant_app.core.text import N_

MOST_BYTES = 65536
"""Of what is read from the server."""
DAY_S = 86400.0
MOST_EARLY_S = DAY_S
"""How far in the future a manifest may be dated: clocks and time zones are wrong by less."""

NO_KEY = N_(
    "This build of Assistant has no key to check updates with, so it never looks for them; newer versions are"
    " where you got this one."
)
NOT_SIGNED = N_(
    "The information about updates is not signed by the makers of Assistant, so it was ignored and nothing"
    " was changed. Try again later, or look where you got Assistant."
)
UNREADABLE = N_(
    "The information about updates cannot be read, so it was ignored and nothing was changed. Try again"
    " later."
)
ROLLED_BACK = N_(
    "The server sent older information about updates than before, so it was ignored and nothing was changed."
    " Try again later."
)
EXPIRED = N_(
    "The information about updates was good until {date} only, so it was ignored and nothing was changed."
    " Check the date of this computer, or try again in some days."
)
TOO_EARLY = N_(
    "The information about updates is dated {date}, which is later than the clock of this computer, so it was"
    " ignored and nothing was changed. Set the clock and try again."
)
OLDER = N_(
    "The newest version on offer is {version}, older than {running}, which you have; it is not offered and"
    " nothing was changed."
)

_VERSION = re.compile(
    r"(?P<release>\d{1,9}(?:\.\d{1,9}){0,5})(?:(?P<stage>a|b|rc)(?P<pre>\d{1,9}))?"
    r"(?:\.post(?P<post>\d{1,9}))?(?:\.dev(?P<dev>\d{1,9}))?",
    re.ASCII,
)
_DEV_ONLY, _FINAL = ("", 0), ("z", 0)
"""Before "a", and after "rc"."""

VersionKey = tuple[tuple[int, ...], tuple[str, int], int, tuple[int, int]]


class UpdateRefused(AssistantError):
    """There is no news about updates that can be trusted; whatever came was ignored."""

    code = "update"
    default_sentence = UNREADABLE


@dataclass(frozen=True, slots=True)
class Release:
    """A version that can be had."""

    version: str
    page: str
    """Where a browser finds it; https, on a host that the build knows."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """What is new, in one sentence each, by key of i18n.LANGUAGES."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the makers signed. Times are seconds since 1970."""

    sequence: int
    """Grows with each manifest, so that an old one is known as old."""
    release: Release
    issued_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class UpdateStatus:
    """What the settings show."""

    possible: bool
    """Whether this build has a key and an address."""
    checked_at: float = 0.0
    """When the server last gave news that could be trusted, in seconds since 1970; 0: never."""
    release: Release | None = None
    """The newer version that is known."""


def version_key(version: str) -> VersionKey:
    """Return what versions are ordered by, in the order of PEP 440 without epochs and local parts.

    Raises ValueError for what is not such a version.
    """
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ValueError(f"not a version: {version[:40]!r}")
    numbers = [int(number) for number in match["release"].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    post = -1 if match["post"] is None else int(match["post"])
    dev = (1, 0) if match["dev"] is None else (0, int(match["dev"]))
    if match["stage"]:
        stage = (match["stage"], int(match["pre"]))
    else:
        stage = _DEV_ONLY if match["dev"] is not None and post < 0 else _FINAL
    return tuple(numbers), stage, post, dev


def is_due(tried_at: float, now: float) -> bool:
    """Return whether a day has passed since the last try, or the clock was set back behind it."""
    return not 0 <= now - tried_at < DAY_S


def check_fresh(manifest: Manifest, seen: Manifest | None, now: float) -> None:
    """Refuse a manifest that is older than one seen before, from the future, or no longer good.

    Args:
        manifest: one whose signature holds.
        seen: the last one that was fresh, or None.
        now: the clock of this computer, in seconds since 1970.

    Raises UpdateRefused.
    """
    if seen is not None and (manifest.sequence < seen.sequence or manifest.issued_at < seen.issued_at):
        raise UpdateRefused(
            ROLLED_BACK, detail=f"sequence {manifest.sequence}, seen before: {seen.sequence}"
        )
    if manifest.issued_at > now + MOST_EARLY_S:
        raise UpdateRefused(TOO_EARLY, date=_day(manifest.issued_at))
    # A clock that was set back behind the date of the manifest makes nothing good again.
    if manifest.expires_at <= max(now, manifest.issued_at):
        raise UpdateRefused(EXPIRED, date=_day(manifest.expires_at))


def newer_release(manifest: Manifest, running: str) -> Release | None:
    """Return the release if it is newer than the version that runs; None if it is the same.

    Raises UpdateRefused if it is older.
    """
    offered, own = version_key(manifest.release.version), version_key(running)
    if offered < own:
        raise UpdateRefused(OLDER, version=manifest.release.version, running=running)
    return manifest.release if offered > own else None


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
