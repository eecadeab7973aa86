"""The eight base libraries (八大基础库) as views of the catalogue: owners, freshness, gaps.

A resource is fresh while its last change is younger than its update cycle and some slack. A gap is
a fact of a kind the library answers for that no published resource supplies. Nothing is read here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tongban.apps.exchange.domain.records import LIBRARIES, Entry, Organisation
from tongban.kernel.facts import Vocabulary, Words

#: The longest time between two changes that a cycle allows; `irregular` promises nothing.
ALLOWED: Mapping[str, timedelta] = {
    "real-time": timedelta(hours=1),
    "daily": timedelta(days=2),
    "weekly": timedelta(days=8),
    "monthly": timedelta(days=32),
    "quarterly": timedelta(days=93),
    "half-yearly": timedelta(days=185),
    "yearly": timedelta(days=367),
}


@dataclass(frozen=True, slots=True)
class Overdue:
    """A resource whose last change is older than its cycle allows."""

    slug: str
    name: Words
    cycle: str
    changed: datetime


@dataclass(frozen=True, slots=True)
class Library:
    """One base library. ``unknown`` counts resources of which no last change is known.

    ``gaps`` are ``kind.attribute``, sorted.
    """

    slug: str
    name: Words
    owners: tuple[Organisation, ...]
    resources: int
    items: int
    fresh: int
    unknown: int
    overdue: tuple[Overdue, ...]
    gaps: tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    """What is counted of a library while its entries pass by."""

    owners: dict[str, Organisation] = field(default_factory=dict)
    resources: int = 0
    items: int = 0
    known: int = 0
    overdue: list[Overdue] = field(default_factory=list)


def views(
    entries: Iterable[Entry],
    supplied: Collection[tuple[str, str]],
    vocabulary: Vocabulary,
    homes: Mapping[str, str],
    last_change: Mapping[str, datetime],
    now: datetime,
) -> tuple[Library, ...]:
    """Give all eight libraries, empty ones too.

    ``entries`` are those published in a library, ``supplied`` each (kind, item) that anything
    published holds; ``homes`` says which library answers for a kind; ``last_change`` gives the
    instant of the last change of a resource's data by slug, as far as it is known.
    """
    tallies = {slug: _Tally() for slug in LIBRARIES}
    for entry in entries:
        if entry.base_library in tallies:
            _count(tallies[entry.base_library], entry, last_change.get(entry.slug), now)
    gaps: dict[str, list[str]] = {slug: [] for slug in LIBRARIES}
    for kind, attributes in vocabulary.kinds.items():
        for name, attribute in attributes.items():
            if attribute.derive is None and (kind, name) not in supplied and kind in homes:
                gaps[homes[kind]].append(f"{kind}.{name}")
    return tuple(_library(slug, tallies[slug], gaps[slug]) for slug in LIBRARIES)


def _count(tally: _Tally, entry: Entry, changed: datetime | None, now: datetime) -> None:
    lead = entry.lead or entry.department
    tally.owners[lead.uscc] = lead
    tally.resources += 1
    tally.items += len(entry.items)
    if changed is None or entry.update_cycle not in ALLOWED:
        return
    tally.known += 1
    if now - changed > ALLOWED[entry.update_cycle]:
        tally.overdue.append(Overdue(entry.slug, entry.name, entry.update_cycle, changed))


def _library(slug: str, tally: _Tally, gaps: list[str]) -> Library:
    return Library(
        slug,
        LIBRARIES[slug],
        tuple(tally.owners[code] for code in sorted(tally.owners)),
        tally.resources,
        tally.items,
        tally.known - len(tally.overdue),
        tally.resources - tally.known,
        tuple(sorted(tally.overdue, key=lambda late: (late.changed, late.slug))),
        tuple(sorted(gaps)),
    )
