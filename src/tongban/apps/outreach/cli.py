"""Commands of outreach: run a policy over the people it is for, and show what came of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import click
from django.db import OperationalError, ProgrammingError

from tongban.apps.exchange import queries as catalogue
from tongban.apps.exchange import services as exchange
from tongban.apps.items import queries as items
from tongban.kernel.facts import Words

from . import queries, services, story
from .domain import PeriodInvalid

_LANG = click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a story.")


_NOT_SET_UP = (
    items.NotPublished,
    catalogue.NoCatalogue,
    OperationalError,
    ProgrammingError,
)
_REFUSED = (
    PeriodInvalid,
    queries.NoSuchRun,
    services.PolicyIncomplete,
    exchange.NotGranted,
    exchange.StoreUnavailable,
)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what is refused into one sentence."""
    try:
        yield
    except _NOT_SET_UP as error:
        raise click.ClickException(
            f"{error}; first run: tongban setup, tongban sample / 请先运行 tongban setup 和 sample"
        ) from error
    except _REFUSED as error:
        raise click.ClickException(str(error)) from error


@click.group()
def outreach() -> None:
    """Policies that find people: whoever is entitled is paid without applying (免申即享)."""


@outreach.command()
@click.argument("policy")
@click.option("--period", default="", help="The month, like 2026-11 (default: this one).")
@_JSON
@_LANG
def run(policy: str, period: str, lang: str, *, as_json: bool) -> None:
    """Pay everybody who is entitled by POLICY, once a month; list exclusions and questions."""

    def progress(walked: int, ordered: int) -> None:
        click.echo(f"\r{walked:,} people, {ordered:,} orders …", nl=False, err=True)

    with _refusals():
        try:
            number = services.run(policy, period=period, progress=progress)
        finally:
            click.echo(err=True)
        found = queries.report(number)
    _print(found, lang, as_json=as_json)
    if found.problem:
        raise SystemExit(1)


@outreach.command()
@click.argument("number", metavar="RUN")
@click.option(
    "--list", "status", type=click.Choice(queries.STATUSES), help="List these people one by one."
)
@_JSON
@_LANG
def show(number: str, status: str | None, lang: str, *, as_json: bool) -> None:
    """Show what a run came to, or list the people of one status, masked."""
    with _refusals():
        found = queries.report(number)
    if status is None:
        _print(found, lang, as_json=as_json)
        return
    for chosen in (s for s in queries.STATUSES if s == status):
        people = queries.people(number, chosen)
        if as_json:
            for person in people:
                click.echo(json.dumps(story.as_line(person, lang), ensure_ascii=False))
        else:
            for line in story.lines(found, people, lang):
                click.echo(line)


@outreach.command()
@click.argument("number", metavar="RUN")
@click.option("--department", required=True, help="The department that is asked, like police.")
@_LANG
def people(number: str, department: str, lang: str) -> None:
    """List whom a department's questions of RUN are about, by identity number (L4: handle so)."""
    with _refusals():
        asked = services.identify(number, department)
    for person in asked:
        click.echo(f"{person.number}\t{person.question.of(lang)}")


def _print(found: queries.Report, lang: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(story.as_json(found, lang), ensure_ascii=False, indent=2))
        return
    for line in story.tell(found, _departments(), lang):
        click.echo(line)


def _departments() -> dict[str, Words]:
    return {key: department.name for key, department in catalogue.departments().items()}
