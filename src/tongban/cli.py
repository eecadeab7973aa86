"""The command ``tongban``: thin, one command group an app.

Groups are loaded when they are called, so that a command that needs no Django starts without it.
"""

import importlib
import os

import click

# command → module:attribute, and whether it needs Django
COMMANDS = {
    "demo": ("tongban.config.cli:demo", True),
    "setup": ("tongban.config.cli:setup", True),
    "sample": ("tongban.apps.exchange.cli:sample", True),
    "case": ("tongban.apps.cases.cli:case", True),
    "items": ("tongban.apps.items.cli:items", True),
    "outreach": ("tongban.apps.outreach.cli:outreach", True),
    "trail": ("tongban.infra.trail.cli:trail", True),
    "serve": ("tongban.web.cli:serve", True),
    "token": ("tongban.infra.access.cli:token", True),
    "worker": ("tongban.config.cli:worker", True),
}


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
            importlib.import_module("django").setup()
        module, _, name = place.partition(":")
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{place} is not a command")
        return command


@click.group(cls=Lazy)
@click.version_option(package_name="tongban")
def main() -> None:
    """Tongban (通办): a person applies once."""
