"""The command ``tongban``: thin, one command group an app.

Groups are loaded when they are called, so that a command that needs no Django starts without it:
this module imports none of it.
"""

import errno
import importlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Any

import click

Place = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Branch:
    """A group of commands that live in several places; ``told`` is its help."""

    told: str
    commands: Mapping[str, "Place | Branch"]


# command → module:attribute, and whether it needs Django; a Branch where it has commands of its own
COMMANDS: Mapping[str, Place | Branch] = {
    "demo": ("tongban.config.cli:demo", True),
    "demo-network": ("tongban.config.network.command:demo_network", False),
    "setup": ("tongban.config.cli:setup", True),
    "sample": ("tongban.apps.exchange.cli:sample", True),
    "case": ("tongban.apps.cases.cli:case", True),
    "items": ("tongban.apps.items.cli:items", True),
    "packs": ("tongban.apps.items.workshop_cli:packs", True),
    "licence": ("tongban.apps.licences.cli:licence", True),
    "fees": ("tongban.apps.fees.cli:fees", True),
    "seal": ("tongban.apps.evidence.seals_cli:seal", True),
    "outreach": ("tongban.apps.outreach.cli:outreach", True),
    "forecast": Branch(
        "Forecasts of panels of regions (预测): of files alone, or of this installation.",
        {
            "panel": ("tongban.apps.forecast.cli:panel", False),
            "platform": ("tongban.apps.forecast.platform:platform", True),
            "demo": ("tongban.apps.forecast.demo_cli:demo", False),
            "policy": ("tongban.apps.forecast.policy_cli:policy", False),
            "scenarios": ("tongban.apps.forecast.scenarios_cli:scenarios", False),
            "structure": ("tongban.apps.forecast.structure_cli:structure", False),
            "prove": ("tongban.apps.forecast.proving_cli:prove", False),
        },
    ),
    "atlas": ("tongban.apps.forecast.atlas.cli:atlas", True),
    "jobs": ("tongban.infra.jobs.cli:jobs", True),
    "keys": ("tongban.infra.secrecy.cli:keys", True),
    "trail": ("tongban.infra.trail.cli:trail", True),
    "catalogue": ("tongban.apps.exchange.commands_catalogue:catalogue", True),
    "evidence": Branch(
        "The evidence log (存证日志): its witnesses, proofs and bundles.",
        {
            "status": ("tongban.apps.evidence.cli:status", True),
            "checkpoint": ("tongban.apps.evidence.cli:checkpoint", True),
            "audit": ("tongban.apps.evidence.cli:audit", True),
            "key": ("tongban.apps.evidence.cli:key", True),
            "bundle": ("tongban.apps.cases.cli:bundle", True),
            "verify": ("tongban.apps.evidence.checking:verify", False),
        },
    ),
    "exchange": Branch(
        "The exchange (数据交换): its log, its calls, its grants.",
        {
            "verify": ("tongban.node.commands.verify:verify_", False),
            "call": ("tongban.node.commands.call:call", False),
            "batch": ("tongban.node.commands.batch:batch", False),
            "events": ("tongban.node.commands.events:events", False),
            "conform": ("tongban.node.commands.conform:conform", False),
            "request": ("tongban.apps.exchange.commands_sharing:request", True),
            "requests": ("tongban.apps.exchange.commands_sharing:list_requests", True),
            "review": ("tongban.apps.exchange.commands_sharing:review", True),
            "grant": ("tongban.apps.exchange.commands_sharing:grant", True),
            "refuse": ("tongban.apps.exchange.commands_sharing:refuse", True),
            "end": ("tongban.apps.exchange.commands_sharing:end", True),
            "grants": ("tongban.apps.exchange.commands_sharing:list_grants", True),
            "file": ("tongban.apps.exchange.commands_sharing:open_file", True),
            "node": Branch(
                "The nodes that this control plane knows (节点登记).",
                {
                    "add": ("tongban.apps.exchange.commands_network:add", True),
                    "list": ("tongban.apps.exchange.commands_network:list_nodes", True),
                    "end": ("tongban.apps.exchange.commands_network:end", True),
                    "control-key": ("tongban.apps.exchange.commands_network:control_key", True),
                },
            ),
            "instance": Branch(
                "The other instances, above and below (上下级平台).",
                {
                    "add": ("tongban.apps.exchange.commands_network:add_instance", True),
                    "list": ("tongban.apps.exchange.commands_network:list_instances", True),
                    "sync": ("tongban.apps.exchange.commands_network:sync", True),
                },
            ),
        },
    ),
    "node": Branch(
        "An exchange node (交换节点): make it, run it, look at it.",
        {
            "init": ("tongban.node.commands.node:init", False),
            "run": ("tongban.node.commands.node:run", False),
            "status": ("tongban.node.commands.node:status", False),
        },
    ),
    "witness": Branch(
        "A witness of the evidence log (见证人): a process of its own, with its own key.",
        {
            "init": ("tongban.witness.cli:init", False),
            "run": ("tongban.witness.cli:run", False),
        },
    ),
    "bank": Branch(
        "A sample bank (样例银行): a process of its own that fees are paid at in a demonstration.",
        {
            "init": ("tongban.samplebank.cli:init", False),
            "admit": ("tongban.samplebank.cli:admit_", False),
            "run": ("tongban.samplebank.cli:run", False),
            "fault": ("tongban.samplebank.cli:fault", False),
        },
    ),
    "value": Branch(
        "What a service costs and what an investment is worth (价值评估).",
        {
            "demo": ("tongban.apps.value.cli:demo", False),
            "costs": ("tongban.apps.value.cli:costs", False),
            "appraise": ("tongban.apps.value.cli:appraise", False),
            "gate": ("tongban.apps.value.cli:gate", False),
            "cloud": ("tongban.apps.value.cli:cloud", False),
            "share": ("tongban.apps.value.cli:share", False),
            "duplicates": ("tongban.apps.value.cli:duplicates", False),
            "parameters": ("tongban.apps.value.cli:parameters_", False),
            "platform": ("tongban.apps.value.platform:platform", True),
        },
    ),
    "serve": ("tongban.web.cli:serve", True),
    "token": ("tongban.infra.access.cli:token", True),
    "user": ("tongban.infra.access.users_cli:user", True),
    "client": ("tongban.apps.parties.sign_on.cli:client", True),
    "worker": ("tongban.config.cli:worker", True),
}
# what an extra brings (pip install 'tongban[…]')
EXTRAS = dict.fromkeys(("duckdb", "lightgbm", "numpy", "pyfixest", "scipy"), "forecast")
# not ours to mend: a full, closed or read-only disk
_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}


class Lazy(click.Group):
    """A group that imports a command when it is asked for."""

    def __init__(self, *, places: Mapping[str, Place | Branch], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's face
        """Name every command."""
        return list(self.places)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's face
        cmd_name: str,
    ) -> click.Command | None:
        """Import one command, after Django where it needs it."""
        place = self.places.get(cmd_name)
        if place is None:
            return None
        if isinstance(place, Branch):
            return Lazy(name=cmd_name, help=place.told, places=place.commands)
        path, django = place
        if django:
            _start_django()
        module, _, name = path.partition(":")
        try:
            command = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as lacking:
            if (extra := EXTRAS.get(lacking.name or "")) is None:
                raise
            raise click.ClickException(
                f"{cmd_name} needs more software: pip install 'tongban[{extra}]' / 未安装所需组件"
            ) from lacking
        if not isinstance(command, click.Command):
            raise TypeError(f"{path} is not a command")
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run one command; what is wrong with the machine is told in one sentence."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno not in _MACHINE:
                raise
            raise click.ClickException(f"{error.filename or 'output'}: {error.strerror}") from error
        except Exception as error:
            if not isinstance(error, _database_errors()):
                raise
            raise click.ClickException(
                f"the database does not work: {str(error).strip()} (TONGBAN_DATABASE, TONGBAN_HOME)"
                " / 数据库不可用"
            ) from error


def _start_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.config.settings")
    unfit = importlib.import_module("django.core.exceptions").ImproperlyConfigured
    try:
        importlib.import_module("django").setup()
    except unfit as error:
        raise click.ClickException(str(error)) from error


def _database_errors() -> tuple[type[Exception], ...]:
    # only a command that loaded Django can meet one
    utils = sys.modules.get("django.db.utils")
    return () if utils is None else (utils.OperationalError,)


@click.group(cls=Lazy, places=COMMANDS)
@click.version_option(package_name="tongban")
def main() -> None:
    """Tongban (通办): a person applies once."""
    # A terminal that lacks a sign shows its number; the command does not fall over.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
