"""Commands of the network: register, list and end nodes; the key that nodes pin."""

import json
from pathlib import Path
from typing import Any

import click

from tongban.apps.exchange import levels, network, nodes, subject_keys
from tongban.apps.exchange.models import Instance
from tongban.apps.exchange.nodes import NewNode, NodeInvalid


@click.command()
@click.argument("node_id", metavar="ID")
@click.option("--card", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--address", default="", help="Where its outer listener is reached.")
@click.option("--member", "members", multiple=True, help="A credit code; the first owns the keys.")
@click.option("--public-key", "keys", multiple=True, help="SUITE:HEX; may be repeated.")
@click.option(
    "--subject-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its subjects.key, so that people can see here who looked at them.",
)
def add(
    node_id: str,
    card: Path | None,
    address: str,
    members: tuple[str, ...],
    keys: tuple[str, ...],
    subject_key: Path | None,
) -> None:
    """Register the node ID, by its card or by hand (登记节点)."""
    told = _card(card, node_id) if card else {}
    pairs = [(one["suite"], one["public"]) for one in told.get("keys", ())]
    for key in keys:
        name, colon, public = key.partition(":")
        pairs.append((name, public) if colon else ("std", name))
    new = NewNode(
        node_id,
        address or told.get("address", ""),
        members or tuple(told.get("members", ())),
        tuple(pairs),
    )
    if not new.address:
        raise click.ClickException("name --address, or give the --card of node init")
    try:
        nodes.add_node(new, "command line")
    except NodeInvalid as wrong:
        raise click.ClickException(str(wrong)) from wrong
    if subject_key is not None:
        secret = bytes.fromhex(subject_key.read_text(encoding="ascii").strip())
        subject_keys.keep(node_id, pairs[0][0], secret)
    click.echo(f"{node_id} registered / 已登记")


def _card(card: Path, node_id: str) -> dict[str, Any]:
    try:
        told = json.loads(card.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{card}: no JSON; give the card of node init") from error
    if not isinstance(told, dict) or told.get("id") != node_id:
        raise click.ClickException(f"{card} is not the card of {node_id}")
    return told


@click.command("list")
def list_nodes() -> None:
    """List the nodes: when heard of, snapshot and feed fetched, last checkpoint (节点清单)."""
    for node in nodes.nodes():
        told = [
            f"{name} {at:%Y-%m-%d %H:%M:%S}" if at else f"{name} never"
            for name, at in (
                ("seen", node.last_seen),
                ("snapshot", node.snapshot_at),
                ("feed", node.feed_at),
            )
        ]
        told.append(f"checkpoint {node.checkpoint} rows" if node.checkpoint else "no checkpoint")
        click.echo(f"{node.id}  {node.address}  {','.join(node.members)}  {'; '.join(told)}")


@click.command()
@click.argument("node_id", metavar="ID")
@click.option("--reason", required=True, help="Why; it is kept on the trail.")
@click.option("--key", help="Only this key of it, by its id; the node goes on with another.")
def end(node_id: str, reason: str, key: str | None) -> None:
    """Take the node ID and its keys out of the network now (停用节点)."""
    try:
        if key is not None:
            nodes.end_key(node_id, key, "command line", reason)
            click.echo(f"{key} ended / 已停用")
            return
        nodes.end_node(node_id, "command line", reason)
    except NodeInvalid as wrong:
        raise click.ClickException(str(wrong)) from wrong
    click.echo(f"{node_id} ended / 已停用")


@click.command("control-key")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def control_key(*, as_json: bool) -> None:
    """Print this instance's public key, as nodes pin it in node.toml (管理平面公钥)."""
    own = network.control_key()
    told = {"id": network.control_key_id(), "suite": own.suite, "public": own.public.hex()}
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    click.echo("[[control.keys]]")
    for name, value in told.items():
        click.echo(f'{name} = "{value}"')


@click.command("add")
@click.argument("name")
@click.option("--relation", type=click.Choice(["parent", "child", "other"]), required=True)
@click.option("--address", required=True, help="Where its control plane is reached.")
@click.option(
    "--key",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Its public key: what its `exchange node control-key --json` printed.",
)
def add_instance(name: str, relation: str, address: str, file: Path) -> None:
    """Register another instance NAME (CN-330000) by its pinned key (登记上下级平台)."""
    try:
        key = json.loads(file.read_text(encoding="utf-8"))
        levels.add_instance(name, relation, address, key)
    except (levels.InstanceInvalid, ValueError) as wrong:
        raise click.ClickException(str(wrong)) from wrong
    click.echo(f"{name} registered / 已登记")


@click.command("list")
def list_instances() -> None:
    """List the other instances: relation, age of the card, what was wrong (平台清单)."""
    for row in Instance.objects.order_by("name"):
        card = f"card of {row.issued:%Y-%m-%d %H:%M:%S}" if row.issued else "no card"
        wrong = f"; {row.outcome}" if row.outcome else ""
        click.echo(f"{row.name}  {row.relation}  {row.address}  {card}{wrong}")


@click.command()
def sync() -> None:
    """Exchange cards, requests and decisions with the other instances now (同步)."""
    good, known = levels.synchronise(), Instance.objects.count()
    click.echo(f"{good} of {known} answered / {known} 个平台中 {good} 个有答复")
    if good < known:
        raise SystemExit(1)
