"""Turns entries into rows and back, and saves many at once: rows, items, versions, search index.

What did not change is not written and makes no version. Knows no permissions and tells nothing.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from tongban.apps.exchange.catalogue import index
from tongban.apps.exchange.domain import records
from tongban.apps.exchange.domain.records import Entry, Item, Organisation, Origin, Registered
from tongban.apps.exchange.models import DataItem, Resource, ResourceVersion
from tongban.kernel.events import canonical
from tongban.kernel.facts import Words

BATCH = 400
_KEPT = frozenset({"id", "slug", "source", "origin", "origin_id", "iri"})
_COLUMNS = [f.name for f in Resource._meta.concrete_fields if f.name not in _KEPT]


@dataclass(frozen=True, slots=True)
class Write:
    """An entry to save: whose it is, how it came, the state it shall have."""

    entry: Entry
    origin: Origin
    source: str
    state: str
    peer: int | None = None


def digest(entry: Entry) -> tuple[str, str]:
    """Give the canonical JSON of an entry and its SHA-256 in hex."""
    content = canonical(records.plain(entry))
    return content.decode(), hashlib.sha256(content).hexdigest()


def save(writes: Sequence[Write], now: datetime) -> list[Resource]:
    """Save what is new or changed, `BATCH` at a time, and give those rows.

    Call it inside a transaction; ``writes`` names each IRI once.
    """
    changed: list[Resource] = []
    for start in range(0, len(writes), BATCH):
        changed += _save(writes[start : start + BATCH], now)
    return changed


def _save(writes: Sequence[Write], now: datetime) -> list[Resource]:
    held = {
        row.iri: row
        for row in Resource.objects.select_for_update().filter(
            iri__in=[write.origin.iri for write in writes]
        )
    }
    fresh: list[Resource] = []
    old: list[Resource] = []
    kept: dict[str, tuple[Write, str]] = {}
    for write in writes:
        content, mark = digest(write.entry)
        row = held.get(write.origin.iri)
        if row is not None and _same(row, write, mark):
            continue
        (fresh if row is None else old).append(row := _row(row, write, now))
        if write.state != Resource.State.DRAFT:
            row.version += 1
            row.digest = mark
        kept[row.iri] = (write, content)
    Resource.objects.bulk_create(fresh)
    Resource.objects.bulk_update(old, _COLUMNS)
    rows = [*fresh, *old]
    DataItem.objects.filter(resource__in=old).delete()
    _insert([values for row in rows for values in _items(row, kept[row.iri][0].entry)])
    ResourceVersion.objects.bulk_create(
        [
            ResourceVersion(
                resource=row,
                version=row.version,
                state=row.state,
                digest=row.digest,
                content=kept[row.iri][1],
                published_at=now,
            )
            for row in rows
            if row.state != Resource.State.DRAFT
        ]
    )
    index.write([(row.pk, index.texts(kept[row.iri][0].entry, row.state)) for row in rows])
    return rows


def _same(row: Resource, write: Write, mark: str) -> bool:
    if write.state == Resource.State.DRAFT:
        return False
    return (row.state, row.digest, row.path, row.peer_id) == (
        write.state,
        mark,
        list(write.origin.path),
        write.peer,
    )


def _row(row: Resource | None, write: Write, now: datetime) -> Resource:
    entry, origin = write.entry, write.origin
    row = row or Resource(
        slug=entry.slug,
        source=str(write.source),
        origin=origin.instance,
        origin_id=origin.id,
        iri=origin.iri,
    )
    lead = entry.lead or entry.department
    values = {
        "path": list(origin.path),
        "peer_id": write.peer,
        "code": entry.code,
        "classes": list(entry.classes),
        "name_zh": entry.name.zh,
        "name_en": entry.name.en,
        "abstract_zh": entry.abstract.zh,
        "abstract_en": entry.abstract.en,
        "department": entry.department.key,
        "department_uscc": entry.department.uscc,
        "department_zh": entry.department.name.zh,
        "department_en": entry.department.name.en,
        "lead": lead.key,
        "lead_uscc": lead.uscc,
        "lead_zh": lead.name.zh,
        "lead_en": lead.name.en,
        "format": entry.format,
        "kind": entry.kind,
        "sharing": entry.sharing,
        "condition_zh": entry.condition.zh,
        "condition_en": entry.condition.en,
        "mode": entry.mode,
        "open": entry.open,
        "update_cycle": entry.update_cycle,
        "published_on": entry.published_on,
        "related": list(entry.related),
        "source_item": entry.source_item,
        "classification": entry.classification,
        "quality": dict(entry.quality),
        "base_library": entry.base_library,
        "region": entry.region,
        "level": entry.level,
        "state": str(write.state),
        "modified": now,
    }
    for name, value in values.items():
        setattr(row, name, value)
    return row


_ITEM = (
    *("resource_id", "place", "name", "label_zh", "label_en", "type", "classification"),
    *("mask", "key", "lead"),
)
_INSERT = (
    f"INSERT INTO exchange_dataitem ({', '.join(_ITEM)}) "  # noqa: S608 - our names
    f"VALUES ({', '.join(['%s'] * len(_ITEM))})"
)


def _insert(items: list[tuple[str | int, ...]]) -> None:
    """Insert the items; past the models, for a catalogue has ten times as many as resources."""
    if items:
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, items)


def _items(row: Resource, entry: Entry) -> Iterator[tuple[str | int, ...]]:
    for place, item in enumerate(entry.items):
        yield (
            *(row.pk, place, item.name, item.label.zh, item.label.en, item.type),
            *(item.classification, item.mask, item.key, item.lead),
        )


def entries(rows: Iterable[Resource]) -> list[Registered]:
    """Give the records of these rows, their items read in one query."""
    listed = list(rows)
    items: dict[int, list[Item]] = {row.pk: [] for row in listed}
    for item in DataItem.objects.filter(resource__in=[row.pk for row in listed]).order_by("place"):
        items[item.resource_id].append(
            Item(
                item.name,
                Words(item.label_zh, item.label_en),
                item.type,
                item.classification,
                item.mask,
                item.key,
                item.lead,
            )
        )
    return [_registered(row, tuple(items[row.pk])) for row in listed]


def _registered(row: Resource, items: tuple[Item, ...]) -> Registered:
    entry = Entry(
        slug=row.slug,
        code=row.code,
        name=Words(row.name_zh, row.name_en),
        department=Organisation(
            row.department, row.department_uscc, Words(row.department_zh, row.department_en)
        ),
        region=row.region,
        items=items,
        sharing=row.sharing,
        abstract=Words(row.abstract_zh, row.abstract_en),
        classes=tuple(row.classes),
        lead=Organisation(row.lead, row.lead_uscc, Words(row.lead_zh, row.lead_en)),
        format=row.format,
        kind=row.kind,
        condition=Words(row.condition_zh, row.condition_en),
        mode=row.mode,
        open=row.open,
        update_cycle=row.update_cycle,
        published_on=row.published_on,
        related=tuple(row.related),
        source_item=row.source_item,
        classification=row.classification,
        quality=row.quality,
        base_library=row.base_library,
    )
    origin = Origin(row.origin, row.origin_id, row.iri, tuple(row.path))
    return Registered(row.pk, entry, origin, row.source, row.state, row.version, row.modified)
