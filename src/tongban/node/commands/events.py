"""``tongban exchange events``: what a node's operator sees of queues, and lets go again (死信)."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tongban.kernel.wire.rows import RowDraft
from tongban.node.commands.node import told
from tongban.node.config import read_config
from tongban.node.store import Entry, Store, Write
from tongban.node.store.events import EventStore, Side, ended, requeued

_SIDES: tuple[Side, ...] = ("out", "in")
_CONFIG = click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("node.toml"),
    show_default=True,
    help="The node's configuration.",
)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Store, EventStore]]:
    config = told(lambda: read_config(path))
    if not config.store.exists():
        raise click.ClickException(f"{config.store} is not there: the node never ran")
    store = told(lambda: Store.open(config.store, config.keys.suite))
    events = EventStore(store)
    try:
        yield store, events
    finally:
        events.close()
        store.close()


def _commit(store: Store, operation: str, code: str, count: int, *writes: Write) -> None:
    """Change the queues, and leave a row that says so."""
    draft = RowDraft(
        "provider",
        "delivery",
        f"{operation}-{uuid.uuid4().hex}",
        operation=operation,
        code=code,
        records=count,
        suite=store.suite.name,
    )
    store.commit_one(Entry(rows=(draft,), writes=writes))


@click.group()
def events() -> None:
    """Subscriptions and their queues at this node (订阅与队列)."""


@events.command("list")
@_CONFIG
def listed(path: Path) -> None:
    """List the subscriptions that live, with what waits."""
    with _opened(path) as (_, kept):
        for side in _SIDES:
            for one in kept.subscriptions(side, living=True):
                way = "to" if side == "out" else "for"
                click.echo(
                    f"{one.id} {side} {one.service} {way} {one.client} by {one.delivery},"
                    f" since {one.since}: {kept.depth(side, one.id)} waiting / 待投"
                )


@events.command()
@_CONFIG
def dead(path: Path) -> None:
    """List dead letters; exit code 1 if there are any."""
    with _opened(path) as (_, kept):
        found = kept.dead()
        for side, item in found:
            click.echo(f"{item.seq} {side} {item.subscription}: {item.tries} tries, {item.fault}")
    if found:
        raise SystemExit(1)


@events.command()
@_CONFIG
@click.argument("numbers", nargs=-1, type=int)
def requeue(path: Path, numbers: tuple[int, ...]) -> None:
    """Let dead letters go again: those of NUMBERS, or all."""
    with _opened(path) as (store, kept):
        there = {item.seq for _, item in kept.dead(100_000)}
        chosen = sorted(there & set(numbers)) if numbers else sorted(there)
        if missing := sorted(set(numbers) - there):
            raise click.ClickException(f"no dead letter {', '.join(map(str, missing))}")
        _commit(store, "requeue", "", len(chosen), requeued(chosen))
    click.echo(f"{len(chosen)} go again / 已重新排队")


@events.command()
@_CONFIG
@click.argument("name")
@click.option("--side", type=click.Choice(_SIDES), default="out", show_default=True)
@click.confirmation_option(prompt="What queues for it is dropped. End it?")
def end(path: Path, name: str, side: Side) -> None:
    """End subscription NAME; what queues for it is dropped, and the log says so."""
    with _opened(path) as (store, kept):
        one = kept.subscription(side, name)
        if one is None or one.ended:
            raise click.ClickException(f"no living subscription {name} on side {side}")
        depth = kept.depth(side, name)
        _commit(store, "end", "ended_by_operator", depth, *ended(one, "ended_by_operator"))
    click.echo(f"{name}: ended, {depth} events dropped / 已终止")
