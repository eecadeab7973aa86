"""Commands of forecasting: a panel in, a report out. No platform and no database is needed."""

from pathlib import Path

import click

from tongban.kernel.figures import UNITS

from . import reading, services
from .domain.panel import Measure
from .domain.running import Result, TooShort
from .report.building import NAMES, build

LANG = click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
AHEAD = click.option(
    "--ahead", type=click.IntRange(1, 20), default=5, show_default=True, help="Periods ahead."
)
OUT = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("forecast-report"),
    show_default=True,
    help="The folder of the report: report.html, report.json, report.xlsx.",
)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--schema", type=_FILE, help="Which column is what, in YAML or JSON.")
@click.option("--target", help="The column to forecast, where there is no schema.")
@click.option("--unit", type=click.Choice(list(UNITS)), help="Its unit, likewise.")
@click.option("--accept", type=int, multiple=True, help="A line that the gate flags and is right.")
@AHEAD
@OUT
@LANG
def panel(
    file: Path,
    schema: Path | None,
    target: str | None,
    unit: str | None,
    accept: tuple[int, ...],
    ahead: int,
    out: Path,
    lang: str,
) -> None:
    """Forecast the panel in FILE (long CSV or Parquet: region, period, value)."""
    if schema is not None and (target, unit) != (None, None):
        raise click.UsageError("the schema names target and unit: leave out --target and --unit")
    try:
        told = (
            reading.Schema(Measure(target or "value", unit or "number"))
            if schema is None
            else reading.read_schema(schema)
        )
        found = reading.read_panel(file, told)
        result = services.forecast(found, ahead=ahead, accepted=frozenset(accept))
    except (reading.PanelUnreadable, TooShort) as error:
        raise click.ClickException(str(error)) from error
    tell(result, out, lang)


def tell(result: Result, out: Path, lang: str) -> Path:
    """Write the report, say what came of the ladder, and give where the page lies."""
    report = build(result)
    written = services.put(report, out, lang)
    for one in result.scores:
        mark = "→" if one.rung == result.winner else " "
        click.echo(f"{mark} {one.mape:7.2f} %  {NAMES[one.rung].of(lang)}")
    for words in report.verdict:
        click.echo(words.of(lang))
    click.echo(str(written.page))
    return written.page
