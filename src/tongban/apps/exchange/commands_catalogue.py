"""``tongban catalogue``: search, spreadsheets, export, harvest, the eight base libraries.

For the operator on the machine; officials use the pages or the API.
"""

import json
import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import click

from tongban.apps.exchange import queries as exchange
from tongban.apps.exchange.catalogue import (
    errors,
    exporting,
    fetching,
    graphs,
    harvesting,
    libraries,
    queries,
    services,
    sheets,
)
from tongban.apps.exchange.domain import records

_ACTOR = "command line"
_LANGUAGE = click.Choice(["zh", "en"])


@click.group()
def catalogue() -> None:
    """The catalogue of data resources (政务信息资源目录)."""


@catalogue.command()
@click.argument("text", default="")
@click.option("--department", default="", help="Key or credit code.")
@click.option("--sharing", default="", type=click.Choice(["", *records.SHARING]))
@click.option("--library", "base_library", default="", type=click.Choice(["", *records.LIBRARIES]))
@click.option("--level", default="", type=click.Choice(["", *records.LEVELS]))
@click.option("--state", default="published", type=click.Choice(list(records.STATES)))
@click.option("--page", default=1, type=click.IntRange(1))
@click.option("--lang", type=_LANGUAGE, default="zh", show_default=True)
def search(text: str, page: int, lang: str, **filters: str) -> None:
    """Search for TEXT; without it, list the latest."""
    try:
        found = queries.search(text, filters, page)
    except errors.SearchInvalid as error:
        raise click.ClickException(getattr(error, lang)) from error
    for hit in found.hits:
        entry = hit.resource.entry
        name = entry.name.of(lang) or entry.name.zh
        owner = entry.department.name.of(lang) or entry.department.name.zh
        click.echo(f"{entry.slug}  {name}  {owner}  {records.SHARING[entry.sharing].of(lang)}")
    click.echo(f"{'>' if found.more else ''}{found.total}", err=True)


@catalogue.command()
@click.argument("slug")
def show(slug: str) -> None:
    """Show the resource SLUG as JSON."""
    try:
        found = queries.get(slug)
    except errors.ResourceUnknown as error:
        raise click.ClickException(f"{error.zh} / {error.en}") from error
    click.echo(json.dumps(exporting.record(found), ensure_ascii=False, indent=2))


@catalogue.command()
@click.option("-o", "path", required=True, type=click.Path(path_type=Path, dir_okay=False))
def template(path: Path) -> None:
    """Write an empty spreadsheet to be filled in."""
    sheets.dump(path)
    click.echo(f"{path}: fill in both sheets, then tongban catalogue load {path}")


@catalogue.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--publish", is_flag=True, help="Publish at once; else they are drafts.")
def load(path: Path, *, publish: bool) -> None:
    """Register everything in the spreadsheet PATH, or nothing where a cell is wrong."""
    try:
        entries = sheets.load(path, exchange.departments())
        changed = services.register_all(entries, actor=_ACTOR, publish=publish)
    except sheets.SheetInvalid as error:
        raise click.ClickException(f"{path}:\n{error}") from error
    except (errors.CatalogueError, exchange.NoCatalogue) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(entries)} read, {len(changed)} registered or changed / 已登记")


@catalogue.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["dcat", "xlsx", "json"]),
    default="dcat",
    show_default=True,
)
@click.option("-o", "path", type=click.Path(path_type=Path, dir_okay=False))
def export(form: str, path: Path | None) -> None:
    """Write all that is published: DCAT-AP 3 (JSON-LD), a spreadsheet, or plain JSON."""
    try:
        if form == "xlsx":
            if path is None:
                raise click.UsageError("a spreadsheet needs a file: -o catalogue.xlsx")
            sheets.dump(path, chain.from_iterable(queries.pages(exporting.PAGE)))
        else:
            _write(exporting.jsonld() if form == "dcat" else exporting.plain_json(), path)
    except exchange.NoCatalogue as error:
        raise click.ClickException(str(error)) from error


def _write(pieces: Iterable[str], path: Path | None) -> None:
    if path is None:
        sys.stdout.writelines(pieces)
        return
    with path.open("w", encoding="utf-8") as file:
        file.writelines(pieces)


@catalogue.command()
@click.argument("source", default="")
@click.option("--name", default="", help="What the peer is called here (default: its host).")
def harvest(source: str, name: str) -> None:
    """Take in the catalogue at SOURCE, an address or a file; without it, all known peers."""
    if not source:
        for done in harvesting.harvest_all(_ACTOR):
            click.echo(f"{done.peer}: {done}")
        return
    name = name or urlsplit(source).netloc.replace(":", "-") or Path(source).stem
    try:
        done = harvesting.harvest(source, name, actor=_ACTOR)
    except (
        fetching.FetchRefused,
        fetching.Unreachable,
        graphs.DocumentRefused,
        exchange.NoCatalogue,
        OSError,
    ) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name}: {done}")
    for told in done.refused:
        click.echo(f"  {told}", err=True)


@catalogue.command("libraries")
@click.option("--lang", type=_LANGUAGE, default="zh", show_default=True)
@click.option("--json", "as_json", is_flag=True)
def base_libraries(lang: str, *, as_json: bool) -> None:
    """Show the eight base libraries (八大基础库): owners, freshness, gaps."""
    try:
        views = libraries.views()
    except exchange.NoCatalogue as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        plain = [libraries.plain(view) for view in views]
        click.echo(json.dumps(plain, ensure_ascii=False, indent=2))
        return
    for view in views:
        owners = "、".join(owner.name.of(lang) or owner.name.zh for owner in view.owners) or "—"
        click.echo(_LINE[lang].format(view.name.of(lang), view.resources, view.items, owners))
        click.echo(_STATE[lang].format(view.fresh, len(view.overdue), view.unknown, len(view.gaps)))
        for gap in view.gaps:
            click.echo(f"      - {gap}")


_LINE = {
    "zh": "{0}：{1}个资源，{2}个信息项；数源部门：{3}",
    "en": "{0}: {1} resources, {2} items; lead departments: {3}",
}
_STATE = {
    "zh": "    按期更新{0}，逾期{1}，未知{2}；缺口{3}项",
    "en": "    fresh {0}, overdue {1}, unknown {2}; gaps {3}",
}
