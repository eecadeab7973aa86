"""``tongban packs``: region packs (区域包) as archives: export, check, import as a draft.

What writes acts as an official who is named by login, and is judged like a click of that official.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import click

from tongban.apps.parties.commanding import official
from tongban.infra.packs import PackInvalid

from .workshop import archives, queries
from .workshop.errors import WorkshopError

_FILE = click.argument(
    "file", metavar="FILE.zip", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)


@contextmanager
def _told() -> Iterator[None]:
    """Turn a refusal into one sentence in both languages."""
    try:
        yield
    except WorkshopError as refused:
        raise click.ClickException(f"{refused.en} / {refused.zh}") from refused


@click.group()
def packs() -> None:
    """Region packs as archives (区域包): export, check, import as a draft."""


@packs.command()
@click.argument("region")
@click.argument("file", metavar="FILE.zip", type=click.Path(dir_okay=False, path_type=Path))
def export(region: str, file: Path) -> None:
    """Write the pack REGION as it is in force to FILE.zip; the same pack gives the same bytes."""
    with _told():
        file.write_bytes(archives.exported(region))
    click.echo(f"{file}")


@packs.command("import")
@_FILE
@click.option("--as-draft", "title", required=True, help="The title of the draft / 草稿标题.")
@click.option("--as", "login", required=True, help="The login of the publisher who acts.")
def import_(file: Path, title: str, login: str) -> None:
    """Make a draft of what FILE.zip has differently; print its number and how many files."""
    with _told():
        number, files = archives.imported(official(login), file.read_bytes(), title)
    click.echo(f"{number}  {files} files / 个文件")


@packs.command()
@_FILE
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the problems as one JSON list.")
def check(file: Path, lang: Literal["zh", "en"], *, as_json: bool) -> None:
    """Check the pack in FILE.zip with those in force; keep nothing, tell every problem."""
    with _told():
        try:
            found = queries.judged(archives.overlaid(file.read_bytes()))
        except PackInvalid as wrong:
            found = wrong.problems
    if as_json:
        click.echo(json.dumps([one.as_json() for one in found], ensure_ascii=False))
    for one in () if as_json else found:
        click.echo(f"{one.file}:{one.line}: {one.told(lang)} [{one.code}]", err=True)
    if found:
        raise click.ClickException(f"{len(found)} to mend / 处待改正")
    if not as_json:
        click.echo("the pack holds together / 区域包检查通过")
