"""The relay: carries events from the trail to subscribers in this installation.

Each consumer sees every event that matches it, at least once and in the order of its chain. The
reading position is saved in the transaction of the consumer's own writes, so those happen exactly
once; what a handler does beyond this database it must do idempotently, by the event's id. A
handler runs inside a transaction: one that must call outside enqueues a job.

A follower is told every event of the trail, many at a time and exactly once: for what must miss
nothing, and therefore parks nothing.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import BigIntegerField, Func, Q, QuerySet

from tongban.infra import clock
from tongban.infra.trail import models, queries
from tongban.infra.trail.services import tell
from tongban.kernel.events import Draft, Event

log = logging.getLogger(__name__)
Handler = Callable[[Event], None]
_ROUND = 200
_LONGEST_WAIT = timedelta(hours=1)


class AlreadySubscribed(ValueError):
    """Two subscribers bear one name, and would share one reading position."""


class NotParked(LookupError):
    """No such event waits for this consumer."""


class NumbersTurnedBack(RuntimeError):
    """The server counts its transactions from a lower number than the trail remembers."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """A subscriber: its name, the event types it wants (``*`` stands for anything), its patience.

    An event that failed ``tries`` times is dead; before try n it waits ``backoff`` × 2^(n-2).
    """

    name: str
    types: tuple[str, ...]
    handle: Handler
    tries: int
    backoff: timedelta

    def wants(self, event_type: str) -> bool:
        """Tell whether this type of event is for this consumer."""
        return any(fnmatchcase(event_type, pattern) for pattern in self.types)


_consumers: dict[str, Consumer] = {}


def subscribe(
    name: str,
    types: str | Sequence[str],
    handle: Handler,
    *,
    tries: int = 8,
    backoff: timedelta = timedelta(seconds=2),
) -> None:
    """Enter a subscriber; a new name is told the whole story from the first event.

    Raise AlreadySubscribed where the name is taken by another handler.
    """
    patterns = (types,) if isinstance(types, str) else tuple(types)
    held = _consumers.get(name)
    if held is not None and held.handle is not handle:
        raise AlreadySubscribed(f"AlreadySubscribed: {name!r} has a handler; choose another name")
    _consumers[name] = Consumer(name, patterns, handle, tries, backoff)


def unsubscribe(name: str) -> None:
    """Take a subscriber out; its reading position stays."""
    _consumers.pop(name, None)


def deliver() -> int:
    """Carry one round of events to every consumer; give how many were read or tried again.

    Safe to run in many processes: one of them serves a consumer at a time.
    """
    return sum([_round(consumer) for consumer in list(_consumers.values())])


class Passed(NamedTuple):
    """An event as a follower is told of it: its id, and the hash that commits to all of it.

    ``id`` is as this database writes it: a UUID, or its 32 digits where there is no such type.
    """

    id: UUID | str
    hash: str
    suite: str


def follow(name: str, take: Callable[[Sequence[Passed]], None], *, most: int = 4096) -> int:
    """Carry the next events, at most so many, to the follower of this name; give how many.

    ``take`` runs in the transaction that moves the position: both stand or neither. What it raises
    is raised here, and the same events come again. One process at a time; the others get 0.
    """
    cursor, _ = models.Cursor.objects.get_or_create(consumer=name)
    if not _readable(cursor).exists():
        _check_numbers()
        return 0
    with transaction.atomic():
        held = (
            models.Cursor.objects.select_for_update(skip_locked=True).filter(pk=cursor.pk).first()
        )
        if held is None:
            return 0
        columns = _readable(held).values_list("after_tx", "position", "id", "hash", "suite")
        with connection.cursor() as reading:
            # to read an id as a UUID and to write it back would take a third of the time
            reading.execute(*columns[:most].query.sql_with_params())
            rows = reading.fetchall()
        if rows:
            take([Passed._make(row[2:]) for row in rows])
            held.after_tx, held.position = rows[-1][:2]
            held.save()
    return len(rows)


def passed(name: str) -> QuerySet[models.Event]:
    """Give the events that the consumer or follower of this name was told of already."""
    cursor = models.Cursor.objects.filter(consumer=name).first() or models.Cursor()
    told = Q(after_tx__lt=cursor.after_tx) | Q(
        after_tx=cursor.after_tx, position__lte=cursor.position
    )
    return models.Event.objects.filter(told)


def drain() -> int:
    """Deliver until nothing is left that may be delivered now; give how many in all."""
    total = 0
    while moved := deliver():
        total += moved
    return total


class _Snapshot(Func):
    """``pg_snapshot_xmin`` or ``xmax`` of the statement's own snapshot, as a number."""

    template = "%(function)s(pg_current_snapshot())::text::bigint"
    output_field = BigIntegerField()


def _unread(cursor: models.Cursor) -> list[models.Event]:
    found = list(_readable(cursor)[:_ROUND])
    if not found:
        _check_numbers()
    return found


def _readable(cursor: models.Cursor) -> QuerySet[models.Event]:
    rows = models.Event.objects.filter(
        Q(after_tx__gt=cursor.after_tx) | Q(position__gt=cursor.position),
        after_tx__gte=cursor.after_tx,
    ).order_by("after_tx", "position")
    if connection.vendor == "postgresql":
        # A transaction that is still open may yet add rows before those that are seen now.
        return rows.filter(after_tx__lt=_Snapshot(function="pg_snapshot_xmin"))
    return rows


def _check_numbers() -> None:
    if connection.vendor != "postgresql":
        return
    ahead = models.Event.objects.filter(after_tx__gte=_Snapshot(function="pg_snapshot_xmax"))
    if ahead.exists():
        raise NumbersTurnedBack(
            "NumbersTurnedBack: events carry transaction numbers that this server has not "
            "reached, as after restoring a dump; raise its next number above "
            "MAX(trail_event.after_tx) (pg_resetwal --next-transaction-id)"
        )


def _due(consumer: Consumer) -> list[models.Parked]:
    waiting = models.Parked.objects.filter(consumer=consumer.name, due__lte=clock.now())
    return list(waiting.order_by("event_id")[:_ROUND])


def _round(consumer: Consumer) -> int:
    cursor, _ = models.Cursor.objects.get_or_create(consumer=consumer.name)
    if not _unread(cursor) and not _due(consumer):
        return 0
    with transaction.atomic():
        held = (
            models.Cursor.objects.select_for_update(skip_locked=True).filter(pk=cursor.pk).first()
        )
        if held is None:
            return 0
        tried = sum([_try_chain(consumer, parked.chain) for parked in _due(consumer)])
        rows = _unread(held)
        if rows:
            _hand_over(consumer, [row for row in rows if consumer.wants(row.type)])
            held.after_tx, held.position = rows[-1].after_tx, rows[-1].position
            held.save()
        return tried + len(rows)


def _hand_over(consumer: Consumer, rows: Sequence[models.Event]) -> None:
    waiting = set(
        models.Parked.objects.filter(
            consumer=consumer.name, chain__in={row.chain for row in rows}
        ).values_list("chain", flat=True)
    )
    for row, event in zip(rows, queries.to_events(rows), strict=True):
        parked = models.Parked(consumer=consumer.name, event=row, chain=row.chain)
        if row.chain in waiting:
            parked.save()
        elif not _handled(consumer, event, parked):
            waiting.add(row.chain)


def _handled(consumer: Consumer, event: Event, parked: models.Parked) -> bool:
    try:
        with transaction.atomic():
            consumer.handle(event)
    except Exception as error:
        log.exception("%s failed on event %s", consumer.name, event.id)
        parked.attempts += 1
        parked.error = f"{type(error).__name__}: {error}"
        parked.dead = parked.attempts >= consumer.tries
        wait = min(consumer.backoff * 2 ** (parked.attempts - 1), _LONGEST_WAIT)
        parked.due = None if parked.dead else clock.now() + wait
        parked.save()
        return False
    return True


def _try_chain(consumer: Consumer, chain: str) -> int:
    """Try what waits of a chain, in order, until one fails again; give how many were tried."""
    waiting = models.Parked.objects.filter(consumer=consumer.name, chain=chain)
    tried = 0
    for parked in waiting.select_related("event").order_by("event__seq"):
        tried += 1
        if not _handled(consumer, queries.to_events([parked.event])[0], parked):
            break
        parked.delete()
    return tried


@dataclass(frozen=True, slots=True)
class Dead:
    """An event that a consumer could not handle; ``behind`` later ones of its chain wait."""

    parked_id: int
    consumer: str
    event_id: str
    chain: str
    attempts: int
    error: str
    behind: int


def dead_letters() -> tuple[Dead, ...]:
    """Give the dead letters 死信, oldest first."""
    found = []
    for parked in models.Parked.objects.filter(dead=True).select_related("event").order_by("pk"):
        same = models.Parked.objects.filter(consumer=parked.consumer, chain=parked.chain)
        found.append(
            Dead(
                parked.pk,
                parked.consumer,
                str(parked.event.id),
                parked.chain,
                parked.attempts,
                parked.error,
                same.count() - 1,
            )
        )
    return tuple(found)


def requeue(parked_id: int, *, actor: str) -> None:
    """Let a dead letter be tried again from the first try; tell who said so. Raise NotParked."""
    with transaction.atomic():
        parked = _dead(parked_id)
        parked.dead, parked.attempts, parked.due = False, 0, clock.now()
        parked.save()
        _say(parked, "tongban.trail.delivery_requeued.v1", actor)


def discard(parked_id: int, *, actor: str, reason: str) -> None:
    """Give a dead letter up, so that its chain goes on; tell so on the trail. Raise NotParked."""
    with transaction.atomic():
        parked = _dead(parked_id)
        rest = models.Parked.objects.filter(consumer=parked.consumer, chain=parked.chain)
        if first := rest.exclude(pk=parked_id).order_by("event__seq").first():
            first.due = clock.now()
            first.save()
        _say(parked, "tongban.trail.delivery_discarded.v1", actor, reason)
        parked.delete()


def _dead(parked_id: int) -> models.Parked:
    letters = models.Parked.objects.select_related("event").select_for_update(of=("self",))
    if (parked := letters.filter(pk=parked_id, dead=True).first()) is None:
        raise NotParked(f"NotParked: no dead letter {parked_id}; see the list of dead letters")
    return parked


def _say(parked: models.Parked, kind: str, actor: str, reason: str = "") -> None:
    tell(
        Draft(
            type=kind,
            chain=f"relay:{parked.consumer}",
            actor=actor,
            reason=reason,
            data={"event": str(parked.event.id), "error": parked.error},
        )
    )
