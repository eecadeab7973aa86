"""Scenarios: what was put in comes out, and what the data cannot say is refused."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from tongban.apps.forecast.domain.generator import Truth, generate
from tongban.apps.forecast.domain.panel import Panel, history
from tongban.apps.forecast.domain.running import run
from tongban.apps.forecast.domain.scenarios import (
    Effect,
    LeverOutside,
    moves,
    outcome,
    supports,
)
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
    # four steps ahead was not checked often enough for any width
    assert math.isinf(base.path[3].width)


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
    assert "quoted 12.5 %" in (tmp_path / "out" / "report.html").read_text()


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
