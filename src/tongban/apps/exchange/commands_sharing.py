"""Commands of sharing: ask for data, review, grant, refuse, end; see grants and requests.

Each acts as an official who is named by login, and is judged like a click of that official.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import click

from tongban.apps.exchange import files, grants, queries, requests
from tongban.apps.exchange.domain.requests import WORDS, Action, ActionRefused, State
from tongban.apps.exchange.models import Grant
from tongban.apps.parties.commanding import official
from tongban.infra import clock

_AS = click.option("--as", "login", required=True, help="The login of the official who acts.")
_NOTE = click.option("--note", default="", help="A remark; it is kept on the trail.")


@contextmanager
def _told() -> Iterator[None]:
    """Turn a refusal into one sentence in both languages."""
    try:
        yield
    except ActionRefused as refused:
        raise click.ClickException(f"{refused.zh} / {refused.en}") from refused
    except requests.RequestInvalid as wrong:
        lines = [f"{name}: {zh} / {en}" for name, (zh, en) in wrong.fields.items()]
        raise click.ClickException("\n".join(lines)) from wrong
    except (
        requests.RequestUnknown,
        requests.RequestMoved,
        grants.GrantUnknown,
        queries.NoCatalogue,
    ) as error:
        raise click.ClickException(str(error)) from error


@click.command()
@click.argument("service")
@click.option("--field", "fields", multiple=True, required=True, help="An item; may be repeated.")
@click.option("--item", required=True, help="The service item it is for.")
@click.option("--basis", type=click.Choice(["statutory", "consent"]), default="statutory")
@click.option("--law", required=True, help="The legal basis.")
@click.option("--reason", required=True, help="Why it is needed.")
@click.option("--department", required=True, help="The asking department.")
@click.option("--system", default="tongban", show_default=True, help="Its system.")
@click.option("--bulk", is_flag=True, help="Walk the whole register.")
@click.option("--flow-back", is_flag=True, help="Return of what we delivered upward (回流).")
@click.option("--where", multiple=True, help="Only records with NAME=VALUE; may be repeated.")
@_AS
def request(
    service: str,
    fields: tuple[str, ...],
    item: str,
    basis: str,
    law: str,
    reason: str,
    department: str,
    system: str,
    where: tuple[str, ...],
    login: str,
    *,
    bulk: bool,
    flow_back: bool,
) -> None:
    """Ask for items of the resource SERVICE (共享申请)."""
    rows: dict[str, list[str]] = {}
    for condition in where:
        name, equals, value = condition.partition("=")
        if not equals:
            raise click.ClickException(f"--where {condition!r}: write NAME=VALUE")
        rows.setdefault(name, []).append(value)
    new = requests.NewRequest(
        service,
        fields,
        item,
        basis,
        law,
        reason,
        department,
        system,
        rows,
        bulk,
        flow_back=flow_back,
    )
    subject = official(login)
    with _told():
        number = requests.ask(subject, new)
        _show(State(requests.look(subject, number).state), number)


def _show(state: State, number: str) -> None:
    words = WORDS[state]
    click.echo(f"{number}  {words.zh} / {words.en}")


@click.command()
@click.argument("number")
@_AS
@_NOTE
def review(number: str, login: str, note: str) -> None:
    """Review the request NUMBER and pass it on to the provider (审核)."""
    subject = official(login)
    with _told():
        if requests.look(subject, number).state == State.SUBMITTED:
            requests.act(subject, number, Action.TAKE)
        _show(requests.act(subject, number, Action.FORWARD, note=note), number)


@click.command()
@click.argument("number")
@_AS
@_NOTE
def grant(number: str, login: str, note: str) -> None:
    """Grant the request NUMBER (同意共享)."""
    with _told():
        _show(requests.act(official(login), number, Action.GRANT, note=note), number)


@click.command()
@click.argument("number")
@click.option("--ground", required=True, help="The legal ground, by its name in exchange.yaml.")
@_AS
@_NOTE
def refuse(number: str, ground: str, login: str, note: str) -> None:
    """Refuse the request NUMBER on a legal ground (不予共享)."""
    with _told():
        state = requests.act(official(login), number, Action.REFUSE, ground=ground, note=note)
        _show(state, number)


@click.command()
@click.argument("grant_id")
@click.option("--reason", required=True, help="Why; it is kept on the trail.")
@_AS
def end(grant_id: str, reason: str, login: str) -> None:
    """End the grant GRANT_ID now, on every node within seconds (终止授权)."""
    subject = official(login)
    with _told():
        grants.end(grant_id, subject.user_id, reason, subject)
    click.echo(f"{grant_id} ended / 已终止")


@click.command("grants")
@click.option("--client", default="", help="Only grants to this client.")
@click.option("--resource", default="", help="Only grants of this resource.")
def list_grants(client: str, resource: str) -> None:
    """List the grants in force (有效授权)."""
    rows = Grant.objects.filter(ended=None, until__gt=clock.now()).order_by("pk")
    rows = rows.filter(client__contains=client) if client else rows
    rows = rows.filter(service__endswith=f"/{resource}") if resource else rows
    for row in rows:
        marks = "".join(
            mark for on, mark in ((row.bulk, " bulk"), (row.flow_back, " flow-back")) if on
        )
        click.echo(
            f"{row.ref or f'g{row.pk}'}  {row.client} → {row.service}  {','.join(row.fields)}  "
            f"{row.purpose_id}{marks}"
        )


@click.command("requests")
@_AS
def list_requests(login: str) -> None:
    """List the requests that concern an official, with the clock of each (共享申请清单)."""
    subject = official(login)
    with _told():
        for row in requests.requests_of(subject):
            stands = requests.how_late(row, queries.catalogue())
            words = WORDS[row.state]
            acts = ",".join(action.value for action in requests.actions_of(subject, row))
            clock_words = f"  {stands.zh} / {stands.en}" if stands else ""
            click.echo(
                f"{row.number}  {row.service.rpartition('/')[2]}  {words.zh} / {words.en}"
                f"{clock_words}{f'  [{acts}]' if acts else ''}"
            )


@click.command("file")
@click.argument("number")
@click.option("--kind", type=click.Choice(["person", "company"]), default="person")
@click.option("--purpose", default="", help="A registered statutory purpose; own file: none.")
@click.option("--reason", default="", help="Why; the person can read it.")
@_AS
def open_file(
    number: str, kind: Literal["person", "company"], purpose: str, reason: str, login: str
) -> None:
    """Read the file of a person or company by its NUMBER; the look is told (一人一档、一企一档)."""
    try:
        with _told():
            found = files.open_file(kind, number, official(login), purpose=purpose, reason=reason)
    except files.FileInvalid as wrong:
        raise click.ClickException(f"{wrong.zh} / {wrong.en}") from wrong
    for section in found.sections:
        click.echo(f"{section.library or '-'}  {section.resource}  {section.status}")
        for name, value in section.values.items():
            click.echo(f"   {name}: {'-' if value is None else value}")
