"""Questions to a file: known answers come out, and "not identified" is an answer."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tongban.apps.forecast.domain.structure import asking, example, proving
from tongban.apps.forecast.domain.structure.within import least_squares
from tongban.apps.forecast.structure_cli import structure

Rows = list[dict[str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with the shipped example in it."""
    ran = CliRunner().invoke(structure, ["--example", str(tmp_path)])
    assert ran.exit_code == 0, ran.output
    assert ran.output.startswith("tongban forecast structure ")
    return tmp_path


def run(folder: Path, *more: str) -> Result:
    names = [str(folder / one) for one in ("panel.csv", "schema.yaml", "plan.yaml", "out")]
    given = [names[0], "--schema", names[1], "--plan", names[2], "--out", names[3], *more]
    return CliRunner().invoke(structure, [*given, "--lang", "en"])


def told(folder: Path) -> dict[str, Any]:
    found = json.loads((folder / "out" / "report.json").read_text())
    return {one["title"]["en"]: one for one in found["sections"]}


def rows_of(folder: Path) -> Rows:
    return list(csv.DictReader(StringIO((folder / "panel.csv").read_text())))


def change(folder: Path, how: Any) -> None:
    """Change the rows of the panel; a row that becomes None is left out."""
    rows = [kept for row in rows_of(folder) if (kept := how(row)) is not None]
    out = StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    (folder / "panel.csv").write_text(out.getvalue())


def numbers(row: list[Any]) -> list[float]:
    return [float(one["value"]) for one in row if isinstance(one, dict) and "value" in one]


QUICK = f"""lags: [{{input: spending, lags: 4, degree: 2}}]
window: [{{exposure: readiness, from: 2021Q1, length: {example.WINDOW_LENGTH}}}]
discount: [{{hardware: hardware, rest: software}}]
"""


@pytest.fixture
def quick(folder: Path) -> Path:
    """Give the example without the threshold, whose test takes a thousand regressions."""
    (folder / "plan.yaml").write_text(QUICK)
    return folder


def test_the_answers_that_were_put_into_the_example_come_out(folder: Path) -> None:
    ran = run(folder)
    assert ran.exit_code == 0, ran.output
    assert ran.output.count("told apart") == 4
    found, scale = told(folder), example.SCALE
    lags = found["Distributed lags"]
    _, low, high, mean = numbers(lags["tables"][0]["rows"][0])
    assert low < scale * proving.LAG_WEIGHTS.sum() < high
    assert mean == pytest.approx(2, abs=0.3)
    assert len(lags["pictures"][0]["bars"]) == len(proving.LAG_WEIGHTS)
    place, slopes = found["Thresholds"]["tables"]
    at, low, high, _ = numbers(place["rows"][0])
    assert low <= proving.BREAK <= high
    assert low <= at <= high < low + 0.15
    for row, slope in zip(slopes["rows"], proving.SLOPES, strict=True):
        _, low, high = numbers(row)
        assert low < scale * slope < high
    steps, effect, low, high, _, before, after = numbers(
        found["Policy windows"]["tables"][0]["rows"][0]
    )
    assert steps == example.WINDOW_LENGTH
    assert low < scale * example.WINDOW < high
    assert low < effect < high
    assert before < 0 < after
    _, low, high = numbers(found["Data activation"]["tables"][0]["rows"][0])
    assert low < proving.DISCOUNT < high
    page = (folder / "out" / "report.html").read_text()
    assert "<script" not in page
    assert page.count("<svg") == 1
    assert (folder / "out" / "report.xlsx").stat().st_size > 5000


def test_a_nation_wide_index_is_answered_with_not_identified(quick: Path) -> None:
    def nation_wide(row: dict[str, str]) -> dict[str, str]:
        return row | {"spending": str(int(row["period"][:4]) ** 0.5), "readiness": "1"}

    change(quick, nation_wide)
    ran = run(quick)
    assert ran.exit_code == 0, ran.output
    assert ran.output.count("cannot be told from the effects of regions and periods") == 2
    (row,) = told(quick)["Distributed lags"]["tables"][0]["rows"]
    assert not numbers(row)


def test_holes_leave_regions_out_by_name_and_nothing_is_filled_in(quick: Path) -> None:
    assert run(quick).exit_code == 0
    whole = told(quick)["Data activation"]["tables"][0]["rows"][0]

    def holed(row: dict[str, str]) -> dict[str, str] | None:
        if row["region"] == "R02" and row["period"] == "2019Q3":
            return row | {"hardware": ""}
        return None if row["region"] == "R05" and row["period"] == "2020Q1" else row

    change(quick, holed)
    assert run(quick).exit_code == 0
    found = told(quick)
    grounds = {row[0]["en"]: row for row in found["Data and method"]["tables"][0]["rows"]}
    lags = grounds["lags of spending (4)"]
    discount = grounds["discount of hardware on software"]
    assert (numbers(lags), lags[-1]["en"]) == ([30.0], "R05")
    assert (numbers(discount), discount[-1]["en"]) == ([29.0], "R02、R05")
    assert found["Data activation"]["tables"][0]["rows"][0] != whole
    # the same as if the regions had never been there
    after = found["Data activation"]["tables"][0]["rows"][0]
    change(quick, lambda row: None if row["region"] in {"R02", "R05"} else row)
    assert run(quick).exit_code == 0
    assert numbers(told(quick)["Data activation"]["tables"][0]["rows"][0]) == numbers(after)


def test_a_row_that_the_gate_flags_is_held_back_until_it_is_accepted(quick: Path) -> None:
    def slipped(row: dict[str, str]) -> dict[str, str]:
        if row["region"] == "R07" and row["period"] == "2020Q2":
            return row | {"services": str(float(row["services"]) * 10_000)}
        return row

    change(quick, slipped)
    keys = [(row["region"], row["period"]) for row in rows_of(quick)]
    line = 2 + keys.index(("R07", "2020Q2"))
    assert run(quick).exit_code == 0
    ground = told(quick)["Data and method"]["tables"][0]["rows"][0]
    assert ground[-1]["en"] == "R07"
    assert any("R07" in map(str, row) for row in told(quick)["The gate"]["tables"][1]["rows"])
    assert run(quick, "--accept", str(line)).exit_code == 0
    assert told(quick)["Data and method"]["tables"][0]["rows"][0][-1]["en"] == "none"


def test_a_covariate_may_enter_as_its_change(folder: Path) -> None:
    plan = "discount: [{hardware: hardware, rest: software}]\n"
    (folder / "plan.yaml").write_text(plan)
    assert run(folder).exit_code == 0
    before = numbers(told(folder)["Data activation"]["tables"][0]["rows"][0])
    sums: dict[str, float] = {}

    def stock(row: dict[str, str]) -> dict[str, str]:
        sums[row["region"]] = sums.get(row["region"], 0.0) + float(row["hardware"])
        return row | {"hardware": f"{sums[row['region']]:.6f}"}

    change(folder, stock)
    (folder / "plan.yaml").write_text(f"{plan}changes: [hardware]\n")
    assert run(folder).exit_code == 0
    after = numbers(told(folder)["Data activation"]["tables"][0]["rows"][0])
    assert after == pytest.approx(before, abs=1e-3)


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ("lags: [{input: robots, lags: 2, degree: 1}]", "'robots' is no covariate"),
        ("lags: [{input: spending, lags: 2, degree: 3}]", "degree 3 is more than 2 lags"),
        ("lags: [{input: spending, lags: 2}]", "'degree' is a required property"),
        ("window: [{exposure: readiness, from: 2020, length: 2}]", "does not lie after the first"),
        ("window: [{exposure: readiness, from: 2016Q1, length: 2}]", "does not lie after"),
        ("window: [{exposure: readiness, from: soon, length: 2}]", "PeriodUnreadable"),
        ("target: level", "PlanInvalid: plan.yaml"),
        ("lags: [", "PlanInvalid: plan.yaml"),
    ],
)
def test_a_plan_that_asks_what_is_not_there_is_one_sentence(
    folder: Path, plan: str, says: str
) -> None:
    (folder / "plan.yaml").write_text(plan)
    ran = run(folder)
    assert ran.exit_code == 1
    assert says in ran.output
    assert isinstance(ran.exception, SystemExit)
    assert not (folder / "out").exists()


def test_too_few_regions_or_periods_are_an_answer(folder: Path) -> None:
    (folder / "plan.yaml").write_text(
        "lags: [{input: spending, lags: 34, degree: 1}]\n"
        "window: [{exposure: readiness, from: 2016Q2, length: 2}]\n"
    )
    ran = run(folder)
    assert ran.exit_code == 0, ran.output
    assert "36 whole periods are too few for 34 lags" in ran.output
    assert "there are no 10 regions and 4 periods" in ran.output  # no growth before 2016Q2
    change(folder, lambda row: row if row["region"] < "R10" else None)
    assert run(folder).output.count("there are no 10 regions") == 2


def test_without_what_to_ask_the_command_says_what_it_needs(folder: Path) -> None:
    ran = CliRunner().invoke(structure, [str(folder / "panel.csv")])
    assert ran.exit_code == 2
    assert "--schema and --plan, or --example" in ran.output


@given(
    st.integers(0, 10_000),
    st.integers(10, 14),
    st.integers(4, 7),
    st.sampled_from([0.8, 0.95, 1.0]),
    st.lists(st.integers(0, 6), max_size=2),
)
def test_the_largest_block_is_whole_and_none_is_larger(
    seed: int, regions: int, periods: int, share: float, through: list[int]
) -> None:
    known: NDArray[np.bool_] = np.random.default_rng(seed).uniform(size=(regions, periods)) < share
    whole = {
        (first, last): int(known[:, first:last].all(axis=1).sum())
        for first in range(periods)
        for last in range(first + asking.FEWEST_PERIODS, periods + 1)
        if all(first <= one < last for one in through)
    }
    cells = [n * (b - a) for (a, b), n in whole.items() if n >= asking.FEWEST_REGIONS]
    try:
        rows, first, last = asking.largest(known, through)
    except asking.TooFew:
        assert not cells
        return
    assert known[rows, first:last].all()
    assert all(first <= one < last for one in through)
    assert len(rows) * (last - first) == max(cells)


@given(st.integers(0, 10_000), st.sampled_from([1e-9, 1e-3, 1e6, 1e12]))
def test_a_unit_of_another_size_changes_slopes_by_its_size_alone(seed: int, size: float) -> None:
    draw = np.random.default_rng(seed)
    y, a, b = draw.normal(size=(3, 12, 9))
    fit, other = (least_squares(y, [a * one, b], ["a", "b"]) for one in (1.0, size))
    assert other.slopes * [size, 1] == pytest.approx(fit.slopes, rel=1e-6, abs=1e-9)
    assert other.errors * [size, 1] == pytest.approx(fit.errors, rel=1e-6)
