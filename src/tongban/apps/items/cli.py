"""Commands about items, for authors of region packs: check before publishing, and look after.

Each is a thin cover of a check or a query; nothing here publishes (that is ``tongban setup``).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from django.conf import settings
from django.db import OperationalError, ProgrammingError

from tongban.infra.packs import PackInvalid, find_packs, read_packs

from . import queries, story
from .checking import check_packs
from .translations_cli import translations

_LANG = click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)


@click.group()
def items() -> None:
    """Service items and life events (事项与一件事)."""


items.add_command(translations)


@contextmanager
def _published(lang: str) -> Iterator[None]:
    """Turn what is not there into one sentence."""
    try:
        yield
    except queries.NotPublished as error:
        raise click.ClickException(f"{getattr(error, lang)}; tongban items list") from error
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(
            f"{error}; run tongban setup / 请先运行 tongban setup"
        ) from error


@items.command("list")
@_LANG
def list_(lang: story.Lang) -> None:
    """List what is published: life events with their items, then the other items."""
    with _published(lang):
        joined: set[str] = set()
        for event in map(queries.life_event, queries.life_events()):
            click.echo(f"{event.slug}  {event.name.of(lang)}  v{event.version}")
            for branch in event.branches:
                joined.add(branch.item)
                definition = queries.item(branch.item, branch.version)
                click.echo(f"   {branch.item}  {definition.name.of(lang)}  v{branch.version}")
        for slug in queries.items():
            if slug not in joined:
                definition = queries.item(slug)
                click.echo(f"{slug}  {definition.name.of(lang)}  v{definition.version}")


@items.command()
@click.argument(
    "folders",
    nargs=-1,
    required=True,
    metavar="FOLDER…",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@_LANG
@click.option("--json", "as_json", is_flag=True, help="Print the problems as one JSON list.")
def check(folders: tuple[Path, ...], lang: story.Lang, *, as_json: bool) -> None:
    """Check the packs in FOLDER… with those installed; publish nothing, tell every problem.

    Each problem ends in its code, which is the same in both languages.
    """
    known = {folder.resolve(): folder for folder in find_packs(settings.PACKS)}
    for folder in folders:
        if not (folder / "pack.yaml").is_file():
            raise click.ClickException(f"{folder} holds no pack.yaml; name the folder of a pack")
        known.setdefault(folder.resolve(), folder)
    try:
        checked = check_packs(read_packs(list(known.values())))
    except PackInvalid as error:
        if as_json:
            click.echo(json.dumps([one.as_json() for one in error.problems], ensure_ascii=False))
        for one in () if as_json else error.problems:
            click.echo(f"{one.file}:{one.line}: {one.told(lang)} [{one.code}]", err=True)
        raise click.ClickException(f"{len(error.problems)} to mend / 处待改正") from error
    if as_json:
        click.echo("[]")
        return
    click.echo(f"{len(checked.definitions)} definitions hold together / 定义检查通过")


@items.command()
@click.argument("life_event")
@_LANG
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def plan(life_event: str, lang: story.Lang, *, as_json: bool) -> None:
    """Show the data plan of LIFE_EVENT: asked, fetched and why, known, documents, consent."""
    with _published(lang):
        event = queries.life_event(life_event)
        definitions = {b.item: queries.item(b.item, b.version) for b in event.branches}
        told = story.plan_as_json(event, definitions, lang)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(story.tell_plan(told, lang)))


@items.command()
@click.argument("item")
@_LANG
def show(item: str, lang: story.Lang) -> None:
    """Show ITEM: who decides, promised days, legal basis, and its rules as sentences."""
    with _published(lang):
        lines = list(story.tell_item(queries.item(item), queries.labels(lang), lang))
    click.echo("\n".join(lines))


@items.command()
@click.argument("slug")
@_LANG
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def impact(slug: str, lang: story.Lang, *, as_json: bool) -> None:
    """Print the privacy impact of the item SLUG: what it reads, why, and what is granted beyond."""
    with _published(lang):
        found = queries.impact(slug)
        labels = queries.labels(lang)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(story.tell_impact(found, labels, lang)))
    if found.too_much:
        raise SystemExit(1)
