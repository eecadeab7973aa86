"""Commands about the keys that seal values at rest: look, change, seal what is still clear."""

import getpass
from datetime import timedelta

import click

from tongban.infra.keys import KeyUnsafe
from tongban.infra.secrecy import queries, services
from tongban.infra.secrecy.masters import MasterMissing
from tongban.infra.secrecy.ring import NoKey

_REFUSED = (KeyUnsafe, MasterMissing, NoKey, services.KeyInUse, services.RotationUnderWay)


@click.group()
def keys() -> None:
    """The keys that seal personal data at rest (静态加密密钥)."""


@keys.command()
def status() -> None:
    """Show the keys and what stands under each; exit 1 while anything is in the clear."""
    try:
        found = queries.status()
    except _REFUSED as error:
        raise click.ClickException(str(error)) from error
    for key in found.keys:
        rows = sum(key.rows.values())
        click.echo(
            f"{key.number:>4}  {key.suite:<4} {key.state:<8} {key.since:%Y-%m-%d %H:%M}  "
            f"{rows:>10} rows  {key.master}"
        )
        for table, count in key.rows.items():
            click.echo(f"{'':>8}{table:<28}{count:>10}")
    for table, count in found.clear.items():
        click.echo(f"   -  in the clear  {table}  {count}")
    if found.clear:
        raise click.ClickException("run `tongban keys seal` / 尚有明文，请运行 tongban keys seal")


@keys.command()
@click.option("--batch", default=services.BATCH, show_default=True, help="Rows a transaction.")
def seal(batch: int) -> None:
    """Seal what stands in the clear or under an old key; everybody may work meanwhile."""
    try:
        done = services.seal_rows(batch, _tell)
    except _REFUSED as error:
        raise click.ClickException(str(error)) from error
    if broken := [f"{p.table} {row}" for p in done for row in p.broken]:
        raise click.ClickException(f"rows that do not open / 无法解密: {', '.join(broken[:5])}")
    click.echo("sealed / 已加密")


@keys.command()
@click.option("--master", is_flag=True, help="Change the master key; values are not touched.")
@click.option("--resume", is_flag=True, help="Finish a change that was cut short.")
@click.option("--batch", default=services.BATCH, show_default=True, help="Rows a transaction.")
@click.option(
    "--grace",
    default=services.GRACE.total_seconds(),
    show_default=True,
    help="Seconds for which the old key is kept at least.",
)
def rotate(*, master: bool, resume: bool, batch: int, grace: float) -> None:
    """Change the data key, seal every value and blind index anew, then end the old key.

    Everybody works meanwhile. Killed half-way, go on with --resume.
    """
    actor = getpass.getuser()
    try:
        if master:
            click.echo(f"master key {services.rotate_master(actor)}")
            return
        if not resume:
            click.echo(f"key {services.begin_rotation(actor)}")
        gone = services.finish(actor, batch=batch, grace=timedelta(seconds=grace), told=_tell)
    except _REFUSED as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"ended: {', '.join(map(str, gone)) or '-'} / 旧密钥已停用")


def _tell(progress: services.Progress) -> None:
    click.echo(f"{progress.table}: {progress.done}, left {progress.left}", err=True)
