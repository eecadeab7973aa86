"""The command that proves the structural estimators on generated data."""

import importlib
from importlib.util import find_spec
from pathlib import Path

import click

from tongban.infra import clock

from . import services


@click.command()
@click.option("--runs", type=click.IntRange(10, 10_000), default=100, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("forecast-proof"),
    show_default=True,
    help="The folder of the report (输出目录).",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def prove(runs: int, seed: int, out: Path, lang: str) -> None:
    """Show that each estimator finds what was put in, and at what noise it cannot (自证)."""
    if find_spec("numpy") is None:
        raise click.ClickException(
            "the estimators need numpy: pip install 'tongban[forecast]' / 需安装 tongban[forecast]"
        )
    proofs = importlib.import_module(f"{__package__}.domain.structure.proving").prove(runs, seed)
    report = importlib.import_module(f"{__package__}.report.proving")
    for one in proofs:
        sign = " " if one.recovers else "✗"
        click.echo(
            f"{sign} {one.noise:4g} {one.truth:6.3f} {one.median:7.3f} {one.bias:+7.3f}"
            f" {one.covered:6.1%} {one.power:6.1%}  {report.NAMES[one.estimator].of(lang)}"
        )
    click.echo(str(services.put(report.build(proofs, clock.today(), seed), out, lang).page))
