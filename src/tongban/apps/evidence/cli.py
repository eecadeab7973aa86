"""``tongban evidence``: how the log stands, an audit, a checkpoint now, and what to publish (存证).

Thin covers of services and queries; errors come out as one sentence. ``bundle`` is a case's and
lives there; ``verify`` needs no installation.
"""

import json
from collections.abc import Callable
from typing import TypeVar

import click

from tongban.apps.evidence import auditing, queries, services
from tongban.apps.evidence.log import LogChanged
from tongban.infra.clock import SHANGHAI
from tongban.infra.keys import KeyUnsafe
from tongban.kernel.tlog.policy import PolicyInvalid
from tongban.kernel.tlog.tiles import TileMissing

T = TypeVar("T")


def _told(work: Callable[[], T]) -> T:
    try:
        return work()
    except (LogChanged, KeyUnsafe, PolicyInvalid, TileMissing, services.LogWentBack) as wrong:
        raise click.ClickException(str(wrong)) from wrong


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(*, as_json: bool) -> None:
    """Say how the log and its witnesses stand; exit code 1 if something needs a hand."""
    found = _told(queries.status)
    shown = found.published
    if as_json:
        click.echo(
            json.dumps(
                {
                    "key": found.key,
                    "leaves": found.leaves,
                    "signed": found.signed,
                    "published": shown and shown.size,
                    "wanted": found.wanted,
                    "witnessed": {n: t.isoformat() for n, t in shown.witnessed.items()}
                    if shown
                    else {},
                    "faults": {w.name: w.fault for w in found.witnesses if w.fault},
                },
                ensure_ascii=False,
            )
        )
    else:
        click.echo(f"log / 存证日志      {found.key}")
        click.echo(f"leaves / 叶子       {found.leaves}, signed {found.signed}")
        click.echo(f"published / 已公布  {shown.size if shown else 'nothing yet / 尚无'}")
        click.echo(f"witnesses / 见证    {found.wanted}")
        for one in found.witnesses:
            at = one.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if one.at else "never"
            click.echo(
                f"  {one.name}: {one.size} leaves, {at}{f'  ! {one.fault}' * bool(one.fault)}"
            )
        if shown and not shown.witnessed:
            click.echo("NOT WITNESSED: nobody but this installation vouches for it / 未经见证")
    if any(one.fault for one in found.witnesses):
        raise SystemExit(1)


@click.command()
def checkpoint() -> None:
    """Make leaves of what is new, sign the tree, and have it witnessed, now."""
    _told(services.gather)
    done = _told(services.witness)
    if not done.size:
        raise click.ClickException("the trail tells nothing yet / 尚无留痕")
    click.echo(f"{done.size} leaves, witnessed by {', '.join(done.signed) or 'nobody / 未经见证'}")
    for name, fault in done.faults.items():
        click.echo(f"  ! {name} {fault}", err=True)
    if done.faults or not done.enough:
        raise SystemExit(1)


@click.command()
def audit() -> None:
    """Walk everything again; exit 1 and name the first difference."""
    found = _told(auditing.audit)
    click.echo(
        f"{found.events} events, {found.leaves} leaves, {found.tiles} full tiles, "
        f"{found.checkpoints} checkpoints, {found.cosignatures} cosignatures; "
        f"{found.waiting} events wait for a leaf"
    )
    if found.difference is not None:
        raise click.ClickException(f"{found.difference} / 审计发现差异")
    click.echo(f"root {found.root}\neverything holds / 审计通过")


@click.command()
def key() -> None:
    """Print the verifier key of this log, for witnesses and policies."""
    click.echo(str(_told(services.key)))
