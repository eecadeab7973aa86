"""Commands of the exchange: the sample city's department stores."""

from pathlib import Path

import click
from django.conf import settings

from tongban.apps.exchange.domain import build
from tongban.apps.exchange.reading import merge
from tongban.apps.exchange.sample import of_sample_city, write_stores
from tongban.apps.parties.sample import generate
from tongban.infra.clock import today
from tongban.infra.packs import find_packs, read_packs, shipped_packs
from tongban.infra.regions import load_regions


@click.command()
@click.option("--people", default=2_000, show_default=True, help="How many people live there.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same city.")
@click.option(
    "--newborns", type=int, help="Families with an unregistered child (default: a real share)."
)
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Where the stores go.")
def sample(people: int, seed: int, newborns: int | None, folder: Path | None) -> None:
    """Write the sample city 安和市: departments' stores with families and companies."""
    contracts = of_sample_city(build(merge(read_packs(find_packs(settings.PACKS))), 0).contracts)
    folder = folder or settings.DEPARTMENT_STORES
    try:
        city = generate(people, seed, load_regions(shipped_packs() / "base"), today(), newborns)
        folder.parent.mkdir(parents=True, exist_ok=True)
        write_stores(city, folder, contracts)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    rows = sum(len(register.rows) for register in city.registers.values())
    click.echo(f"{folder}: {people:,} people, {rows:,} rows in {len(city.registers)} registers")
