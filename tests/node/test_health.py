"""What a node says of its services is the sum of its workers, near enough, and names nobody."""

import math
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tongban.node.health import (
    FAILURES,
    Health,
    Histogram,
    Pulse,
    bounds,
    bucket,
    freshness,
    merged,
    report,
)
from tongban.node.metrics import CONTENT_TYPE, View, openmetrics
from tongban.node.store.health import HealthStore

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LATENCIES = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=200)


@given(st.integers(0, 2**32 - 1))
def test_each_latency_lies_in_its_bucket_and_buckets_do_not_overlap(micros: int) -> None:
    least, greatest = bounds(bucket(micros))
    assert least <= micros <= greatest
    assert bucket(greatest + 1) == bucket(micros) + 1 or greatest == 2**32 - 1
    assert greatest - least <= least / 32


@given(LATENCIES, st.sampled_from([0.0, 0.5, 0.9, 0.95, 0.99, 1.0]))
def test_a_percentile_is_within_five_per_cent_of_the_exact_one(
    values: list[int], share: float
) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    exact = sorted(values)[max(1, math.ceil(share * len(values))) - 1]
    got = histogram.quantile(share)
    assert got is not None
    assert abs(got - exact) <= 0.05 * exact


@given(LATENCIES, LATENCIES)
def test_histograms_of_two_workers_add_up_to_that_of_one(one: list[int], other: list[int]) -> None:
    parts = [Histogram(), Histogram(), Histogram()]
    for value in one:
        parts[0].add(value)
        parts[2].add(value)
    for value in other:
        parts[1].add(value)
        parts[2].add(value)
    parts[0].merge(parts[1])
    assert parts[0] == parts[2]
    for power in range(6, 30):
        assert parts[2].upto(1 << power) == sum(v < 1 << power for v in one + other)


OUTCOMES = st.sampled_from(["good", "refused", "timeout", "unavailable"])
CALLS = st.lists(st.tuples(OUTCOMES, st.integers(0, 10**7), st.integers(0, 200)), max_size=60)


@given(CALLS, st.integers(1, 4))
def test_pulses_that_were_written_and_merged_say_what_one_would_say(
    calls: list[tuple[str, int, int]], workers: int
) -> None:
    whole, parts = Pulse(), [Pulse() for _ in range(workers)]
    now = NOW.timestamp()
    for number, (outcome, micros, gap) in enumerate(calls):
        now += gap
        whole.count(outcome, micros, now)  # type: ignore[arg-type]
        parts[number % workers].count(outcome, micros, now)  # type: ignore[arg-type]
    sum_of = merged({"s": Pulse.from_json(part.to_json())} for part in parts)["s"]
    at = datetime.fromtimestamp(now, UTC)
    assert report("s", sum_of, "daily", at) == report("s", whole, "daily", at)
    assert (sum_of.outcomes, sum_of.latency) == (whole.outcomes, whole.latency)


@given(CALLS)
def test_error_rates_are_of_the_calls_that_reached_the_source_in_the_window(
    calls: list[tuple[str, int, int]],
) -> None:
    pulse, now, history = Pulse(), NOW.timestamp(), []
    for outcome, micros, gap in calls:
        now += gap
        pulse.count(outcome, micros, now)  # type: ignore[arg-type]
        history.append((int(now // 60), outcome))
    for window in report("s", pulse, "", datetime.fromtimestamp(now, UTC)).windows:
        inside = Counter(o for at, o in history if at > int(now // 60) - window.seconds // 60)
        reached = inside.total() - inside["refused"]
        failed = sum(inside[name] for name in FAILURES)
        assert window.calls == inside.total()
        assert window.errors == (failed / reached if reached else None)


def test_an_hour_of_minutes_is_kept_and_no_more() -> None:
    pulse = Pulse()
    for minute in range(500):
        pulse.count("good", 1000, minute * 60.0)
    assert len(pulse.slots) <= 60
    assert pulse.outcomes["good"] == 500


@pytest.mark.parametrize(
    ("cycle", "age", "said"),
    [
        ("realtime", timedelta(hours=30), "fresh"),
        ("daily", timedelta(days=2), "late"),
        ("每日", timedelta(days=4), "stale"),
        ("weekly", timedelta(days=10), "fresh"),
        ("monthly", timedelta(days=60), "late"),
        ("quarterly", timedelta(days=300), "stale"),
        ("yearly", timedelta(days=400), "fresh"),
        ("now and then", timedelta(0), "unknown"),
    ],
)
def test_freshness_is_held_against_the_update_cycle(cycle: str, age: timedelta, said: str) -> None:
    assert freshness(cycle, (NOW - age).isoformat(), NOW) == said
    assert freshness(cycle, None, NOW) == "unknown"


def test_drift_keeps_few_pointers_and_forgets_no_count() -> None:
    pulse = Pulse()
    for number in range(500):
        pulse.drifted(f"/field{number}", NOW.timestamp())
    assert len(pulse.drift) <= 65
    assert pulse.drift.total() == 500


def filled() -> Health:
    health = Health()
    pulse = health.of("births")
    now = NOW.timestamp()
    for micros in (900, 1100, 5000, 2_000_000):
        pulse.count("good", micros, now)
    pulse.count("timeout", 3_000_000, now)
    pulse.drifted("/items/*/name", now)
    pulse.learn_change("2026-11-22")
    health.of("deaths").count("refused", 10, now)
    return health


def test_metrics_are_openmetrics_by_the_reference_parser() -> None:
    pulses = filled().pulses
    reports = {name: report(name, pulse, "daily", NOW) for name, pulse in pulses.items()}
    text = openmetrics(
        View(
            pulses,
            reports,
            {"births": "half-open"},
            {("CN-330100/GOV/11330100MB1A23019Q/tongban", "births", "household-registration"): 2},
            {"feed_age_seconds": ("Age of the feed of revocations.", 1.5)},
        )
    )
    samples = {
        (s.name, *sorted(s.labels.items())): s.value
        for family in text_string_to_metric_families(text.decode())
        for s in family.samples
    }
    assert "openmetrics-text" in CONTENT_TYPE
    assert samples["tongban_calls_total", ("outcome", "good"), ("service", "births")] == 4
    duration = "tongban_call_duration_seconds"
    births = ("service", "births")
    assert samples[f"{duration}_count", births] == 5
    assert samples[f"{duration}_sum", births] == pytest.approx(5.007)
    assert samples[f"{duration}_bucket", ("le", "0.001024"), births] == 1
    assert samples[f"{duration}_bucket", ("le", "0.008192"), births] == 3
    assert samples["tongban_breaker", births, ("tongban_breaker", "half-open")] == 1
    assert samples["tongban_freshness", births, ("tongban_freshness", "fresh")] == 1
    assert samples["tongban_schema_drift_total", births] == 1
    assert samples["tongban_error_ratio", births, ("window_seconds", "300")] == pytest.approx(0.2)
    assert samples["tongban_feed_age_seconds",] == 1.5
    assert "/items" not in text.decode(), "what drifted is for the node's page, not a label"


def test_no_counter_falls_when_a_worker_goes(tmp_path: Path) -> None:
    store = HealthStore(tmp_path / "health.sqlite")
    now = NOW.timestamp()
    for number in range(3):
        store.save(f"w{number}", filled().pulses, now + number)
    before = store.load()["births"].outcomes
    assert before["good"] == 12
    assert store.fold(now + 2) == 2
    assert store.load()["births"].outcomes == before
    assert store.fold(now + 2) == 0
    assert store.fold(now + 3) == 1
    assert store.load()["births"].outcomes == before
    store.close()


WORKER = """
import sys
from pathlib import Path
from tongban.node.health import Health
from tongban.node.store.health import HealthStore
health, store = Health(), HealthStore(Path(sys.argv[1]))
for number in range(50):
    health.of("births").count("good", 1000, 1.0)
    store.save(sys.argv[2], health.pulses, 1.0)
    store.fold(0.5)
"""


def test_processes_share_the_file(tmp_path: Path) -> None:
    path = tmp_path / "health.sqlite"
    HealthStore(path).close()
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(path), f"w{n}"], env=dict(os.environ))
        for n in range(4)
    ]
    assert [worker.wait(timeout=60) for worker in workers] == [0] * 4
    store = HealthStore(path)
    assert store.load()["births"].outcomes == {"good": 200}
    store.close()


def test_a_file_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "health.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        HealthStore(path)
