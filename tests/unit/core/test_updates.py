"""Which version is newer, when it is time to look, and which manifests are too old, too new or run out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from assistant_app import __version__
from assistant_app.core.updates import (
    DAY_S,
    Manifest,
    Release,
    UpdateRefused,
    check_fresh,
    is_due,
    newer_release,
    version_key,
)

NOW = 1_780_000_000.0
GOOD = Manifest(
    sequence=5,
    release=Release("0.2.0", "https://releases.test/"),
    issued_at=NOW - DAY_S,
    expires_at=NOW + 90 * DAY_S,
)

numbers = st.integers(0, 12)
versions = st.builds(
    lambda release, pre, post, dev: ".".join(map(str, release)) + pre + post + dev,
    st.lists(numbers, min_size=1, max_size=4),
    st.one_of(st.just(""), st.builds("{}{}".format, st.sampled_from(["a", "b", "rc"]), numbers)),
    st.one_of(st.just(""), st.builds(".post{}".format, numbers)),
    st.one_of(st.just(""), st.builds(".dev{}".format, numbers)),
)


@given(versions, versions)
def test_versions_are_ordered_as_python_orders_them(one: str, other: str) -> None:
    ours, theirs = (version_key(one), version_key(other)), (Version(one), Version(other))
    assert (ours[0] < ours[1], ours[0] == ours[1]) == (theirs[0] < theirs[1], theirs[0] == theirs[1])


@pytest.mark.parametrize(
    "text", ["", "1.", "v1.0", "1.0-1", "1.0 ", "1!1.0", "latest", "٣.1", "1.0\n", "1" * 40]
)
def test_what_is_not_a_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        version_key(text)


def test_this_version_can_be_compared() -> None:
    assert version_key(__version__) == version_key(f"{__version__}.0")


@pytest.mark.parametrize(
    ("since_s", "due"), [(0, False), (DAY_S - 1, False), (DAY_S, True), (-1, True), (-900 * DAY_S, True)]
)
def test_it_is_time_once_a_day_and_after_the_clock_was_set_back(since_s: float, due: bool) -> None:
    assert is_due(NOW - since_s, NOW) is due


def test_it_is_time_where_nobody_ever_looked() -> None:
    assert is_due(0.0, NOW)


@pytest.mark.parametrize("seen", [None, GOOD, replace(GOOD, sequence=4, issued_at=GOOD.issued_at - 5)])
def test_a_good_manifest_is_fresh_also_the_second_time(seen: Manifest | None) -> None:
    check_fresh(GOOD, seen, NOW)


@pytest.mark.parametrize(
    "seen", [replace(GOOD, sequence=6), replace(GOOD, issued_at=GOOD.issued_at + 1)], ids=["sequence", "date"]
)
def test_a_manifest_older_than_one_that_was_seen_is_refused(seen: Manifest) -> None:
    with pytest.raises(UpdateRefused, match="older information about updates than before"):
        check_fresh(GOOD, seen, NOW)


def test_a_manifest_that_ran_out_is_refused_with_its_date() -> None:
    check_fresh(GOOD, None, GOOD.expires_at - 1)
    with pytest.raises(UpdateRefused, match=r"good until 20\d\d-\d\d-\d\d only"):
        check_fresh(GOOD, None, GOOD.expires_at)


def test_a_manifest_that_ran_out_before_it_was_issued_is_refused() -> None:
    with pytest.raises(UpdateRefused, match="good until"):
        check_fresh(replace(GOOD, issued_at=NOW + 100, expires_at=NOW + 50), None, NOW)


def test_setting_the_clock_back_makes_no_manifest_good_again() -> None:
    """Whoever sends the last one for ever, and sets the clock back behind it, is found out."""
    with pytest.raises(UpdateRefused, match="later than the clock of this computer"):
        check_fresh(GOOD, GOOD, GOOD.issued_at - 2 * DAY_S)


def test_a_clock_that_is_some_hours_slow_is_forgiven() -> None:
    check_fresh(GOOD, None, GOOD.issued_at - 6 * 3600)


@pytest.mark.parametrize("running", ["0.1.0", "0.2.0.dev1", "0.2.0rc2", "0.1.99"])
def test_a_newer_version_is_told(running: str) -> None:
    assert newer_release(GOOD, running) is GOOD.release


@pytest.mark.parametrize("running", ["0.2.0", "0.2"])
def test_the_same_version_is_no_news(running: str) -> None:
    assert newer_release(GOOD, running) is None


@pytest.mark.parametrize("running", ["0.2.1", "0.3.0.dev1", "1.0", "0.2.0.post1"])
def test_an_older_version_is_refused_in_a_sentence(running: str) -> None:
    with pytest.raises(UpdateRefused) as caught:
        newer_release(GOOD, running)
    assert caught.value.sentence() == (
        f"The newest version on offer is 0.2.0, older than {running}, which you have; it is not offered and"
        " nothing was changed."
    )
