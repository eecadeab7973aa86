"""``tongban witness``: make a witness and run it (见证人)."""

from pathlib import Path

import click

from tongban.kernel.suites import SUITES
from tongban.witness import server
from tongban.witness.config import ConfigInvalid, make_witness, read_config
from tongban.witness.store import StoreInvalid


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--name", required=True, help="A name as of a website, such as court.example/witness."
)
@click.option("--log", "logs", multiple=True, help="The verifier key of a log to know; repeatable.")
@click.option("--suite", "suite_name", type=click.Choice(sorted(SUITES)), default="std")
@click.option("--listen", default="127.0.0.1:7301", show_default=True)
def init(folder: Path, name: str, logs: tuple[str, ...], suite_name: str, listen: str) -> None:
    """Make a key and witness.toml in FOLDER, and print the verifier key to publish."""
    try:
        made = make_witness(folder, name, suite_name, listen, logs)
    except ConfigInvalid as wrong:
        raise click.ClickException(str(wrong)) from None
    click.echo(str(made.key))


@click.command()
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("witness.toml"),
    show_default=True,
)
def run(path: Path) -> None:
    """Run the witness until it is stopped."""
    try:
        server.serve(read_config(path))
    except (ConfigInvalid, StoreInvalid) as wrong:
        raise click.ClickException(str(wrong)) from None
