"""Commands about background work, for operators: what failed for good, and trying it again.

Each is a thin cover of a service; errors come out as one sentence.
"""

import click

from tongban.infra.jobs import services


@click.group()
def jobs() -> None:
    """Background work (后台任务): dead letters and how many jobs wait."""


@jobs.command()
def dead() -> None:
    """List the jobs that failed for good (死信), with the error of the last try."""
    click.echo(f"{services.waiting()} waiting / 待办")
    for letter in services.dead_letters():
        args = ", ".join(f"{name}={value}" for name, value in letter.args.items())
        click.echo(f"{letter.job_id}  {letter.name}({args})  ×{letter.attempts}  {letter.error}")


@jobs.command()
@click.argument("job_id", type=click.UUID)
def requeue(job_id: str) -> None:
    """Let a dead letter be tried again from the first try."""
    try:
        services.requeue(str(job_id), actor="command line")
    except services.NotDead as error:
        raise click.ClickException(str(error)) from error
