"""The command ``tongban``: thin, one command group an app.

Groups are loaded when they are called, so that a command that needs no Django starts without it.
"""

import errno
import importlib
import os
import sys
from io import TextIOWrapper

import click
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import OperationalError

# command → module:attribute, and whether it needs Django
COMMANDS = {
    "demo": ("tongban.config.cli:demo", True),
    "setup": ("tongban.config.cli:setup", True),
    "sample": ("tongban.apps.exchange.cli:sample", True),
    "case": ("tongban.apps.cases.cli:case", True),
    "items": ("tongban.apps.items.cli:items", True),
    "outreach": ("tongban.apps.outreach.cli:outreach", True),
    "jobs": ("tongban.infra.jobs.cli:jobs", True),
    "trail": ("tongban.infra.trail.cli:trail", True),
    "serve": ("tongban.web.cli:serve", True),
    "token": ("tongban.infra.access.cli:token", True),
    "worker": ("tongban.config.cli:worker", True),
}
# not ours to mend: a full, closed or read-only disk
_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}


class Lazy(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's face
        """Name every command."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's face
        cmd_name: str,
    ) -> click.Command | None:
        """Import one command, after Django where it needs it."""
        if cmd_name not in COMMANDS:
            return None
        place, django = COMMANDS[cmd_name]
        if django:
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.config.settings")
            try:
                importlib.import_module("django").setup()
            except ImproperlyConfigured as error:
                raise click.ClickException(str(error)) from error
        module, _, name = place.partition(":")
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{place} is not a command")
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run one command; what is wrong with the machine is told in one sentence."""
        try:
            return super().invoke(ctx)
        except OperationalError as error:
            raise click.ClickException(
                f"the database does not work: {str(error).strip()} (TONGBAN_DATABASE, TONGBAN_HOME)"
                " / 数据库不可用"
            ) from error
        except OSError as error:
            if error.errno not in _MACHINE:
                raise
            raise click.ClickException(f"{error.filename or 'output'}: {error.strerror}") from error


@click.group(cls=Lazy)
@click.version_option(package_name="tongban")
def main() -> None:
    """Tongban (通办): a person applies once."""
    # A terminal that lacks a sign shows its number; the command does not fall over.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
