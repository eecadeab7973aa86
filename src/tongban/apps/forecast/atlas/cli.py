"""The command of the atlas: what is quoted, whether it can hold, and what is measured here."""

from pathlib import Path

import click

from tongban.apps.forecast import services
from tongban.infra import clock

from . import measuring
from .reading import AtlasInvalid, read
from .report import build

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("atlas"),
    show_default=True,
    help="The folder of the report (输出目录).",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder of your own with more figures, cases and checks (自有数据目录).",
)
@click.option("--bench", type=_FILE, help="Results of `make bench`: latest.json (基准结果).")
def atlas(out: Path, lang: str, data: Path | None, bench: Path | None) -> None:
    """Show quoted figures, what contradicts what, and what is measured here (指标图谱)."""
    try:
        told = read(data)
        benches = measuring.bench(bench) if bench else {}
    except AtlasInvalid as wrong:
        raise click.ClickException(str(wrong)) from None
    try:
        counts = measuring.platform()
        measuring.keep(counts)
    except measuring.NoPlatform as none:
        counts = {}
        click.echo(str(none), err=True)
    measured = measuring.beside(told, counts, benches)
    written = services.put(build(told, measured, clock.today()), out, lang)
    for one in told.checks:
        if not one.holds:
            click.echo(f"✗ {one.en if lang == 'en' else one.zh}")
    click.echo(str(written.page))
