"""Snapshots thin out with age, and never all go."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant_app.core.views import Snapshot
from assistant_app.store.snapshots import BEFORE_RESTORE, DAILY, MIGRATION, kept

NOW = datetime(2026, 11, 23, 12, 0).timestamp()


def snapshot(days_ago: float, reason: str = DAILY) -> Snapshot:
    created = NOW - days_ago * 86400
    return Snapshot(f"{created}-{reason}", created, reason, 1, 2)


def test_a_year_of_daily_snapshots_becomes_days_weeks_months() -> None:
    everything = [snapshot(day) for day in range(365)]
    stay = kept(everything, NOW)
    ages = sorted(round((NOW - s.created_at) / 86400) for s in everything if s.id in stay)
    assert ages[:7] == list(range(7))
    assert 13 <= len(ages) <= 17
    assert max(ages) > 100


def test_several_in_a_day_leave_the_newest() -> None:
    morning, evening = snapshot(1.2), snapshot(1.0)
    assert evening.id in kept([morning, evening], NOW)
    assert morning.id not in kept([morning, evening], NOW)


def test_those_before_a_migration_stay_a_month() -> None:
    noise = [snapshot(day) for day in range(60)]
    migration, old = snapshot(10.1, MIGRATION), snapshot(50.1, MIGRATION)
    stay = kept([*noise, migration, old, snapshot(2.1, BEFORE_RESTORE)], NOW)
    assert migration.id in stay
    assert old.id not in stay


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 2000), min_size=1, max_size=60, unique=True))
def test_the_newest_always_stays_and_thinning_again_changes_nothing(ages: list[float]) -> None:
    everything = [snapshot(age) for age in ages]
    stay = kept(everything, NOW)
    assert max(everything, key=lambda s: s.created_at).id in stay
    survivors = [s for s in everything if s.id in stay]
    assert kept(survivors, NOW) == stay


def test_days_are_local_days() -> None:
    midnight = datetime(2026, 11, 20)
    before = (midnight - timedelta(minutes=5)).timestamp()
    after = (midnight + timedelta(minutes=5)).timestamp()
    two = [Snapshot("a", before, DAILY, 1, 2), Snapshot("b", after, DAILY, 1, 2)]
    assert kept(two, NOW) == {"a", "b"}
