"""Nobody asks more than agreed, and unusual harvesting is told once, on exact counts."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.node.limits import (
    Bucket,
    Habit,
    Limits,
    LimitsInvalid,
    Rate,
    Seen,
    Terms,
    Watch,
    learnt,
    limit_of,
    read_terms,
    take,
)

CLIENT, SERVICE = "CN-330100/GOV/11330100MB1A23019Q/tongban", "births"


@given(
    st.lists(st.integers(0, 3000), min_size=1, max_size=80),
    st.integers(1, 20),
    st.integers(1, 10),
)
def test_in_no_stretch_of_time_do_more_pass_than_burst_and_rate_allow(
    gaps: list[int], per_second: int, burst: int
) -> None:
    rate = Rate(per_second, burst)
    bucket: Bucket | None = None
    now, passed = Fraction(0), []
    for gap in gaps:
        now += Fraction(gap, 1000)
        bucket, wait = take(bucket, rate, float(now))
        if wait:
            again, still = take(bucket, rate, float(now) + wait + 1e-6)
            assert still == 0.0, "the wait that was told suffices"
            del again
        else:
            passed.append(now)
    for i, first in enumerate(passed):
        for n, last in enumerate(passed[i:], start=1):
            assert n <= burst + float(last - first) * per_second + 1e-6


def test_a_clock_that_runs_back_refills_nothing() -> None:
    bucket, _ = take(None, Rate(1, 1), 100.0)
    bucket, wait = take(bucket, Rate(1, 1), 0.0)
    assert wait > 0
    assert take(bucket, Rate(1, 1), 100.5)[1] > 0


def test_a_call_with_two_purposes_takes_from_both_or_from_neither() -> None:
    limits = Limits(Terms(rate=Rate(0.001, 1), rates={(CLIENT, SERVICE, "b"): Rate(0.001, 3)}))
    assert limits.admit(CLIENT, SERVICE, ["a", "b"], 0) == 0
    for _ in range(5):
        assert limits.admit(CLIENT, SERVICE, ["a", "b"], 0) > 0
    assert [limits.admit(CLIENT, SERVICE, ["b"], 0) == 0 for _ in range(3)] == [True, True, False]
    assert limits.admit("another", SERVICE, ["a"], 0) == 0


@given(
    st.lists(st.tuples(st.integers(0, 30), st.lists(st.integers(0, 12), max_size=4)), max_size=60),
    st.integers(1, 60),
)
def test_a_sliding_window_counts_distinct_subjects_exactly(
    calls: list[tuple[int, list[int]]], window: int
) -> None:
    seen, now, history = Seen(window, 10_000), 0, []
    for gap, subjects in calls:
        now += gap
        history += [(now, s) for s in subjects]
        got = seen.add([f"{s:032x}"[::-1] for s in subjects], now)
        assert got == len({s for at, s in history if at > now - window})


def many(count: int, start: int = 0) -> list[str]:
    return [f"{n:016x}{'0' * 16}" for n in range(start, start + count)]


def test_harvesting_is_told_once_and_again_only_after_it_stopped() -> None:
    limits = Limits(Terms(watches=(Watch(window=60, most=10),)))

    def look(subjects: list[str], now: float) -> list[int]:
        return [a.distinct for a in limits.look(CLIENT, SERVICE, ["p"], subjects, now)]

    assert look(many(10), 0) == []
    assert look(many(10), 1) == [], "the same ten again are no more"
    assert look(many(1, 10), 2) == [11]
    assert look(many(1, 11), 3) == []
    assert look(many(1), 100) == []
    assert look(many(11), 101) == [11]


def test_what_is_usual_is_learnt_and_an_alarm_is_never_learnt_as_usual() -> None:
    watch = Watch(window=60, most=1000, least=5, factor=2.0, needed=3, kept=5)
    limits = Limits(Terms(watches=(watch,)))
    now = 0.0
    for _ in range(4):
        assert limits.look(CLIENT, SERVICE, ["p"], many(10), now) == []
        now += 60
    (alarm,) = limits.look(CLIENT, SERVICE, ["p"], many(100), now)
    assert (alarm.distinct, alarm.limit, alarm.client) == (100, 20, CLIENT)
    now += 120
    limits.look(CLIENT, SERVICE, ["p"], many(1), now)
    now += 120
    (alarm,) = limits.look(CLIENT, SERVICE, ["p"], many(100), now)
    assert alarm.limit == 20


@given(st.lists(st.integers(0, 5000), max_size=40))
def test_a_learnt_limit_stays_between_its_bounds(peaks: list[int]) -> None:
    watch = Watch(least=100, most=2000, needed=5, kept=10)
    habit = Habit()
    for peak in peaks:
        habit = learnt(habit, peak, watch)
    assert len(habit.peaks) <= 10
    limit = limit_of(habit, watch)
    assert 100 <= limit <= 2000
    if len(habit.peaks) >= 5:
        assert limit >= min(2000, max(habit.peaks))


def test_the_memory_of_a_harvester_is_bounded() -> None:
    seen = Seen(3600, 100)
    assert seen.add(many(5000), 0) == 100


def test_the_table_of_limits_is_read_and_its_slips_are_named() -> None:
    terms = read_terms(
        {
            "per_second": 5,
            "rates": [{"client": "c", "service": "s", "purpose": "p", "burst": 9}],
            "watches": [{"window": 60, "most": 3}],
        }
    )
    assert terms.rate == Rate(per_second=5)
    assert terms.rates["c", "s", "p"] == Rate(burst=9)
    assert terms.watches == (Watch(window=60, most=3),)
    assert read_terms({}) == Terms()
    for wrong in (
        {"per_secnd": 5},
        {"per_second": 0},
        {"burst": 0.5},
        {"rates": {}},
        {"rates": [{"client": "c"}]},
        {"watches": [{"window": True}]},
    ):
        with pytest.raises(LimitsInvalid):
            read_terms(wrong)
