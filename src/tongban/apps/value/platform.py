"""The report of unit costs on this installation's own trail (本平台): events, ratings, no export.

The events go into a file of this run alone, which is removed with it. Persons are written there as
numbers that only this run knows.
"""

import csv
import tempfile
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import click

from tongban.apps.cases import events as cases
from tongban.apps.parties import queries as parties
from tongban.apps.voice import queries as voice
from tongban.infra.reports.model import Source
from tongban.infra.trail import queries as trail
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

from . import building
from . import parameters as assumed
from .cli import TYPED, day, put, refusals, reporting, warn
from .counting import BY, COLUMNS, PERSON

_FILE = click.Path(path_type=Path)
_SATISFIED = 3  # of five levels, from 基本满意 up
TRAIL = Words("本平台留痕", "trail of this installation")
_RATINGS = Words("本平台评价", "ratings of this installation")


def rows() -> Iterator[tuple[str, ...]]:
    """Give the events of all cases as the columns of an events file, in their order.

    The person of a case is who submitted it or for whom; an erased end has no stage any more. A
    department is told by its key throughout, which the ledger names.
    """
    # the trail has the credit code of the department where an official took the step
    keys = {parties.department_code(key): key for key in parties.departments()}
    persons: dict[str, str] = {}
    numbers: dict[str, str] = {}
    for event in trail.every("tongban.cases."):
        if event.type == cases.SUBMITTED:
            person = event.on_behalf_of or event.actor
            persons[event.chain] = numbers.setdefault(person, str(len(numbers) + 1))
        stage = ""
        if event.type == cases.ENDED and not event.erased:
            stage = str(event.data["stage"])
        yield (
            event.type,
            event.chain,
            event.item,
            event.occurred.isoformat(),
            keys.get(event.organisation, event.organisation),
            persons.get(event.chain, ""),
            stage,
            PERSON if event.type == cases.STEPPED and event.actor != cases.SYSTEM else "",
        )


def satisfaction(source: Source) -> Figure | None:
    """Give the share of ratings from "basically satisfied" up; None where too few are told."""
    levels: dict[int, int] | None = voice.levels()
    total = sum(levels.values()) if levels else 0
    if levels is None or not total:
        return None
    good = sum(count for level, count in levels.items() if int(level) >= _SATISFIED)
    return source.share(Decimal(good) / total)


@click.command()
@click.argument("ledger", type=_FILE)
@click.option("--year", type=int, help="The year (default: the last of both).")
@click.option("--users", type=click.IntRange(min=1), help="How many users there are.")
@reporting
def platform(
    ledger: Path,
    year: int | None,
    users: int | None,
    outputs: tuple[Path, ...],
    lang: str,
    own: Path | None,
    as_of: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Tell what each service costs on this installation: LEDGER over its own trail (本平台)."""
    today = day(as_of)
    with refusals(), tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.csv"
        with events.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow((*COLUMNS, BY))
            writer.writerows(rows())
        report = building.of_costs(
            ledger,
            events,
            assumed.load(own),
            today,
            year=year,
            users=None if users is None else Source(TYPED, today, "quoted").of(users, "person"),
            satisfaction=satisfaction(Source(_RATINGS, today)),
            trail=TRAIL,
        )
        warn(report, lang, as_json=as_json)
        put(report, "platform", outputs, lang, as_json=as_json)
