"""``tongban token``: make and end tokens of the API for users that exist."""

from datetime import timedelta

import click

from tongban.infra.access import services
from tongban.infra.access.assurance import LOWEST, TWO
from tongban.infra.access.models import Token, User


@click.group()
def token() -> None:
    """Make and end tokens of the API (令牌)."""


@token.command()
@click.argument("login")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 366))
@click.option("--label", default="command line", show_default=True, help="What it is for.")
@click.option("--scope", "scopes", multiple=True, help="Only this action; may be repeated.")
@click.option(
    "--level",
    default=TWO,
    show_default=True,
    type=click.IntRange(LOWEST, TWO),
    help="Level of assurance you answer for (认证等级).",
)
def issue(login: str, days: int, label: str, scopes: tuple[str, ...], level: int) -> None:
    """Make a token for the user LOGIN and print it, once."""
    user = User.objects.filter(username=login).first()
    if user is None:
        raise click.ClickException(f"there is no user {login!r} / 没有用户{login}")
    made = services.issue_token(
        user,
        label=label,
        lifetime=timedelta(days=days),
        actor="command line",
        scopes=scopes,
        level=level,
    )
    click.echo(made.secret)
    click.echo(f"token {made.token_id}, until {made.expires:%Y-%m-%d}", err=True)


@token.command()
@click.argument("token_id", type=int)
@click.option("--reason", required=True, help="Why; it is kept on the trail.")
def revoke(token_id: int, reason: str) -> None:
    """End the token TOKEN_ID now."""
    if not Token.objects.filter(pk=token_id).exists():
        raise click.ClickException(f"there is no token {token_id} / 没有令牌{token_id}")
    services.revoke_token(token_id, actor="command line", reason=reason)
    click.echo(f"token {token_id} ended / 已撤销")
