"""``tongban seal``: the electronic seals of departments (电子印章), for whoever runs the machine.

Every command is told on the trail, with who gave it; a seal is never made but by such an order.
"""

import getpass
from pathlib import Path

import click

from tongban.apps.parties import queries as parties
from tongban.infra.clock import SHANGHAI
from tongban.infra.keys import KeyUnsafe

from . import keyring, seals
from .models import SigningKey


@click.group()
def seal() -> None:
    """Electronic seals of departments (电子印章)."""


def _known(_context: click.Context, _parameter: click.Parameter, department: str) -> str:
    if department not in parties.departments():
        raise click.BadParameter(
            f"there is no department {department!r}; one of {', '.join(parties.departments())}"
        )
    return department


_department = click.argument("department", callback=_known)
_reason = click.option("--reason", required=True, help="Why; it is kept on the trail.")


def _actor() -> str:
    return f"command:{getpass.getuser()}"


def _line(row: SigningKey) -> str:
    since = row.since.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    ended = ""
    if row.ended is not None:
        ended = f", ended / 停用 {row.ended.astimezone(SHANGHAI):%Y-%m-%d %H:%M}: {row.reason}"
    return (
        f"{row.holder} {row.number}  {row.subject['name']} {row.subject['uscc']}\n"
        f"  {row.pk}  since / 启用 {since}{ended}\n"
        f"  certificate / 证书 SHA-256 {keyring.fingerprint(row.certificate)}"
    )


@seal.command("list")
def list_seals() -> None:
    """List every seal that was ever made, as it is published."""
    for row in seals.published():
        click.echo(_line(row))


@seal.command()
@_department
@click.option("--reason", default="", help="Why the seal that it had ends; kept on the trail.")
def make(department: str, reason: str) -> None:
    """Make a seal for DEPARTMENT; one that it had ends, and its secret is destroyed."""
    held = seals.has(department)
    if held and not reason:
        raise click.UsageError("it has a seal: say by --reason why that one ends")
    click.echo(_line(seals.make(department, actor=_actor(), reason=reason)))


@seal.command()
@_department
@_reason
def end(department: str, reason: str) -> None:
    """End the seal of DEPARTMENT and destroy its secret; what it sealed stands."""
    try:
        click.echo(_line(seals.end(department, actor=_actor(), reason=reason)))
    except seals.SealRefused as refused:
        raise click.ClickException(f"{refused.zh} / {refused.en}") from refused


@seal.command()
@_department
def request(department: str) -> None:
    """Print a request (PKCS #10) with which an authority certifies the seal of DEPARTMENT."""
    try:
        click.echo(seals.request(department), nl=False)
    except (seals.SealRefused, KeyUnsafe) as refused:
        raise click.ClickException(str(refused)) from refused


@seal.command()
@_department
@click.argument("certificate", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def certify(department: str, certificate: Path) -> None:
    """Put the CERTIFICATE (PEM) that an authority gave in place of the self-signed one."""
    try:
        text = certificate.read_text(encoding="ascii", errors="replace")
        click.echo(_line(seals.certify(department, text, actor=_actor())))
    except (seals.SealRefused, KeyUnsafe) as refused:
        raise click.ClickException(str(refused)) from refused
