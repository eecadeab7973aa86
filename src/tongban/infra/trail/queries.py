"""Reads of the trail: the story of a chain, and whether it still stands."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from tongban.infra.trail import models
from tongban.kernel.events import Broken, Event, verify_chain
from tongban.kernel.suites import SealBroken

_BATCH = 500


def to_events(rows: Iterable[models.Event], *, judged: bool = False) -> tuple[Event, ...]:
    """Give the kernel's events of these rows, in their order, with what payloads are kept.

    Raise SealBroken for a payload that does not open; where the events are to be ``judged`` it is
    given as empty instead, which its digest belies.
    """
    rows = list(rows)
    payloads: dict[UUID, models.Payload] = {}
    for start in range(0, len(rows), _BATCH):
        payloads |= models.Payload.objects.in_bulk([r.id for r in rows[start : start + _BATCH]])
    return tuple(_event(row, payloads.get(row.id), judged=judged) for row in rows)


def _event(row: models.Event, payload: models.Payload | None, *, judged: bool) -> Event:
    try:
        salt, data = (None, None) if payload is None else payload.parts()
    except SealBroken:
        if not judged:
            raise
        salt, data = b"", ""
    return Event(
        id=str(row.id),
        type=row.type,
        chain=row.chain,
        seq=row.seq,
        actor=row.actor,
        organisation=row.organisation,
        on_behalf_of=row.on_behalf_of,
        authority=row.authority,
        item=row.item,
        item_version=row.item_version,
        step=row.step,
        lifecycle=row.lifecycle,
        occurred=row.occurred,
        recorded=row.recorded,
        reason=row.reason,
        corrects=row.corrects,
        previous=row.previous,
        suite=row.suite,
        payload_digest=row.payload_digest,
        hash=row.hash,
        salt=salt,
        payload=data,
    )


def history(chain: str, *, after: int = 0) -> tuple[Event, ...]:
    """Give the events of a chain in order, those beyond ``after`` only."""
    return to_events(models.Event.objects.filter(chain=chain, seq__gt=after).order_by("seq"))


def of_type(kind: str, chains: Collection[str]) -> tuple[Event, ...]:
    """Give the events of this type on these chains, chain by chain, by one question."""
    rows = models.Event.objects.filter(type=kind, chain__in=chains)
    return to_events(rows.order_by("chain", "seq"))


def head(chain: str) -> int:
    """Give the last ``seq`` of a chain; 0 where it has no event."""
    last = models.Event.objects.filter(chain=chain).order_by("-seq").values_list("seq", flat=True)
    return last.first() or 0


def event(event_id: str) -> Event | None:
    """Give the event of this id, or None."""
    found = to_events(models.Event.objects.filter(id=event_id))
    return found[0] if found else None


def seals(event_ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Give of each event that is there its hash and the suite it was sealed by."""
    found: dict[UUID, tuple[str, str]] = {}
    for start in range(0, len(event_ids), _BATCH):
        rows = models.Event.objects.filter(id__in=event_ids[start : start + _BATCH])
        found |= {row[0]: row[1:] for row in rows.values_list("id", "hash", "suite")}
    return found


def recent(*, types: Sequence[str] = (), limit: int = 100) -> tuple[Event, ...]:
    """Give the latest events of the installation, newest first; of these types where named."""
    rows = models.Event.objects.order_by("-position")
    return to_events((rows.filter(type__in=types) if types else rows)[:limit])


def every(prefix: str) -> Iterator[Event]:
    """Give every event whose type begins so, as it was told; the trail need not fit in memory."""
    rows = models.Event.objects.filter(type__startswith=prefix).order_by("position")
    return _in_batches(rows.iterator(_BATCH), judged=False)


@dataclass(frozen=True, slots=True)
class Head:
    """What an event is, without what it tells: nothing sealed is opened for it."""

    type: str
    chain: str
    item: str
    actor: str
    occurred: datetime


def heads(types: Collection[str]) -> Iterator[Head]:
    """Give the heads of all events of these types, as they were told."""
    rows = models.Event.objects.filter(type__in=types).order_by("position")
    columns = rows.values_list("type", "chain", "item", "actor", "occurred")
    return (Head(*row) for row in columns.iterator(_BATCH))


def verify(chain: str | None = None) -> Broken | None:
    """Recompute one chain, or every chain; name the first event that does not hold, or None.

    A payload may be missing only where an erasure is on record. Reads in batches: the whole trail
    need not fit in memory.
    """
    rows = models.Event.objects.order_by("chain", "seq")
    if chain is not None:
        rows = rows.filter(chain=chain)
    for _, events in groupby(_in_batches(rows.iterator(_BATCH)), key=attrgetter("chain")):
        # one pass serves both checks: the generator notes what was missing on the way
        missing: list[Event] = []
        broken = verify_chain(_noting(events, missing))
        erased = models.Erasure.objects.in_bulk([UUID(e.id) for e in missing])
        for lost in missing:
            if UUID(lost.id) not in erased:
                return Broken(lost.chain, lost.seq, lost.id, "its data is gone without an erasure")
        if broken:
            return broken
    return None


def _noting(events: Iterable[Event], missing: list[Event]) -> Iterator[Event]:
    for found in events:
        if found.erased:
            missing.append(found)
        yield found


def _in_batches(rows: Iterator[models.Event], *, judged: bool = True) -> Iterator[Event]:
    batch: list[models.Event] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield from to_events(batch, judged=judged)
            batch = []
    yield from to_events(batch, judged=judged)


def count(chain: str | None = None) -> int:
    """Give how many events a chain, or the whole trail, has."""
    rows = models.Event.objects.all()
    return (rows if chain is None else rows.filter(chain=chain)).count()
