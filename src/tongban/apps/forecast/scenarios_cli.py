"""The command of scenarios: levers of a panel's schema, brought to marks that the data support."""

import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from tongban.infra.reports.model import plain

from . import reading, services
from .domain.panel import history
from .domain.running import TooShort
from .domain.scenarios import LeverUnknown, Outcome, ScenarioInvalid, moves, outcome, supports
from .report.scenarios import SCENARIOS, build

_PLAN = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {
        "type": ["object", "null"],
        "additionalProperties": {"type": "number"},
    },
}
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--schema", type=_FILE, required=True, help="Which column is what; with covariates.")
@click.option("--plan", type=_FILE, required=True, help="YAML: scenario → lever → mark.")
@click.option("--ahead", type=click.IntRange(2, 20), default=5, show_default=True)
@click.option("--accept", type=int, multiple=True, help="A line that the gate flags and is right.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("forecast-scenarios"),
    show_default=True,
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def scenarios(
    file: Path,
    schema: Path,
    plan: Path,
    ahead: int,
    accept: tuple[int, ...],
    out: Path,
    lang: str,
) -> None:
    """Forecast FILE, and say what moving its levers would change, where the data can (情景)."""
    if find_spec("pyfixest") is None:
        raise click.ClickException("install tongban[forecast] / 请安装 tongban[forecast]")
    levers: Any = importlib.import_module(f"{__package__}.models.levers")
    try:
        wanted = _plan(plan)
        panel = reading.read_panel(file, reading.read_schema(schema))
        columns = [one.column for one in panel.covariates]
        for name, marks in wanted.items():
            if unknown := sorted(set(marks) - set(columns)):
                raise LeverUnknown(
                    f"LeverUnknown: {plan.name}, {name}: {unknown[0]}; the schema's covariates are"
                    f" {', '.join(columns) or 'none'} / 没有这个杠杆"
                )
        result = services.forecast(panel, ahead=ahead, accepted=frozenset(accept))
        seen = history(result.panel, result.held_back)
        found = supports(seen, columns)
        effects = levers.lever_effects(seen, columns)
        known = {one.column: one for one in effects}
        outcomes: list[Outcome] = []
        for name, marks in {"base": {}, **wanted}.items():
            moved = [
                move
                for column, mark in marks.items()
                for move in moves(
                    seen, found[columns.index(column)], columns.index(column), mark, ahead
                )
            ]
            outcomes.append(outcome(result, seen, name, moved, known))
    except (reading.PanelUnreadable, TooShort, ScenarioInvalid, levers.NotIdentified) as error:
        raise click.ClickException(str(error)) from error
    report = build(result, outcomes, effects, found)
    written = services.put(report, out, lang)
    for one in outcomes:
        name = SCENARIOS.get(one.name, plain(one.name)).of(lang)
        click.echo(f"{name}: {one.path[-1].growth:+.3f}")
    for words in report.verdict:
        click.echo(words.of(lang))
    click.echo(str(written.page))


def _plan(path: Path) -> dict[str, dict[str, float]]:
    told = reading.read_yaml(path, _PLAN, ScenarioInvalid)
    return {name: dict(marks or {}) for name, marks in told.items()}
