"""The command of the atlas: what is quoted, whether it can hold, and what is measured here."""

from pathlib import Path

import click
from django.conf import settings

from tongban.apps.forecast import services
from tongban.infra import clock

from . import measuring, reading
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
    help="A folder of your own with more figures, cases and checks, as TONGBAN_ATLAS (自有目录).",
)
@click.option("--bench", type=_FILE, help="Results of `make bench`: latest.json (基准结果).")
@click.option(
    "--report",
    "made",
    type=_FILE,
    multiple=True,
    help="A report.json of tongban value or tongban forecast, made here; may be repeated (报告).",
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the data files (数据模式).")
def atlas(
    out: Path,
    lang: str,
    data: Path | None,
    bench: Path | None,
    made: tuple[Path, ...],
    *,
    schema: bool,
) -> None:
    """Show quoted figures, what contradicts what, and what is measured here (指标图谱)."""
    if schema:
        click.echo(reading.schema(), nl=False)
        return
    try:
        told = read(data or settings.ATLAS)
        benches = measuring.bench(bench) if bench else {}
        reports = measuring.reports(made)
    except AtlasInvalid as wrong:
        raise click.ClickException(str(wrong)) from None
    try:
        counts = measuring.platform()
        measuring.keep(counts)
        measuring.add(told, "report", reports)
        measuring.add(told, "bench", benches)
    except measuring.NoPlatform as none:
        counts = {}
        click.echo(str(none), err=True)
    measured = measuring.beside(told, counts, benches, reports)
    written = services.put(build(told, measured, clock.today()), out, lang)
    for one in told.checks:
        if not one.holds:
            click.echo(f"✗ {one.en if lang == 'en' else one.zh}")
    click.echo(str(written.page))
