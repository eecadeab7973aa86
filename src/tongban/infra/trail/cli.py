"""Commands about the trail, for operators and auditors: show, verify, erase, dead letters.

Each is a thin cover of a service or a query; errors come out as one sentence.
"""

import json

import click

from tongban.infra.trail import queries, relay, services
from tongban.kernel.events import to_cloudevent


@click.group()
def trail() -> None:
    """The trail (办件留痕): what happened, and whether it still stands."""


@trail.command()
@click.argument("chain")
@click.option("--json", "as_json", is_flag=True, help="One CloudEvents 1.0 object a line.")
def show(chain: str, *, as_json: bool) -> None:
    """Show the events of a chain (a case number, say)."""
    events = queries.history(chain)
    if not events:
        raise click.ClickException(f"there is no chain {chain!r} / 没有这条链")
    for event in events:
        if as_json:
            told = to_cloudevent(event, "urn:tongban:trail")
            click.echo(json.dumps(told, ensure_ascii=False))
        else:
            click.echo(
                f"{event.seq:>5}  {event.recorded:%Y-%m-%d %H:%M:%S%z}  {event.hash[:12]}  "
                f"{event.type}  {event.actor}  {event.step}".rstrip()
            )


@trail.command()
@click.argument("chain", required=False)
def verify(chain: str | None) -> None:
    """Recompute one chain, or all; exit 1 and name the first event that does not hold."""
    broken = queries.verify(chain)
    if broken is not None:
        raise click.ClickException(
            f"{broken.chain}:{broken.seq} ({broken.event_id}): {broken.why} / 链条已断"
        )
    click.echo(f"{queries.count(chain)} events, every chain holds / 链条校验通过")


@trail.command()
@click.argument("event_id", type=click.UUID)
@click.option("--authority", required=True, help="The legal basis (法定依据).")
@click.option("--actor", required=True, help="Who erases.")
@click.option("--reason", required=True, help="Why.")
@click.confirmation_option(prompt="The data of this event will be gone for good. Go on?")
def erase(event_id: object, authority: str, actor: str, reason: str) -> None:
    """Erase the data of one event because the law wants it; the chain stays whole."""
    try:
        told = services.erase(str(event_id), authority=authority, actor=actor, reason=reason)
    except (services.NothingToErase, ValueError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"erased, told as {told.chain}:{told.seq} / 已删除并留痕")


@trail.command()
def dead() -> None:
    """List what subscribers could not handle (死信)."""
    letters = relay.dead_letters()
    for letter in letters:
        click.echo(
            f"{letter.parked_id:>6}  {letter.consumer}  {letter.chain}  tried {letter.attempts}, "
            f"{letter.behind} wait behind  {letter.error}"
        )
    if not letters:
        click.echo("no dead letters / 没有死信")


@trail.command()
@click.argument("parked_id", type=int)
def requeue(parked_id: int) -> None:
    """Let a dead letter be tried again."""
    try:
        relay.requeue(parked_id, actor="command line")
    except relay.NotParked as error:
        raise click.ClickException(str(error)) from None
    click.echo("will be tried again / 已重新排队")
