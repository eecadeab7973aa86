"""``tongban node``: make, run and look at an exchange node."""

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from tongban.kernel.suites import SUITES
from tongban.node import server
from tongban.node.config import ConfigInvalid, read_config
from tongban.node.making import NewNode, make_node
from tongban.node.providers.base import ProviderConfigInvalid
from tongban.node.store import StoreInvalid

T = TypeVar("T")
_CONFIG = click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("node.toml"),
    show_default=True,
    help="The node's configuration.",
)


def told(work: Callable[[], T]) -> T:
    """Do it; what is wrong with the configuration is told in one sentence."""
    try:
        return work()
    except (ConfigInvalid, ProviderConfigInvalid, StoreInvalid) as wrong:
        raise click.ClickException(str(wrong)) from wrong


@click.command()
@_CONFIG
def run(path: Path) -> None:
    """Run the node until it is stopped (SIGTERM lets calls under way end)."""
    code = told(lambda: server.serve(read_config(path)))
    raise SystemExit(code)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--id", "name", required=True, help="The name to register it by, such as health.")
@click.option(
    "--member", "members", multiple=True, required=True, help="A credit code; repeatable."
)
@click.option("--instance", required=True, help="CN- and the division code, such as CN-330100.")
@click.option("--class", "member_class", default="GOV", show_default=True, help="GOV, COM or ORG.")
@click.option("--suite", "suite_name", type=click.Choice(sorted(SUITES)), default="std")
@click.option("--outer", default="127.0.0.1:7001", show_default=True, help="Where peers come in.")
@click.option("--inner", default="127.0.0.1:7101", show_default=True, help="For own systems.")
@click.option("--address", default="", help="How peers reach it, if not http:// and --outer.")
@click.option("--control", default="http://127.0.0.1:8000", show_default=True)
@click.option("--system", "systems", multiple=True, help="An own system that gets a token.")
def init(
    folder: Path,
    name: str,
    members: tuple[str, ...],
    instance: str,
    member_class: str,
    suite_name: str,
    outer: str,
    inner: str,
    address: str,
    control: str,
    systems: tuple[str, ...],
) -> None:
    """Make keys and a configuration in FOLDER, and say how to register the node."""
    new = NewNode(
        name,
        instance,
        members,
        suite_name,
        member_class,
        outer,
        inner,
        address,
        control,
        systems or ("tongban",),
    )
    made = told(lambda: make_node(folder, new))
    click.echo(f"{made.config}: key {made.keyid}")
    click.echo("Register it at the control plane / 在管理平面登记:")
    click.echo(f"  tongban exchange node add {name} --card {made.card}")
    click.echo("Then pin the control plane's key in [[control.keys]] and name your providers.")


@click.command()
@_CONFIG
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(path: Path, *, as_json: bool) -> None:
    """Say how a running node stands; exit code 1 if something needs a hand."""
    config = told(lambda: read_config(path))
    found = _ask(config.inner.host, config.inner.port)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(found)))
    control, log = found["control"], found["log"]
    if control["serial"] is None or control["fault"] or log["fault"]:
        raise SystemExit(1)


def _ask(host: str, port: int) -> dict[str, Any]:
    link = http.client.HTTPConnection(host, port, timeout=5)
    try:
        link.request("GET", "/status")
        answer = link.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
    except (OSError, ValueError, http.client.HTTPException) as wrong:
        raise click.ClickException(f"no node answers at {host}:{port} ({wrong})") from wrong
    finally:
        link.close()
    return found


def _lines(found: dict[str, Any]) -> list[str]:
    control, log = found["control"], found["log"]
    serial = control["serial"]
    made = [
        f"node {found['node']} / 节点",
        f"  snapshot {serial}, {control['snapshot_age']} s old / 授权快照"
        if serial is not None
        else "  no snapshot yet: nothing is served / 尚无授权快照",
        f"  revocations up to {control['feed_upto']}, {control['feed_age']} s old / 撤销清单",
        f"  log {log['rows']} rows, last checkpoint at {log['checked']} / 日志",
        *(f"  {service}: {phase}" for service, phase in sorted(found["providers"].items())),
    ]
    faults = [f"  ! {fault}" for fault in (control["fault"], log["fault"]) if fault]
    return made + faults
