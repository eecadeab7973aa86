"""The command of scenarios: levers of a panel's schema, brought to marks that the data support."""

import importlib
import re
import shlex
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from tongban.infra.reports.model import Report, plain

from . import reading, services
from .domain import scenario_example
from .domain.panel import Panel, history
from .domain.running import TooShort
from .domain.scenarios import (
    LeverUnknown,
    Outcome,
    ScenarioInvalid,
    moves,
    outcome,
    steps_to,
    supports,
)
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
_YEARS = re.compile(r"(\d{4})(?:[-–](\d{4}))?")
AHEAD = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What scenarios are asked of: files, the years or steps ahead, and lines that are right."""

    file: Path
    schema: Path
    plan: Path
    years: tuple[int, int] | None = None
    ahead: int = AHEAD
    accept: tuple[int, ...] = ()


def _years(
    context: click.Context,  # noqa: ARG001
    option: click.Parameter,  # noqa: ARG001
    text: str | None,
) -> tuple[int, int] | None:
    if text is None:
        return None
    found = _YEARS.fullmatch(text.strip())
    if found is None:
        raise click.BadParameter("write 2026-2030 / 请写作 2026-2030")
    return int(found[1]), int(found[2] or found[1])


@click.command()
@click.argument("file", type=_FILE, required=False)
@click.option("--schema", type=_FILE, help="Which column is what; with covariates (数据说明).")
@click.option("--plan", type=_FILE, help="YAML: scenario → lever → mark (情景).")
@click.option(
    "--years",
    callback=_years,
    help="The years that are asked for, as 2026-2030, wherever the panel ends (年份).",
)
@click.option("--ahead", type=click.IntRange(2, 20), help=f"Or steps ahead: {AHEAD}, if neither.")
@click.option("--accept", type=int, multiple=True, help="A line that the gate flags and is right.")
@click.option(
    "--example",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write an invented panel, its schema and a plan into this folder instead (样例).",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("forecast-scenarios"),
    show_default=True,
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def scenarios(
    file: Path | None,
    schema: Path | None,
    plan: Path | None,
    years: tuple[int, int] | None,
    ahead: int | None,
    accept: tuple[int, ...],
    example: Path | None,
    out: Path,
    lang: str,
) -> None:
    """Forecast FILE, and say what moving its levers would change, where the data can (情景)."""
    if example is not None:
        click.echo(write_example(example))
        return
    if file is None or schema is None or plan is None:
        raise click.UsageError("give FILE, --schema and --plan, or --example FOLDER")
    if years is not None and ahead is not None:
        raise click.UsageError("--years or --ahead, not both / 二者只取其一")
    report, outcomes = made(Asked(file, schema, plan, years, ahead or AHEAD, accept))
    written = services.put(report, out, lang)
    for one in outcomes:
        name = SCENARIOS.get(one.name, plain(one.name)).of(lang)
        click.echo(f"{name}: {one.path[-1].growth:+.3f}")
    for words in report.verdict:
        click.echo(words.of(lang))
    click.echo(str(written.page))


def made(asked: Asked) -> tuple[Report, list[Outcome]]:
    """Make the report of scenarios. Raise click.ClickException, in a sentence."""
    if find_spec("pyfixest") is None:
        raise click.ClickException("install tongban[forecast] / 请安装 tongban[forecast]")
    levers: Any = importlib.import_module(f"{__package__}.models.levers")
    try:
        panel = reading.read_panel(asked.file, reading.read_schema(asked.schema))
        wanted = _plan(asked.plan, panel)
        columns = [one.column for one in panel.covariates]
        ahead = asked.ahead if asked.years is None else steps_to(panel, *asked.years)
        result = services.forecast(panel, ahead=ahead, accepted=frozenset(asked.accept))
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
    return build(result, outcomes, effects, found), outcomes


def _plan(path: Path, panel: Panel) -> dict[str, dict[str, float]]:
    columns = [one.column for one in panel.covariates]
    told = reading.read_yaml(path, _PLAN, ScenarioInvalid)
    wanted = {name: dict(marks or {}) for name, marks in told.items()}
    for name, marks in wanted.items():
        if unknown := sorted(set(marks) - set(columns)):
            raise LeverUnknown(
                f"LeverUnknown: {path.name}, {name}: {unknown[0]}; the schema's covariates are"
                f" {', '.join(columns) or 'none'} / 没有这个杠杆"
            )
    return wanted


def write_example(folder: Path) -> str:
    """Write the example into a folder, and give the command that it is for."""
    services.put_files(scenario_example.files(), folder)
    names = ("panel.csv", "schema.yaml", "plan.yaml")
    panel, schema, plan = (shlex.quote(str(folder / name)) for name in names)
    years = "-".join(map(str, scenario_example.YEARS))
    return f"tongban forecast scenarios {panel} --schema {schema} --plan {plan} --years {years}"
