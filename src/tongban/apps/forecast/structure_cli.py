"""The command of structure: questions to a panel, answered where the data can tell (结构识别)."""

import importlib
import shlex
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tongban.infra.reports.model import Report

from . import reading, services
from .domain.gate import gated
from .domain.panel import Panel, PeriodUnreadable, history, label, parse_period

if TYPE_CHECKING:
    from .domain.structure.asking import Plan

_COLUMN = {"type": "string", "minLength": 1}
_STEPS = {"type": "integer", "minimum": 1, "maximum": 120}


def _list(**fields: dict[str, Any]) -> dict[str, Any]:
    one = {"type": "object", "additionalProperties": False, "required": list(fields)}
    return {"type": "array", "minItems": 1, "items": {**one, "properties": fields}}


_PLAN = {
    "type": "object",
    "additionalProperties": False,
    "anyOf": [{"required": [one]} for one in ("lags", "threshold", "window", "discount")],
    "properties": {
        "target": {"enum": ["growth", "level"]},
        "changes": {"type": "array", "items": _COLUMN},
        "lags": _list(input=_COLUMN, lags=_STEPS, degree={"type": "integer", "minimum": 0}),
        "threshold": _list(input=_COLUMN, by=_COLUMN),
        "window": _list(
            exposure=_COLUMN, **{"from": {"type": ["string", "integer"]}}, length=_STEPS
        ),
        "discount": _list(hardware=_COLUMN, rest=_COLUMN),
    },
}
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class PlanInvalid(ValueError):
    """A plan that asks what this panel does not have; says where and what it has."""


@click.command()
@click.argument("file", type=_FILE, required=False)
@click.option("--schema", type=_FILE, help="Which column is what; with covariates (数据说明).")
@click.option("--plan", type=_FILE, help="What is asked, in YAML (要回答的问题).")
@click.option("--accept", type=int, multiple=True, help="A line that the gate flags and is right.")
@click.option("--seed", type=click.IntRange(0), default=3, show_default=True)
@click.option(
    "--example",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write invented data whose answers are known into this folder instead (样例).",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("forecast-structure"),
    show_default=True,
    help="The folder of the report (输出目录).",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def structure(
    file: Path | None,
    schema: Path | None,
    plan: Path | None,
    accept: tuple[int, ...],
    seed: int,
    example: Path | None,
    out: Path,
    lang: str,
) -> None:
    """Ask FILE for lags, thresholds, windows and discounts, where the data can tell (结构)."""
    if find_spec("numpy") is None:
        raise click.ClickException(
            "the estimators need numpy: pip install 'tongban[forecast]' / 需安装 tongban[forecast]"
        )
    if example is not None:
        click.echo(write_example(example, seed))
        return
    if file is None or schema is None or plan is None:
        raise click.UsageError("give FILE, --schema and --plan, or --example FOLDER")
    report = made(file, schema, plan, accept, seed)
    for words in report.verdict:
        click.echo(words.of(lang))
    click.echo(str(services.put(report, out, lang).page))


def made(file: Path, schema: Path, plan: Path, accept: tuple[int, ...], seed: int) -> Report:
    """Make the report of a plan's answers. Raise click.ClickException, in a sentence."""
    asking: Any = importlib.import_module(f"{__package__}.domain.structure.asking")
    report: Any = importlib.import_module(f"{__package__}.report.structure")
    try:
        panel = reading.read_panel(file, reading.read_schema(schema))
        asked = read_plan(plan, panel)
    except (reading.PanelUnreadable, PlanInvalid) as error:
        raise click.ClickException(str(error)) from error
    gate = gated(panel, frozenset(accept))
    columns = [one.column for one in panel.covariates]
    found = asking.answers(history(gate.panel, gate.held_back), columns, asked, seed)
    told: Report = report.build(gate, asked, found)
    return told


def read_plan(path: Path, panel: Panel) -> "Plan":
    """Read what is asked of a panel. Raise PlanInvalid, NotText."""
    told = reading.read_yaml(path, _PLAN, PlanInvalid)
    asking: Any = importlib.import_module(f"{__package__}.domain.structure.asking")
    columns = [one.column for one in panel.covariates]

    def known(column: str) -> str:
        if column not in columns:
            raise PlanInvalid(
                f"PlanInvalid: {path.name}: {column!r} is no covariate; the schema's are"
                f" {', '.join(columns) or 'none'} / 没有这一列"
            )
        return column

    def lags(one: Mapping[str, Any]) -> Any:
        if one["degree"] > one["lags"]:
            raise PlanInvalid(
                f"PlanInvalid: {path.name}: degree {one['degree']} is more than {one['lags']} lags"
                " can have / 多项式次数不得超过滞后期数"
            )
        return asking.LagsAsked(known(one["input"]), one["lags"], one["degree"])

    def window(one: Mapping[str, Any]) -> Any:
        start = _start(str(one["from"]), path.name, panel)
        return asking.WindowAsked(known(one["exposure"]), start, one["length"])

    def threshold(one: Mapping[str, Any]) -> Any:
        return asking.ThresholdAsked(known(one["input"]), known(one["by"]))

    def discount(one: Mapping[str, Any]) -> Any:
        return asking.DiscountAsked(known(one["hardware"]), known(one["rest"]))

    kinds = {"lags": lags, "threshold": threshold, "window": window, "discount": discount}
    questions = tuple(make(one) for kind, make in kinds.items() for one in told.get(kind, ()))
    changes = frozenset(known(one) for one in told.get("changes", ()))
    plan: Plan = asking.Plan(questions, told.get("target") != "level", changes)
    return plan


def _start(text: str, name: str, panel: Panel) -> int:
    first, last = (label(one, panel.frequency) for one in (panel.periods[0], panel.periods[-1]))
    try:
        period, frequency = parse_period(text)
    except PeriodUnreadable as error:
        raise PlanInvalid(f"{error}: {name}, window") from error
    if frequency != panel.frequency or period not in panel.periods[1:]:
        raise PlanInvalid(
            f"PlanInvalid: {name}: a window from {text} does not lie after the first period of"
            f" {first} … {last} / 窗口须在首期之后"
        )
    return period


def write_example(folder: Path, seed: int) -> str:
    """Write the example into a folder, and give the command that it is for."""
    example: Any = importlib.import_module(f"{__package__}.domain.structure.example")
    services.put_files(example.files(seed), folder)
    names = ("panel.csv", "schema.yaml", "plan.yaml")
    panel, schema, plan = (shlex.quote(str(folder / name)) for name in names)
    return f"tongban forecast structure {panel} --schema {schema} --plan {plan}"
