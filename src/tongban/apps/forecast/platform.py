"""The forecast of this installation's own trail (本平台): what is decided, by group and period."""

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click

from tongban.apps.cases import events as cases
from tongban.apps.items import queries as items
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.trail import queries as trail
from tongban.kernel.clocks import SHANGHAI

from . import services
from .cli import AHEAD, LANG, OUT, tell
from .domain.panel import Measure, Panel, label
from .domain.running import TooShort
from .domain.tallying import EVERY, tally

_DECIDED = frozenset({"granted", "refused"})
NAME = "trail of this installation"


@click.command()
@click.option("--by", type=click.Choice(["department", "item"]), default="department")
@click.option("--every", type=click.Choice(list(EVERY)), default="month", show_default=True)
@AHEAD
@OUT
@LANG
def platform(by: str, every: str, ahead: int, out: Path, lang: str) -> None:
    """Forecast how many items are decided, by department or item, from the own trail (本平台)."""
    frequency = EVERY[every]
    rows = tally(decided(by, lang), clock.today(), frequency)
    told = io.StringIO()
    lines = csv.writer(told, lineterminator="\n")
    lines.writerow(["region", "period", "value"])
    lines.writerows((row.region, label(row.period, frequency), int(row.value)) for row in rows)
    digest = hashlib.sha256(told.getvalue().encode()).hexdigest()
    if not rows:
        raise click.ClickException(
            f"the trail tells of no whole {every} yet: wait until one is over"
            " / 留痕尚无完整的一期：请待本期结束"
        )
    panel = Panel(rows, frequency, Measure("decided", "case", low=0), (), NAME, digest)
    try:
        result = services.forecast(panel, ahead=ahead)
    except TooShort as short:
        raise click.ClickException(
            f"{short}; the trail tells of {len(panel.periods)} whole periods: --every month, or"
            " wait / 留痕所及的完整期数不足：改用 --every month，或稍后再试"
        ) from short
    tell(result, out, lang)
    # what was forecast, so that anybody may forecast it anew out of the file
    (out / "panel.csv").write_text(told.getvalue(), encoding="utf-8")


def decided(by: str, lang: str) -> Iterator[tuple[str, date]]:
    """Give of every decided item its group and its day; nothing of any person."""
    # an event names its department by its key or by its unified social credit code
    names = {
        told: parties.department_name(key, lang)
        for key in parties.departments()
        for told in (key, parties.department_code(key))
    }
    known = {slug: items.item(slug).name.of(lang) for slug in items.items()}
    for event in trail.every(cases.ENDED):
        if event.erased or event.data["stage"] not in _DECIDED:
            continue
        if by == "item":
            group = known.get(event.item, event.item)
        else:
            group = names.get(event.organisation, event.organisation)
        yield group, event.occurred.astimezone(SHANGHAI).date()
