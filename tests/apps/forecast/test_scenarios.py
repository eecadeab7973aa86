"""Scenarios: what was put in comes out, and what the data cannot say is refused."""

import csv
import json
import math
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.forecast.domain.generator import Truth, generate
from tongban.apps.forecast.domain.panel import Panel, history
from tongban.apps.forecast.domain.running import run
from tongban.apps.forecast.domain.scenarios import (
    Effect,
    LeverOutside,
    YearsOutside,
    moves,
    national_widths,
    outcome,
    steps_to,
    supports,
)
from tongban.apps.forecast.domain.scoring import Guess
from tongban.apps.forecast.models import levers
from tongban.apps.forecast.models.drift import Naive, NationalDrift, OwnDrift
from tongban.apps.forecast.scenarios_cli import scenarios

TRUTH = Truth(pull=0.02, noise=0.01, cling=0.0, periods=14)
PANEL = generate(TRUTH)
LADDER = (Naive(), OwnDrift(), NationalDrift())


def write(folder: Path, panel: Panel, plan: str) -> list[str]:
    lines = ["region,period,services,interfaces"]
    lines += [f"{r.region},{r.period},{r.value},{r.extras[0]}" for r in panel.rows]
    (folder / "panel.csv").write_text("\n".join(lines))
    (folder / "schema.yaml").write_text(
        "target: {column: services, unit: case}\ncovariates: [{column: interfaces, unit: item}]\n"
    )
    (folder / "plan.yaml").write_text(plan)
    names = [str(folder / one) for one in ("panel.csv", "schema.yaml", "plan.yaml", "out")]
    return [names[0], "--schema", names[1], "--plan", names[2], "--out", names[3], "--lang", "en"]


def test_a_lever_moves_the_nation_by_what_it_is_said_to_do() -> None:
    result, seen = run(PANEL, LADDER, ahead=4), history(PANEL, frozenset())
    support = supports(seen, ["interfaces"])[0]
    moved = moves(seen, support, 0, support.high - 1e-9, 40)
    base = outcome(result, seen, "base", [], {})
    effect = {"interfaces": Effect("interfaces", 0.02, 0.002)}
    still = outcome(result, seen, "still", moved, effect)
    # a mark so slow that every region's own pace goes beyond it adds nothing
    assert [p.growth for p in still.path] == [p.growth for p in base.path]
    pushed = [replace(one, more=1.5) for one in moved]
    bold = outcome(result, seen, "bold", pushed, effect)
    added = [b.growth - a.growth for a, b in zip(base.path, bold.path, strict=True)]
    # it works a step later, and the same for all
    assert added == pytest.approx([0.0, 0.03, 0.06, 0.09])
    assert bold.adds == pytest.approx({"interfaces": 0.09})
    assert bold.path[1].width - base.path[1].width == pytest.approx(1.645 * 0.002 * 1.5)
    # four steps ahead was not checked often enough: three quarters of it is the last checked width
    assert [p.checked for p in base.path] == [True, True, True, False]
    assert base.path[3].width == pytest.approx(base.path[2].width * 4 / 3)


def test_a_lever_beyond_what_was_seen_is_refused_with_its_support() -> None:
    seen = history(PANEL, frozenset())
    support = supports(seen, ["interfaces"])[0]
    with pytest.raises(LeverOutside, match=f"seen: {support.low:g} … {support.high:g}"):
        moves(seen, support, 0, support.high + 1, 5)
    with pytest.raises(LeverOutside, match="needs"):
        moves(seen, support, 0, support.high, 1)


def test_the_effect_that_was_put_in_is_found() -> None:
    found = levers.lever_effects(history(PANEL, frozenset()), ["interfaces"])[0]
    assert abs(found.value - 0.02) < 2.6 * found.error
    assert found.error < 0.002
    assert found.told_apart
    nothing = generate(replace(TRUTH, pull=0.0, noise=0.05))
    assert not levers.lever_effects(history(nothing, frozenset()), ["interfaces"])[0].told_apart


def test_a_lever_that_is_the_same_for_the_nation_is_not_identified() -> None:
    alike = replace(
        PANEL,
        rows=tuple(replace(r, extras=(math.sqrt(r.period - 2000),)) for r in PANEL.rows),
    )
    with pytest.raises(levers.NotIdentified):
        levers.lever_effects(history(alike, frozenset()), ["interfaces"])


@given(st.lists(st.lists(st.floats(0, 1), max_size=12), min_size=1, max_size=9))
def test_an_interval_never_narrows_with_distance_and_none_is_made_of_nothing(
    errors: list[list[float]],
) -> None:
    guesses = [
        Guess("r", "a", period, horizon, 0.0, off)
        for horizon, told in enumerate(errors, start=1)
        for period, off in enumerate(told)
    ]
    found = national_widths(guesses, "r", len(errors))
    assert [checked for _, checked in found] == [len(told) >= 9 for told in errors]
    far = 0
    for horizon, ((before, _), (width, checked)) in enumerate(
        zip([(0.0, True), *found[:-1]], found, strict=True), start=1
    ):
        far = horizon if checked else far
        assert math.isinf(width) == (far == 0)
        assert width >= before or math.isinf(before)
        if far and not checked:
            assert width == pytest.approx(found[far - 1][0] * horizon / far)


def test_years_are_reached_from_wherever_a_panel_ends() -> None:
    for first, periods in ((2012, 14), (2008, 14), (2016, 14)):
        panel = generate(Truth(regions=2, first=first, periods=periods))
        last = first + periods - 1
        if last >= 2026:
            with pytest.raises(YearsOutside, match=f"ask for {last + 1}-2030"):
                steps_to(panel, 2026, 2030)
        else:
            assert steps_to(panel, 2026, 2030) == 2030 - last
    far = generate(Truth(regions=2, first=2010, periods=5))
    with pytest.raises(YearsOutside, match="no year after 2019"):
        steps_to(far, 2026, 2030)
    with pytest.raises(YearsOutside):
        steps_to(far, 2018, 2016)
    assert steps_to(far, 2016, 2019) == 5
    quarters = replace(far, rows=tuple(replace(r, period=r.period + 6000) for r in far.rows))
    # 8010 … 8014 are 2002Q3 … 2003Q3
    assert steps_to(replace(quarters, frequency=4), 2004, 2004) == 5


def table(told: dict[str, Any], key: str, number: int = 0) -> list[list[Any]]:
    section = next(one for one in told["sections"] if one["key"] == key)
    rows: list[list[Any]] = section["tables"][number]["rows"]
    return rows


def number(cell: dict[str, str]) -> float:
    return float(cell["value"])


def test_the_shipped_example_gives_2026_to_2030_by_scenario_with_what_each_lever_adds(
    tmp_path: Path,
) -> None:
    ran = CliRunner().invoke(scenarios, ["--example", str(tmp_path / "in")])
    assert ran.exit_code == 0, ran.output
    words = [*shlex.split(ran.output)[3:], "--out", str(tmp_path / "out"), "--lang", "en"]
    ran = CliRunner().invoke(scenarios, words)
    assert ran.exit_code == 0, ran.output
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    paths: dict[str, dict[str, list[float]]] = {}
    for name, period, *cells in table(told, "index"):
        paths.setdefault(name["en"], {})[period] = [number(one) for one in cells[:3]]
        assert cells[3]["en"] == "checked"
    assert {tuple(one) for one in paths.values()} == {tuple(str(y) for y in range(2026, 2031))}
    for path in paths.values():
        assert all(low < value < high for value, low, high in path.values())
        widths = [high / low for _, low, high in path.values()]
        assert widths == sorted(widths)
    last = {name: path["2030"] for name, path in paths.items()}
    assert last["base"][0] < last["optimised"][0] < last["bold"][0]
    # each scenario has its own interval, and the doubt of its levers widens it
    ratio = {name: high / low for name, (_, low, high) in last.items()}
    assert ratio["base"] < ratio["bold"]
    drawn = next(one for one in told["sections"] if one["key"] == "paths")["pictures"]
    own = [one["lines"][0] for one in drawn]
    assert [one["name"]["en"] for one in own] == ["base", "optimised", "bold"]
    for line in own:
        ends = line["points"][-1]
        found = [ends["value"], *ends["band"]]
        assert [number(one) for one in found] == last[line["name"]["en"]]
    # sensitivity: what the lever adds is what sets a scenario apart from the base
    adds = {name["en"]: cells for name, _, *cells in table(told, "levers", 1)}
    for name in ("optimised", "bold"):
        add, low, high = map(number, adds[name])
        assert 0 < low <= add <= high  # rounded to a tenth of a per cent
        assert last[name][0] / last["base"][0] == pytest.approx(1 + add / 100, abs=2e-3)
    ((lever, *effect), *_) = table(told, "levers")
    assert lever == "interfaces"
    value, low, high = map(number, effect[:3])
    assert low < value < high
    assert low < 4.0 < high
    # the regions: none is worse off, who lies furthest behind gains most
    regions = {name: [number(one) for one in cells] for name, *cells in table(told, "regions")}
    assert len(regions) == 31
    assert all(base <= more <= most for base, more, most in regions.values())
    now = {
        row["region"]: row
        for row in csv.DictReader((tmp_path / "in/panel.csv").read_text().splitlines())
    }
    behind = min(now, key=lambda region: float(now[region]["interfaces"]))
    gains = {name: most / base for name, (base, _, most) in regions.items()}
    assert gains[behind] == pytest.approx(max(gains.values()), rel=0.02)


def test_years_and_steps_are_one_question_and_a_word_is_no_year(tmp_path: Path) -> None:
    words = write(tmp_path, generate(replace(TRUTH, periods=7)), "bold: {interfaces: 20}")
    for more, says in (
        (["--years", "2027", "--ahead", "3"], "not both"),
        (["--years", "soon"], "2026-2030"),
    ):
        ran = CliRunner().invoke(scenarios, [*words, *more])
        assert ran.exit_code == 2
        assert says in ran.output
    ran = CliRunner().invoke(scenarios, [*words, "--years", "2016-2030"])
    assert ran.exit_code == 1
    assert "YearsOutside" in ran.output
    assert CliRunner().invoke(scenarios, []).exit_code == 2


def test_the_command_writes_paths_beside_quoted_rates(tmp_path: Path) -> None:
    from_csv = CliRunner().invoke(
        scenarios, write(tmp_path, PANEL, "optimised: {interfaces: 38}\nbold: {interfaces: 42}\n")
    )
    assert from_csv.exit_code == 0, from_csv.output
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    rows = {row[0]["en"]: row for row in told["sections"][0]["tables"][0]["rows"]}
    growth = [float(rows[name][1]["value"]) for name in ("base", "optimised", "bold")]
    assert growth == sorted(growth)
    assert growth[0] < growth[2]
    assert [rows[name][4]["value"] for name in rows] == ["7.1", "9.8", "12.5"]
    assert {rows[name][4]["status"] for name in rows} == {"quoted"}
    lines = told["sections"][0]["pictures"][0]["lines"]
    assert "quoted 12.5%:" in [one["name"]["en"] for one in lines]


def test_a_slip_in_a_lever_does_not_widen_its_support(tmp_path: Path) -> None:
    slip = replace(PANEL.rows[40], extras=(PANEL.rows[40].extras[0] * 10_000,))
    slipped = replace(PANEL, rows=(*PANEL.rows[:40], slip, *PANEL.rows[41:]))
    ran = CliRunner().invoke(scenarios, write(tmp_path, slipped, "bold: {interfaces: 9999}"))
    assert ran.exit_code == 1
    assert "LeverOutside" in ran.output
    assert (
        CliRunner().invoke(scenarios, write(tmp_path, slipped, "bold: {interfaces: 42}")).exit_code
        == 0
    )
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    levers_seen = next(s for s in told["sections"] if s["title"]["en"] == "Levers and sensitivity")
    highest = float(levers_seen["tables"][0]["rows"][0][6]["value"])
    assert highest == pytest.approx(
        max(r.extras[0] for r in PANEL.rows if r is not PANEL.rows[40]), abs=0.01
    )


def test_where_there_is_no_interval_none_is_written(tmp_path: Path) -> None:
    short = generate(replace(TRUTH, first=2016, periods=9))
    ran = CliRunner().invoke(scenarios, write(tmp_path, short, "bold: {interfaces: 20}"))
    assert ran.exit_code == 0, ran.output
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    for row in told["sections"][0]["tables"][0]["rows"]:
        assert row[1]["value"]
        assert row[2:4] == [None, None]


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ("bold: {interfaces: 9999}", "LeverOutside"),
        ("bold: {robots: 3}", "covariates are interfaces"),
        ("bold: [3]", "ScenarioInvalid"),
        ("bold: {interfaces: much}", "ScenarioInvalid"),
    ],
)
def test_a_plan_that_cannot_be_is_one_sentence(tmp_path: Path, plan: str, says: str) -> None:
    ran = CliRunner().invoke(scenarios, write(tmp_path, generate(replace(TRUTH, periods=7)), plan))
    assert ran.exit_code == 1
    assert says in ran.output
    assert isinstance(ran.exception, SystemExit)
