"""Hands the catalogue on: DCAT-AP 3 in JSON-LD and plain JSON, a page of records in memory.

Only what is published leaves; a page since an instant also says what was withdrawn.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongban.apps.exchange import queries as exchange
from tongban.apps.exchange.catalogue import queries
from tongban.apps.exchange.domain import dcat, records
from tongban.apps.exchange.domain.governance import Governance
from tongban.apps.exchange.domain.records import Organisation, Registered

PAGE = 500


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the catalogue in JSON-LD, and the cursor of the next one (0: the last)."""

    document: dict[str, Any]
    next: int


def _head(governance: Governance) -> dict[str, Any]:
    known = exchange.departments()[governance.operator]
    operator = Organisation(known.key, known.uscc, known.name)
    return dcat.catalogue(governance.instance, known.name, operator)


def page(after: int = 0, size: int = PAGE, since: datetime | None = None) -> Page:
    """Give the page after a cursor; every page is a catalogue in itself."""
    governance = exchange.catalogue().governance
    held = next(queries.pages(size, after=after, since=since), [])
    listed = [dcat.dataset(one, governance.instance) for one in held]
    last = held[-1].id if len(held) == size else 0
    return Page({**_head(governance), "dcat:dataset": listed}, last)


def jsonld() -> Iterator[str]:
    """Give all that is published as one JSON-LD document, in pieces."""
    governance = exchange.catalogue().governance
    head = json.dumps(_head(governance), ensure_ascii=False)
    yield f'{head[:-1]}, "dcat:dataset": [\n'
    yield from _listed(lambda one: dcat.dataset(one, governance.instance))
    yield "\n]}\n"


def plain_json() -> Iterator[str]:
    """Give all that is published as one JSON list of records with origin, state and version."""
    yield "[\n"
    yield from _listed(record)
    yield "\n]\n"


def _listed(write: Any) -> Iterator[str]:
    first = True
    for held in queries.pages(PAGE):
        for one in held:
            yield ("" if first else ",\n") + json.dumps(write(one), ensure_ascii=False)
            first = False


def record(one: Registered) -> dict[str, Any]:
    """Give a record as JSON data, with where it came from and where it stands."""
    return {
        **records.plain(one.entry),
        "category": one.entry.category,
        "level": one.entry.level,
        "origin": one.origin.instance,
        "origin_id": one.origin.id,
        "iri": one.origin.iri,
        "path": list(one.origin.path),
        "source": one.source,
        "state": one.state,
        "version": one.version,
        "modified": one.modified.isoformat(),
    }
