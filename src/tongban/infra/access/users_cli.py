"""``tongban user``: invite people, close and unlock accounts, say how somebody was proofed."""

from collections.abc import Callable

import click
from django.conf import settings

from . import users
from .users import UserUnknown

ACTOR = "command line"
_REASON = click.option("--reason", required=True, help="Why; it is kept on the trail.")


@click.group()
def user() -> None:
    """Manage the accounts of users (用户管理)."""


def _told(verb: Callable[[], object]) -> None:
    try:
        verb()
    except UserUnknown as error:
        raise click.ClickException(f"{error} / 没有此用户") from error
    click.echo("done / 已办理")


@user.command()
@click.argument("login")
def invite(login: str) -> None:
    """Print a link with which LOGIN sets a password, once, within a day."""
    try:
        secret = users.invite(login, actor=ACTOR)
    except UserUnknown as error:
        raise click.ClickException(f"{error} / 没有此用户") from error
    click.echo(f"{settings.ORIGIN}/invited/{secret}")


@user.command()
@click.argument("login")
@_REASON
def close(login: str, reason: str) -> None:
    """Close the account of LOGIN and end its tokens."""
    _told(lambda: users.close(login, actor=ACTOR, reason=reason))


@user.command()
@click.argument("login")
@_REASON
def reopen(login: str, reason: str) -> None:
    """Open the closed account of LOGIN again."""
    _told(lambda: users.reopen(login, actor=ACTOR, reason=reason))


@user.command()
@click.argument("login")
@_REASON
def unlock(login: str, reason: str) -> None:
    """Forget the failures that lock LOGIN out."""
    _told(lambda: users.unlock(login, actor=ACTOR, reason=reason))


@user.command()
@click.argument("login")
@_REASON
def reset(login: str, reason: str) -> None:
    """Take password and second factors of LOGIN away (a lost phone); then invite anew."""
    _told(lambda: users.reset(login, actor=ACTOR, reason=reason))


@user.command()
@click.argument("login")
@click.argument("proof", type=click.IntRange(0, 2))
@_REASON
def prove(login: str, proof: int, reason: str) -> None:
    """Say how LOGIN was proofed: 0 not, 1 by name and number (实名), 2 in person (实人)."""
    _told(lambda: users.prove(login, proof, actor=ACTOR, reason=reason))
