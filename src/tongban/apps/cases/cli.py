"""Commands about cases, for operators: show one with its trail."""

import json

import click

from tongban.infra.trail import queries as trail

from . import queries
from .models import Case


@click.group()
def case() -> None:
    """Cases (办件)."""


@case.command()
@click.argument("number")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the view as JSON.")
def show(number: str, lang: str, *, as_json: bool) -> None:
    """Show a case: its branches, and every event of its chain."""
    try:
        view = queries.track(number, lang)
    except Case.DoesNotExist:
        raise click.ClickException(f"there is no case {number}") from None
    if as_json:
        click.echo(json.dumps(view, ensure_ascii=False, indent=2))
        return
    click.echo(f"{view['name']} {view['number']}")
    for branch in view["branches"]:
        click.echo(f"  {branch['state_words']:<8} {branch['name']} · {branch['department']}")
    click.echo("")
    for event in queries.timeline(number):
        name = event.type.removeprefix("tongban.").removesuffix(".v1")
        click.echo(
            f"{event.seq:>4} {event.recorded:%Y-%m-%d %H:%M:%S} {event.hash[:12]} {name:<32}"
            f" {event.item} {event.step}".rstrip()
        )
    broken = trail.verify(number)
    click.echo("")
    click.echo("chain verified / 链条校验通过" if broken is None else f"BROKEN: {broken.why}")
