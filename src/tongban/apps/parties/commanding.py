"""Who acts at a command 命令行操作人: the official whose login is named, with its posts."""

import click

from tongban.infra.access.domain import COMMAND, Subject
from tongban.infra.access.models import User

from . import queries


def official(login: str) -> Subject:
    """Give the user of this login, as acting at a command; end the command where there is none."""
    user = User.objects.filter(username=login).first()
    if user is None:
        raise click.ClickException(f"there is no user {login!r} / 没有用户{login}")
    return queries.subject_of(user, COMMAND)
