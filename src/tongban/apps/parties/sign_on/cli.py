"""``tongban client``: the systems that people sign in to through this installation (接入系统)."""

import click

from tongban.apps.parties.models import Client

from . import clients
from .claims import SCOPES


@click.group()
def client() -> None:
    """Systems that people sign in to through here (接入系统)."""


@client.command()
@click.argument("name")
@click.option("--department", required=True, help="Key of the department it belongs to.")
@click.option("--redirect", "redirects", multiple=True, required=True, help="Where people return.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(sorted(SCOPES)))
@click.option("--public", is_flag=True, help="It cannot keep a secret (an app on a phone).")
def add(
    name: str, department: str, redirects: tuple[str, ...], scopes: tuple[str, ...], *, public: bool
) -> None:
    """Register a system; print its id and, once, its secret."""
    try:
        made = clients.register(
            name, department, redirects, scopes, actor="command line", public=public
        )
    except clients.ClientInvalid as error:
        raise click.ClickException(str(error)) from error
    click.echo(made.client_id)
    if made.secret:
        click.echo(made.secret)


@client.command("list")
def list_clients() -> None:
    """List the systems, one a line: id, department, scopes, name."""
    for row in Client.objects.order_by("pk"):
        click.echo(f"{row.client_id}  {row.sector}  {','.join(row.scopes)}  {row.name}")


@client.command()
@click.argument("client_id")
def end(client_id: str) -> None:
    """End a system and every token it holds."""
    if not clients.end(client_id, actor="command line"):
        raise click.ClickException(f"there is no client {client_id!r} / 没有接入系统{client_id}")
    click.echo("ended / 已停用")
