"""Counting: the one statement against a plain walk over the events, and costs that add up."""

import csv
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongban.apps.cases import events as cases
from tongban.apps.value import counting, samples
from tongban.apps.value.domain import costing
from tongban.apps.value.domain.costing import DRIVERS, Cost, Count
from tongban.apps.value.errors import TableInvalid, ValueRefused

START = datetime(2025, 3, 1, 9)  # noqa: DTZ001 - as DuckDB reads it
WITHIN = 30
KINDS = (cases.ENTERED, cases.HANDED, cases.CORRECTION_ASKED, cases.FACTS_RECEIVED, cases.STEPPED)
STAGES = ("granted", "refused", "withdrawn", "impossible", "not_applicable")


def write(path: Path, rows: list[tuple[str, ...]]) -> Path:
    with path.open("w", newline="") as opened:
        csv.writer(opened).writerows([counting.COLUMNS, *rows])
    return path


def row(kind: str, chain: str, item: str, day: int, person: str = "p", stage: str = "") -> tuple:
    return (
        kind,
        chain,
        item,
        (START + timedelta(days=day)).isoformat(),
        f"dep-{item}",
        person,
        stage,
    )


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[str, ...]]:
    found = []
    for n in range(draw(st.integers(1, 12))):
        # an hour of its own for each, so that no two ends of a person fall together
        item, person = draw(st.sampled_from("ab")), draw(st.sampled_from(["", "p", "q"]))
        day = draw(st.integers(0, 60))
        kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
        found += [row(kind, f"c{n}", item, day, person) for kind in kinds]
        for k in range(draw(st.integers(0, 2))):
            stage = draw(st.sampled_from(STAGES))
            found.append(row(cases.ENDED, f"c{n}", item, day + 1 + k, person, stage))
    return found


def walk(rows: list[tuple[str, ...]]) -> dict[str, dict[str, int]]:
    """Count as the docstring of Count says, one event after another."""
    branches: dict[tuple[str, str], list[tuple[str, ...]]] = defaultdict(list)
    for one in rows:
        branches[one[1], one[2]].append(one)
    counts: dict[str, dict[str, int]] = {}
    ends: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for (chain, item), told in branches.items():
        found = counts.setdefault(item, dict.fromkeys(DRIVERS, 0))
        kinds = {one[0] for one in told}
        last = sorted((one[3], one[6]) for one in told if one[0] == cases.ENDED)
        found["begun"] += 1
        found["events"] += len(told)
        found["fetched"] += cases.FACTS_RECEIVED in kinds
        found["retried"] += max(len(last) - 1, 0)
        if not last:
            found["open"] += 1
        elif last[-1][1] not in ("granted", "refused"):
            found["withdrawn"] += 1
        else:
            found["human"] += cases.HANDED in kinds
            found["corrected"] += cases.CORRECTION_ASKED in kinds
            found["unknown"] += not told[0][5]
            found["effective"] += 1
            if told[0][5]:
                ends[told[0][5], item].append((last[-1][0], chain))
    for (_, item), found in ends.items():
        found.sort()
        for (one, _), (other, _) in pairwise(found):
            gap = datetime.fromisoformat(other) - datetime.fromisoformat(one)
            if gap <= timedelta(days=WITHIN):
                counts[item]["effective"] -= 1
                counts[item]["repeated"] += 1
    return counts


def test_a_step_of_an_official_is_a_persons_work(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    ended = row(cases.ENDED, "c1", "a", 2, stage="granted")
    told = [(*row(cases.STEPPED, "c1", "a", 1), counting.PERSON), (*ended, "")]
    with path.open("w", newline="") as opened:
        csv.writer(opened).writerows([(*counting.COLUMNS, counting.BY), *told])
    (found,) = counting.count(path, WITHIN).counts
    assert (found.human, found.effective) == (1, 1)
    (found,) = counting.count(write(path, [one[:-1] for one in told]), WITHIN).counts
    assert (found.human, found.effective) == (0, 1)


def test_data_that_came_for_a_whole_case_came_for_each_of_its_branches(tmp_path: Path) -> None:
    rows = [
        row(cases.FACTS_RECEIVED, "c1", "", 0),
        row(cases.ENTERED, "c1", "a", 1),
        row(cases.ENTERED, "c1", "b", 1),
        row(cases.ENTERED, "c2", "a", 1),
        row(cases.ENTERED, "c2", "", 1),
    ]
    counts = {c.service: c for c in counting.count(write(tmp_path / "e.csv", rows), WITHIN).counts}
    assert (counts["a"].begun, counts["a"].fetched) == (2, 1)
    assert (counts["b"].begun, counts["b"].fetched) == (1, 1)
    assert counts["a"].events == 2


@pytest.mark.slow
@settings(max_examples=30)
@given(stories())
def test_one_statement_counts_what_a_walk_counts(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
) -> None:
    path = write(tmp_path_factory.mktemp("events") / "events.csv", rows)
    found = counting.count(path, WITHIN)
    assert {c.service: {n: getattr(c, n) for n in DRIVERS} for c in found.counts} == walk(rows)
    assert {c.department for c in found.counts} == {f"dep-{c.service}" for c in found.counts}
    assert found.events == len(rows)
    for c in found.counts:
        assert c.begun == c.open + c.withdrawn + c.repeated + c.effective


def test_a_refusal_and_the_second_try_are_one_matter(tmp_path: Path) -> None:
    rows = [
        row(cases.ENDED, "c1", "a", 0, "p", "refused"),
        row(cases.ENDED, "c2", "a", 12, "p", "granted"),
        row(cases.ENDED, "c3", "a", 80, "p", "granted"),  # long after: a new matter
        row(cases.ENDED, "c4", "b", 13, "p", "granted"),  # another service
    ]
    counts = {c.service: c for c in counting.count(write(tmp_path / "e.csv", rows), WITHIN).counts}
    assert (counts["a"].effective, counts["a"].repeated) == (2, 1)
    assert counts["b"].effective == 1


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    bad = [(*row(cases.ENTERED, "c1", "a", 0)[:3], "last Tuesday", "d", "p", "")]
    with pytest.raises(TableInvalid, match=r"TimeUnreadable.*时间无法读取.* / .*cannot be read"):
        counting.count(write(tmp_path / "time.csv", bad), WITHIN)
    with pytest.raises(TableInvalid, match=r"StageUnknown.*不是办结状态.* / .*is no stage"):
        counting.count(
            write(tmp_path / "stage.csv", [row(cases.ENDED, "c1", "a", 0, "p", "done")]), WITHIN
        )
    (tmp_path / "short.csv").write_text("type,chain\nx,y\n")
    with pytest.raises(TableInvalid, match="ColumnMissing"):
        counting.count(tmp_path / "short.csv", WITHIN)
    (tmp_path / "no.parquet").write_text("no")
    with pytest.raises(ValueRefused, match="cannot be read"):
        counting.count(tmp_path / "no.parquet", WITHIN)
    with pytest.raises(ValueRefused, match="CSV or Parquet"):
        counting.count(tmp_path / "none.csv", WITHIN)


def test_the_year_turns_at_midnight_here(tmp_path: Path) -> None:
    told = row(cases.ENDED, "c1", "a", 0, "p", "granted")
    for n, (moment, year) in enumerate(
        [
            ("2025-12-31T17:00:00+00:00", 2026),
            ("2025-12-31 17:00:00", 2025),
            ("2026-01-01T00:30:00+08:00", 2026),
        ]
    ):
        path = write(tmp_path / f"{n}.csv", [(*told[:3], moment, *told[4:])])
        assert [c.year for c in counting.count(path, WITHIN).counts] == [year]
        duckdb.sql("SET TimeZone = 'UTC'")
        told_typed = duckdb.read_csv(str(path), dtype={"occurred": "TIMESTAMPTZ"})
        told_typed.write_parquet(str(tmp_path / f"{n}.parquet"))
    assert [c.year for c in counting.count(tmp_path / "0.parquet", WITHIN).counts] == [2026]


def test_a_path_is_not_sql(tmp_path: Path) -> None:
    path = write(tmp_path / "it's.csv", [row(cases.ENTERED, "c1", "a", 0)])
    assert counting.count(path, WITHIN).events == 1


def test_csv_and_parquet_tell_the_same(tmp_path: Path) -> None:
    found = []
    for name in ("e.csv", "e.parquet"):
        samples.events(tmp_path / name, 3000)
        found.append(counting.count(tmp_path / name, WITHIN))
    assert found[0] == found[1]
    assert found[0].events == 3000 * 14
    assert duckdb.read_parquet(str(tmp_path / "e.parquet")).shape == (42_000, 7)


def count(department: str, service: str, **numbers: int) -> Count:
    return Count(2025, department, service, **{**dict.fromkeys(DRIVERS, 0), **numbers})


COUNTS = (
    count("a", "x", begun=10, effective=8, events=30, human=1),
    count("a", "y", begun=5, effective=5, events=10, human=3),
    count("b", "z", begun=5, effective=0, events=60),
)


def test_costs_go_home_by_activity() -> None:
    ledger = [
        Cost(2, 2025, "staff", "a", "", "running", 400, 5),  # 1 : 3 by persons
        Cost(3, 2025, "cloud", "", "", "running", 1000, 5),  # 30 : 10 : 60 by events
        Cost(4, 2025, "data", "", "y", "running", 7, 5),
        Cost(5, 2023, "software", "b", "", "capital", 500, 5),  # a fifth of it
        Cost(6, 2025, "staff", "b", "", "running", 9, 5),  # nobody by hand: by events
        Cost(7, 2025, "staff", "c", "", "running", 11, 5),  # of a department without services
        Cost(8, 2024, "cloud", "", "", "running", 999, 5),
        Cost(9, 2019, "software", "a", "", "capital", 500, 5),  # worn off
    ]
    found = costing.cost(ledger, COUNTS, 2025, {"staff": "human"})
    by = {one.service: one for one in found.services}
    assert by["x"].by_tower == {"staff": 100, "cloud": 300}
    assert by["y"].by_tower == {"staff": 300, "cloud": 100, "data": 7}
    assert by["z"].by_tower == {"cloud": 600, "software": 100, "staff": 9}
    assert (found.unplaced, found.total, found.effective) == (11, 1527, 13)
    assert by["x"].unit == 50
    assert by["z"].unit is None
    assert found.unit == Decimal(1527) / 13


@given(st.lists(st.tuples(st.sampled_from(["", "a", "b", "q"]), st.integers(0, 10**9)), max_size=8))
def test_no_fen_is_lost(rows: list[tuple[str, int]]) -> None:
    ledger = [Cost(n, 2025, f"t{n % 3}", d, "", "capital", a, 3) for n, (d, a) in enumerate(rows)]
    for year in (2025, 2026, 2027):
        counts = [
            costing.Count(year, *(getattr(c, n) for n in ("department", "service", *DRIVERS)))
            for c in COUNTS
        ]
        found = costing.cost(ledger, counts, year, {})
        assert sum(one.total for one in found.services) + found.unplaced == found.total
    assert sum(c.of(y) for c in ledger for y in range(2020, 2031)) == sum(a for _, a in rows)


def test_density_and_dimensions_say_what_is_not_measured() -> None:
    parts = costing.use(COUNTS)
    assert parts == costing.Use(Decimal(13) / 20, Decimal(9) / 13, Decimal(1))
    weights = {"effective": Decimal(1), "unaided": Decimal(1)}
    full = costing.uvd(parts, weights, Decimal("0.5"), 13, 1, 12, Decimal("0.05"))
    assert full == (parts.effective + parts.unaided) / 2 / 2
    assert (
        costing.uvd(costing.Use(None, None, None), weights, Decimal(1), 1, 1, 12, Decimal(1))
        is None
    )
    ledger = [
        Cost(2, 2025, "t", "", "", "running", 3, 5),
        Cost(3, 2025, "t", "a", "", "running", 1, 5),
    ]
    found = costing.dimensions(costing.cost(ledger, COUNTS, 2025, {}), ledger, COUNTS, 0, 10)
    assert found == costing.Dimensions(Decimal("0.75"), parts.unaided, None, None)
