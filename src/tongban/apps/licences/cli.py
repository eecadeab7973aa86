"""``tongban licence``: list, show, verify, revoke licences, and write their faces.

``revoke`` acts as an official who is named by login, and is judged like a click of that official.
"""

import json
from pathlib import Path
from typing import IO

import click

from tongban.apps.parties import queries as parties
from tongban.infra.access.domain import COMMAND
from tongban.infra.access.models import User
from tongban.infra.clock import SHANGHAI
from tongban.infra.secrecy.fields import holding
from tongban.kernel.sdjwt import Binding
from tongban.kernel.sdjwt.strict import LONGEST

from . import facing, queries, services
from .domain import REASONS
from .errors import LicenceError
from .models import Licence

_MOST = 1000


@click.group()
def licence() -> None:
    """Electronic licences (电子证照)."""


def _found(identifier: str) -> Licence:
    row = Licence.objects.filter(identifier=identifier).first()
    if row is None:
        raise click.ClickException(f"there is no licence {identifier} / 没有证照{identifier}")
    return row


@licence.command("list")
@click.option("--holder", default="", metavar="NUMBER", help="Only of this person or company.")
@click.option("--case", default="", metavar="NUMBER", help="Only of this case.")
@click.option("--kind", default="", help="Only of this kind.")
@click.option("--state", type=click.Choice(Licence.State.values), help="Only in this state.")
def list_licences(holder: str, case: str, kind: str, state: str | None) -> None:
    """List licences, newest first, at most a thousand."""
    wanted = {"case": case, "kind": kind, "state": state}
    rows = Licence.objects.filter(**{name: told for name, told in wanted.items() if told})
    if holder:
        rows = rows.filter(holding(Licence, "holder", holder))
    for row in rows.order_by("-pk")[:_MOST]:
        flag = " ▲" if row.flagged else ""
        click.echo(f"{row.identifier}  {row.kind}  {row.get_state_display()} {row.state}{flag}")


@licence.command()
@click.argument("identifier")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def show(identifier: str, *, as_json: bool) -> None:
    """Show the licence IDENTIFIER: what it is, its state, and every claim that it can show."""
    row = _found(identifier)
    told = queries.told(queries.uri_of(row), queries.could_show(row))
    if as_json:
        view = {
            "identifier": row.identifier,
            "kind": row.kind,
            "version": row.version,
            "state": row.state,
            "state_reason": row.state_reason,
            "flagged": row.flagged,
            "case": row.case,
            "claims": {one.name: one.value for one in told},
        }
        click.echo(json.dumps(view, ensure_ascii=False, indent=2))
        return
    name = queries.kind_of(row).name
    click.echo(f"{name.zh} / {name.en}  {row.get_state_display()} {row.state}")
    click.echo(f"{row.issued.astimezone(SHANGHAI):%Y-%m-%d %H:%M}  {row.case}  {row.item}")
    for line in (row.state_reason, row.flagged):
        if line:
            click.echo(f"▲ {line}")
    for one in told:
        click.echo(f"  {one.label.zh} {one.name}: {one.text}")


@licence.command()
@click.argument("file", type=click.File("rb"))
@click.option("--audience", default="", help="For whom it had to be presented; with --nonce.")
@click.option("--nonce", default="", help="The question that its holder had to answer.")
def verify(file: IO[bytes], audience: str, nonce: str) -> None:
    """Verify the presentation, or the link of a QR code, in FILE (- for standard input)."""
    if bool(audience) != bool(nonce):
        raise click.UsageError("--audience and --nonce go together")
    text = file.read(LONGEST + 1).decode(errors="replace").strip()
    found = services.verify(text, Binding(audience, nonce) if nonce else None)
    words = REASONS[found.reason]
    click.echo(f"{'✔' if found.valid else '✖'} {words.zh} / {words.en}")
    if found.why:
        click.echo(f"  {found.why}")
    if found.kind and not found.holder_proved:
        click.echo("  ▲ 未证明是持证人出示 / the holder is not proved")
    for one in queries.told(found.kind, found.claims):
        click.echo(f"  {one.label.zh} {one.name}: {one.text}")
    if not found.valid:
        raise SystemExit(1)


@licence.command()
@click.argument("identifier")
@click.option("--as", "login", required=True, help="The login of the official who acts.")
@click.option("--law", required=True, help="The legal basis.")
@click.option("--reason", required=True, help="Why; it is kept on the trail.")
def revoke(identifier: str, login: str, law: str, reason: str) -> None:
    """Revoke the licence IDENTIFIER (注销); verifiers see it within a minute."""
    user = User.objects.filter(username=login).first()
    if user is None:
        raise click.ClickException(f"there is no user {login!r} / 没有用户{login}")
    try:
        official = parties.subject_of(user, COMMAND)
        services.order(official, identifier, "revoke", authority=law, reason=reason)
    except LicenceError as refused:
        raise click.ClickException(f"{refused.zh} / {refused.en}") from refused
    except ValueError as wrong:
        raise click.ClickException(str(wrong)) from wrong
    click.echo(f"{identifier} revoked / 已注销")


@licence.command()
@click.argument("identifier")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The PDF to write.",
)
def face(identifier: str, output: Path) -> None:
    """Write the sealed PDF of the licence IDENTIFIER (版式文件)."""
    try:
        output.write_bytes(facing.face_of(_found(identifier)))
    except LicenceError as refused:
        raise click.ClickException(f"{refused.zh} / {refused.en}") from refused
    click.echo(str(output))
