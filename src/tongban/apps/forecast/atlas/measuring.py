"""What this installation measures of what the atlas quotes 本平台实测: counts, benchmarks, reports.

A count is taken when it is asked for, or once a day, and kept with its day in a file below
TONGBAN_HOME, so that a page shows it at once. Nothing of any person is in it.
"""

import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from tongban.apps.cases import events as cases
from tongban.apps.cases import queries as case_queries
from tongban.apps.evidence import queries as evidence
from tongban.apps.exchange import queries as exchange
from tongban.apps.forecast.domain.atlas import Measured
from tongban.apps.forecast.domain.atlas.counting import WINDOW, Counted, Ended, count
from tongban.apps.items import queries as items
from tongban.apps.outreach import events as outreach
from tongban.apps.voice import queries as voice
from tongban.infra import clock
from tongban.infra.trail import queries as trail
from tongban.kernel.facts import Words
from tongban.kernel.figures import Figure

from .reading import Atlas, AtlasInvalid, Beside

_DECIDED = frozenset({"granted", "refused"})
_SATISFIED = 3  # of five levels, from 基本满意 up
_PLACES = Decimal("0.01")
_HERE = "tongban atlas, this installation"
#: How often the counts are taken for the page.
EVERY = timedelta(days=1)
#: Under which name is kept what was given to the command.
KEPT = {"report": "reports", "bench": "benches"}


class NoPlatform(RuntimeError):
    """There is no installation here whose counts could be taken."""


def platform() -> dict[str, Figure]:
    """Take every count of this installation. Raise NoPlatform where there is none."""
    try:
        if not _stands():
            raise NoPlatform(
                "no platform here: run `tongban demo` / 此处没有平台：先运行 tongban demo"
            )
        return _counts()
    except DatabaseError as broken:
        raise NoPlatform(f"the database cannot be read: {broken} / 数据库不可读") from broken


def _stands() -> bool:
    # connecting would make an empty file where there is none
    if connection.vendor == "sqlite" and not Path(str(connection.settings_dict["NAME"])).is_file():
        return False
    return "trail_event" in connection.introspection.table_names()


def _counts() -> dict[str, Figure]:
    now = clock.now()
    today = now.date()
    found: dict[str, Figure] = {}

    def put(name: str, value: float | Decimal | None, unit: str) -> None:
        if value is not None:
            exact = value if isinstance(value, int) else _exact(value)
            found[name] = Figure(exact, unit, today, _HERE, "measured")

    counted = _cases()
    leaves = evidence.status().leaves
    put("items", len(items.items()), "item")
    put(
        "items_of_a_life_event",
        max((len(items.life_event(one).branches) for one in items.life_events()), default=None),
        "item",
    )
    put("licence_kinds", len(items.licence_kinds()), "item")
    put("resources", len(exchange.resources()), "item")
    put("departments", len(exchange.departments()), "item")
    put("leaves", leaves, "item")
    put("branches_ended", counted.ended, "case")
    put("submissions_of_a_case", counted.per_case, "material")
    put("unaided_seconds", counted.unaided, "second")
    put("aided_seconds", counted.aided, "second")
    required, spared = case_queries.papers()
    put("papers_spared", _percent(spared, required), "percent")
    put("calls_a_day", Decimal(counted.calls) / counted.days if counted.calls else None, "call")
    put("calls_failed", _percent(counted.failed, counted.calls), "percent")
    put("paid_unasked", sum(1 for _ in trail.heads((outreach.PAYMENT_ORDERED,))), "person")
    levels: dict[int, int] | None = voice.levels()
    if levels:
        good = sum(number for level, number in levels.items() if int(level) >= _SATISFIED)
        put("satisfied", _percent(good, sum(levels.values())), "percent")
        put("ratings_a_month", voice.since(now - WINDOW), "item")
    return found


def _cases() -> Counted:
    submitted: list[tuple[str, datetime]] = []
    handled: set[tuple[str, str]] = set()
    calls: list[tuple[datetime, bool]] = []
    seen = trail.heads(
        (cases.SUBMITTED, cases.STEPPED, cases.FACTS_RECEIVED, cases.SOURCE_UNAVAILABLE)
    )
    for head in seen:
        if head.type == cases.SUBMITTED:
            submitted.append((head.chain, head.occurred))
        elif head.type == cases.STEPPED:
            if head.actor != cases.SYSTEM:
                handled.add((head.chain, head.item))
        else:
            calls.append((head.occurred, head.type == cases.FACTS_RECEIVED))
    return count(submitted, frozenset(handled), _ends(), calls, clock.now())


def _ends() -> Iterator[Ended]:
    for event in trail.every(cases.ENDED):
        if not event.erased and event.data["stage"] in _DECIDED:
            yield Ended(event.chain, event.item, event.occurred)


def _exact(value: float | Decimal) -> Decimal:
    return Decimal(value).quantize(_PLACES, ROUND_HALF_EVEN).normalize() + 0


def _percent(part: int, whole: int) -> Decimal | None:
    return Decimal(100 * part) / whole if whole else None


# --- kept


def _file(name: str) -> Path:
    return Path(settings.HOME) / "atlas" / f"{name}.json"


def keep(found: Mapping[str, Figure], name: str = "measured") -> None:
    """Keep figures for the page: the whole file or none of it."""
    place = _file(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    told = {
        key: {
            "value": str(one.value),
            "unit": one.unit,
            "as_of": one.as_of.isoformat(),
            "source": one.source if isinstance(one.source, str) else asdict(one.source),
            "status": one.status,
        }
        for key, one in found.items()
    }
    with tempfile.NamedTemporaryFile("w", dir=place.parent, delete=False, encoding="utf-8") as out:
        json.dump(told, out, indent=1, ensure_ascii=False)
    Path(out.name).replace(place)


def add(atlas: Atlas, by: str, found: Mapping[str, Figure]) -> None:
    """Keep what stands beside a quoted figure ``by`` report or bench, with what was kept before."""
    wanted = {one.name for one in atlas.beside.values() if one.by == by}
    named = {name: figure for name in wanted if (figure := _named(name, found)) is not None}
    keep(kept(KEPT[by]) | named, KEPT[by])


def kept(name: str = "measured") -> dict[str, Figure]:
    """Give the figures that were kept last; none where none were."""
    try:
        told = json.loads(_file(name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {key: _figure(one) for key, one in told.items()}


def _figure(one: Mapping[str, Any]) -> Figure:
    value = Decimal(str(one["value"]))
    exact = int(value) if one["unit"] == "fen" else value
    # what was kept before sources were is of this installation's counts
    source = one.get("source", _HERE)
    return Figure(
        exact,
        one["unit"],
        date.fromisoformat(one["as_of"]),
        Words(**source) if isinstance(source, dict) else source,
        one.get("status", "measured"),
    )


# --- reports


def reports(paths: Iterable[Path]) -> dict[str, Figure]:
    """Read reports of this installation as section | row | column → figure. Raise AtlasInvalid.

    A figure keeps its status: what rests on an assumption in a report does so here too. Where two
    figures have one name (two rates of return) neither is given; a later report goes before an
    earlier one.
    """
    found: dict[str, Figure] = {}
    for path in paths:
        found |= _report(path)
    return found


def _report(path: Path) -> dict[str, Figure]:
    try:
        sections = json.loads(path.read_text(encoding="utf-8"))["sections"]
        cells = [
            (f"{section['title']['en']} | {row[0]['en']} | {head['en']}", _figure(cell))
            for section in sections
            for table in section["tables"]
            for row in table["rows"]
            if isinstance(row[0], dict) and "en" in row[0]
            for head, cell in zip(table["head"], row, strict=True)
            if isinstance(cell, dict) and "unit" in cell
        ]
    except (OSError, ValueError, ArithmeticError, LookupError, TypeError) as wrong:
        raise AtlasInvalid(
            f"AtlasInvalid: {path} is no report of `tongban value` or `tongban forecast` ({wrong});"
            " give its report.json / 不是本平台的报告"
        ) from None
    times = Counter(name for name, _ in cells)
    return {name: figure for name, figure in cells if times[name] == 1}


# --- benchmarks


def bench(path: Path) -> dict[str, Figure]:
    """Read the results of `make bench` as group/what → number as written. Raise AtlasInvalid."""
    try:
        results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["results"]
        return {
            f"{group}/{row['what']}": Figure(
                Decimal(str(row["ours"])),
                "number",
                date.fromisoformat(told["when"][:10]),
                f"make bench ONLY={group}",
                "measured",
            )
            for group, told in results.items()
            for row in reversed(told["rows"])
        }
    except (OSError, ValueError, ArithmeticError, KeyError, TypeError) as wrong:
        raise AtlasInvalid(
            f"AtlasInvalid: {path} is not what `make bench` writes ({wrong});"
            " give benchmarks/results/latest.json"
        ) from None


def beside(
    atlas: Atlas,
    counts: Mapping[str, Figure],
    benches: Mapping[str, Figure],
    made: Mapping[str, Figure],
) -> dict[str, Measured]:
    """Put what was measured beside each quoted figure that it belongs to."""
    ways: Mapping[str, Callable[[Beside], Figure | None]] = {
        "platform": lambda one: counts.get(one.name),
        "bench": lambda one: _benched(one, benches),
        "report": lambda one: _named(one.name, made),
        "none": lambda _one: None,
    }
    return {
        key: Measured(key, ways[one.by](one), one.command, one.zh, one.en)
        for key, one in atlas.beside.items()
    }


def _named(name: str, found: Mapping[str, Figure]) -> Figure | None:
    # a star stands for what differs from report to report, as a year; two that fit are none
    fits = re.compile(".*".join(map(re.escape, name.split("*"))))
    figures = [figure for told, figure in found.items() if fits.fullmatch(told)]
    return figures[0] if len(figures) == 1 else None


def _benched(one: Beside, benches: Mapping[str, Figure]) -> Figure | None:
    found = _named(one.name, benches)
    if found is None or one.unit is None:
        return None
    scaled = found.value * one.times
    places = _PLACES if abs(scaled) < 10 else Decimal(1)
    exact = scaled.quantize(places, ROUND_HALF_EVEN)
    return Figure(exact, one.unit, found.as_of, one.command, "measured")
