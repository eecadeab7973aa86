"""Reading and the gate: whatever is wrong with a panel has a name or a flag, never a number."""

import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.forecast import reading
from tongban.apps.forecast.domain.gate import gated, held, inspect
from tongban.apps.forecast.domain.generator import Truth, generate
from tongban.apps.forecast.domain.panel import (
    Measure,
    Panel,
    Row,
    history,
    label,
    last_day,
    parse_period,
    step_of,
)
from tongban.apps.forecast.domain.running import run
from tongban.apps.forecast.domain.tracks import Fault
from tongban.apps.forecast.models.drift import Naive, NationalDrift, OwnDrift
from tongban.apps.forecast.report.pen import Pen

SCHEMA = reading.Schema(Measure("value", "case"))
CLEAN = generate(Truth(regions=12, periods=9))


def read(folder: Path, text: str | bytes, schema: reading.Schema = SCHEMA) -> Panel:
    path = folder / "panel.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return reading.read_panel(path, schema)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("region,period,value\nA,2020,1\nA,2020,2\n", reading.DuplicateKey, "lines 2 and 3"),
        ("region,period,value\nA,2020,1.2万\n", reading.NotANumber, "line 2, column 'value'"),
        ("region,period,value\nA,2020,1_000\n", reading.NotANumber, "'1_000'"),
        ('region,period,value\nA,2020,"1,000"\n', reading.NotANumber, "'1,000'"),
        ("region,period,value\nA,2020,nan\n", reading.NotANumber, "'nan'"),
        ("region,period,value\nA,2020,inf\n", reading.NotANumber, "'inf'"),
        ("region,period,value\nA,2020,１２\n", reading.NotANumber, "'１２'"),
        ("region,period,value\n,2020,1\n", reading.ColumnMissing, "no region"),
        ("region,year,value\nA,2020,1\n", reading.ColumnMissing, "'period'"),
        ("region,period,value\nA,2020\n", reading.ColumnMissing, "line 2"),
        ("region,period,value\nA,2020,1\nA,2021Q1,1\n", reading.PeriodMixed, "line 3"),
        ("region,period,value\nA,soon,1\n", reading.PanelUnreadable, "'soon'"),
        ("region,period,value\n", reading.FileEmpty, "no rows"),
        ("region,period,value\nA,2020,\n", reading.FileEmpty, "no rows"),
        ("", reading.FileEmpty, "no rows"),
        ("地区,period,value\n".encode("gb18030"), reading.NotText, "CSV UTF-8"),
        ('region,period,value\n"A,2020,1\n', reading.PanelUnreadable, "line"),
    ],
)
def test_what_is_wrong_in_a_file_has_a_name_and_a_place(
    tmp_path: Path, text: str | bytes, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says.replace("(", r"\(")):
        read(tmp_path, text)


def test_a_row_in_another_unit_is_refused(tmp_path: Path) -> None:
    schema = replace(SCHEMA, unit="unit")
    with pytest.raises(reading.UnitMixed, match="line 3"):
        read(tmp_path, "region,period,value,unit\nA,2020,1,case\nA,2021,1,fen\n", schema)


def test_a_vintage_before_its_period_is_refused(tmp_path: Path) -> None:
    schema = replace(SCHEMA, vintage="known")
    with pytest.raises(reading.PeriodMixed, match="line 2"):
        read(tmp_path, "region,period,value,known\nA,2020,1,2019\n", schema)


def test_only_what_was_published_by_then_is_seen(tmp_path: Path) -> None:
    schema = replace(SCHEMA, vintage="known")
    rows = "A,2019,10,2020\nA,2019,11,2022\nA,2020,12,2021\n"
    panel = read(tmp_path, f"region,period,value,known\n{rows}", schema)
    assert panel.scale == "log"

    def seen(at: int) -> dict[int, float]:
        known = history(panel, frozenset(), at).values.get("A", {})
        return {period: round(2.718281828459045**value, 6) for period, value in known.items()}

    assert seen(2019) == {}
    assert seen(2020) == {2019: 10}
    assert seen(2021) == {2019: 10, 2020: 12}
    assert seen(2022) == {2019: 11, 2020: 12}


def test_a_renamed_region_is_joined_where_the_schema_says_so(tmp_path: Path) -> None:
    text = "region,period,value\nOld,2019,1\nOld,2020,2\nNew,2021,3\n"
    joined = read(tmp_path, text, replace(SCHEMA, same={"New": "Old"}))
    assert joined.regions == ("Old",)


def test_a_schema_is_read_and_a_wrong_one_named(tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    path.write_text("period: year\ntarget: {column: gsp, unit: usd_million, low: 0}\n")
    assert reading.read_schema(path).target == Measure("gsp", "usd_million", 0)
    for wrong in ("target: {column: gsp}", "target: [", "- a", "target: {column: a, unit: acre}"):
        path.write_text(wrong)
        with pytest.raises(reading.SchemaInvalid):
            reading.read_schema(path)


def test_parquet_gives_the_same_panel_as_csv(tmp_path: Path) -> None:
    text = "region,period,value\nA,2020,1.5\nB,2020,2.5\n"
    plain = read(tmp_path, text)
    duckdb.read_csv(str(tmp_path / "panel.csv")).write_parquet(str(tmp_path / "panel.parquet"))
    packed = reading.read_panel(tmp_path / "panel.parquet", SCHEMA)
    assert [(r.region, r.period, r.value) for r in packed.rows] == [
        (r.region, r.period, r.value) for r in plain.rows
    ]


@given(st.integers(1900, 2200), st.sampled_from([1, 4, 12]), st.integers(0, 11))
def test_a_period_is_read_as_it_is_written(year: int, frequency: int, part: int) -> None:
    period = year * frequency + part % frequency
    assert parse_period(label(period, frequency)) == (period, frequency)
    assert last_day(period, frequency) < last_day(period + 1, frequency)


@given(st.sets(st.integers(0, 400), min_size=2))
def test_the_step_reaches_every_period(periods: set[int]) -> None:
    step = step_of(periods)
    assert all((one - min(periods)) % step == 0 for one in periods)


# ------------------------------------------------------------------ the gate


def planted(change: Callable[[Row], Row | None]) -> Panel:
    return replace(CLEAN, rows=tuple(new for row in CLEAN.rows if (new := change(row)) is not None))


def times(region: str, factor: float, *periods: int) -> Callable[[Row], Row]:
    return lambda row: (
        replace(row, value=row.value * factor)
        if row.region == region and row.period in periods
        else row
    )


def test_a_clean_panel_passes() -> None:
    assert inspect(CLEAN) == ()


def test_a_year_that_moves_all_regions_is_no_fault() -> None:
    assert inspect(generate(Truth(regions=12, periods=9, shock=2016, fall=-0.6))) == ()


@pytest.mark.parametrize(
    ("panel", "fault", "where"),
    [
        (planted(times("R03", 10_000, 2016)), "unit_slip", {("R03", 2016)}),
        (planted(times("R03", 1e-8, 2016)), "unit_slip", {("R03", 2016)}),
        (planted(times("R03", 10, *range(2016, 2021))), "unit_slip", {("R03", 2016)}),
        (planted(times("R03", 2.5, 2017)), "jump", {("R03", 2017)}),
        (
            planted(lambda r: None if (r.region, r.period) == ("R03", 2016) else r),
            "gap",
            {("R03", 2016)},
        ),
        (
            planted(
                lambda r: replace(r, value=500.0) if r.region == "R03" and r.period > 2014 else r
            ),
            "repeated",
            {("R03", year) for year in range(2016, 2021)},
        ),
        (
            planted(
                lambda r: (
                    replace(r, value=500.0 + 10 * (r.period - 2012)) if r.region == "R03" else r
                )
            ),
            "imputed",
            {("R03", year) for year in range(2014, 2021)},
        ),
        (
            planted(
                lambda r: replace(r, region="R99") if r.region == "R03" and r.period > 2015 else r
            ),
            "renamed",
            {("R99", year) for year in range(2016, 2021)},
        ),
        (
            replace(
                CLEAN,
                rows=CLEAN.rows
                + tuple(
                    replace(r, region="R99", value=2 * r.value, line=r.line + 1000)
                    for r in CLEAN.rows
                    if r.region == "R03"
                ),
            ),
            "copied",
            {("R99", year) for year in range(2012, 2021)},
        ),
        # all later rows agree with one another: the first stands alone
        (planted(times("R03", 1e-4, 2012)), "unit_slip", {("R03", 2012)}),
        (
            planted(lambda r: None if r.region == "R03" and r.period > 2018 else r),
            "gap",
            {("R03", 2019)},
        ),
        (
            planted(lambda r: None if r.region == "R03" and r.period < 2014 else r),
            "gap",
            {("R03", 2012)},
        ),
        # filled in and rounded to whole numbers, in a panel that is printed to four places
        (
            planted(
                lambda r: (
                    replace(r, value=float(round(500 + 10.3 * (r.period - 2012))))
                    if r.region == "R03"
                    else r
                )
            ),
            "imputed",
            {("R03", year) for year in range(2014, 2021)},
        ),
        (
            replace(planted(times("R03", -1, 2016)), target=Measure("value", "case", low=0)),
            "range",
            {("R03", 2016)},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_planted_fault_is_flagged_where_it_is(
    panel: Panel, fault: Fault, where: set[tuple[str, int]]
) -> None:
    found = inspect(panel)
    assert {(one.region, one.period) for one in found if one.fault == fault} == where
    # and nobody else is accused
    assert {one.region for one in found} == {region for region, _ in where}
    lines = {one.line for one in found if one.line is not None}
    assert held(found, frozenset()) == lines
    assert held(found, frozenset(lines)) == (lines if fault == "range" else frozenset())


# ------------------------------------------------------------------ covariates and vintages

LEVER = generate(Truth(regions=12, periods=9, pull=0.02))


def with_lever(change: Callable[[Row], float | None]) -> Panel:
    return replace(LEVER, rows=tuple(replace(r, extras=(change(r),)) for r in LEVER.rows))


def lever(row: Row) -> float:
    (value,) = row.extras
    assert value is not None
    return value


def test_a_clean_covariate_passes() -> None:
    assert inspect(LEVER) == ()


def test_covariates_that_stand_still_or_grow_evenly_by_their_nature_pass() -> None:
    assert inspect(with_lever(lambda r: float(len(r.region) + int(r.region[1:])))) == ()
    assert inspect(with_lever(lambda r: float(r.period - 2000))) == ()
    assert inspect(with_lever(lambda r: 2.0 if r.period > 2015 and r.region < "R07" else 1.0)) == ()


@pytest.mark.parametrize(
    ("change", "fault", "where"),
    [
        (lambda r: -999.0 if (r.region, r.period) == ("R03", 2016) else lever(r), "range", {2016}),
        (
            lambda r: lever(r) * (10_000 if (r.region, r.period) == ("R03", 2016) else 1),
            "unit_slip",
            {2016},
        ),
        (lambda r: 20.0 if r.region == "R03" else lever(r), "repeated", set(range(2013, 2021))),
        (
            lambda r: 20.0 + 2.5 * (r.period - 2012) if r.region == "R03" else lever(r),
            "imputed",
            set(range(2014, 2021)),
        ),
    ],
    ids=["range", "unit_slip", "repeated", "imputed"],
)
def test_a_faulty_covariate_is_named_and_its_value_is_not_used(
    change: Callable[[Row], float | None], fault: Fault, where: set[int]
) -> None:
    panel = with_lever(change)
    found = inspect(panel)
    assert {(one.fault, one.region, one.covariate) for one in found} == {
        (fault, "R03", "interfaces")
    }
    assert {one.period for one in found} == where
    assert held(found, frozenset()) == frozenset()  # the target of these rows is well
    lines = frozenset(one.line for one in found if one.line is not None)
    gate = gated(panel, frozenset())
    for before, after in zip(panel.rows, gate.panel.rows, strict=True):
        wanted = (None,) if before.line in lines else before.extras
        assert after == replace(before, extras=wanted)
    accepted = gated(panel, lines)
    assert (accepted.panel == panel) == (fault != "range")
    assert all(one.accepted == (fault != "range") for one in accepted.findings)


def test_what_was_wrong_before_its_revision_is_held_back() -> None:
    """A first publication in another unit, revised two years later: both stand in the file."""
    first = [replace(r, vintage=r.period) for r in CLEAN.rows]
    slip = next(n for n, r in enumerate(first) if (r.region, r.period) == ("R03", 2016))
    right = replace(first[slip], vintage=2018, line=1000)
    first[slip] = replace(first[slip], value=first[slip].value * 10_000)
    panel = replace(CLEAN, rows=(*first, right))
    (found,) = inspect(panel)
    assert (found.fault, found.line) == ("unit_slip", first[slip].line)
    result = run(panel, (Naive(), OwnDrift(), NationalDrift()), ahead=1)
    assert result.mape("naive") < 20
    seen = history(panel, result.held_back, 2017)
    assert 2016 not in seen.values["R03"]
    assert 2016 in history(panel, result.held_back, 2018).values["R03"]


def test_a_slip_of_any_size_is_written_down() -> None:
    pen = Pen(with_lever(lever))
    shown = pen.figure(1.5e60, "number", "test", 4)
    assert shown is not None
    assert shown.value == Decimal("1.5e60")
    assert pen.figure(float("inf"), "number", "test") is None


def test_a_large_panel_is_looked_at_in_a_moment() -> None:
    """Cities by months: what is the same for all rows is counted once, not once a row."""
    big = generate(Truth(regions=200, periods=60))
    start = time.process_time()
    inspect(big)
    assert time.process_time() - start < 5  # by the row it took minutes
