"""Verbs of the trail: append events inside the caller's transaction, and erase a payload lawfully.

What a verb of an app saves and what it tells are one transaction, or neither happened. Nothing
here changes an event that was recorded.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper

from tongban.infra import clock
from tongban.infra.secrecy.ring import ring
from tongban.infra.trail import models
from tongban.kernel.events import Draft, Event, Head, seal
from tongban.kernel.suites import suite

#: The chain on which erasures are told.
ERASURES = "trail:erasures"
_HEADS_AT_ONCE = 500
_SALT_BYTES = 32

_PLAIN = [
    *("type", "chain", "seq", "actor", "organisation", "on_behalf_of", "authority", "item"),
    *("item_version", "step", "lifecycle", "reason", "corrects", "previous", "suite"),
    *("payload_digest", "hash"),
]
_plain = attrgetter(*_PLAIN)
_COLUMNS = ["id", "occurred", "recorded", "after_tx", *_PLAIN]
_INSERT_EVENT = f"INSERT INTO trail_event ({', '.join(_COLUMNS)}) VALUES "  # noqa: S608 - our names
_INSERT_PAYLOAD = "INSERT INTO trail_payload (event_id, salt, data, key_id) VALUES "
_ROWS_AT_ONCE = 500


class NotInTransaction(RuntimeError):
    """Events were told outside the transaction of what they tell about."""


class ChainMoved(RuntimeError):
    """Someone else told an event of this chain first; read it again and decide anew."""


class TrailFull(RuntimeError):
    """The database takes no more rows (a full disk); nothing of this transaction was kept."""


class NothingToErase(LookupError):
    """The event is unknown or its payload was erased before."""


def _event_id(milliseconds: int) -> str:
    """Make a UUID of version 7 (RFC 9562): ordered by time, so that indexes grow at one end."""
    value = int.from_bytes(os.urandom(10)) | milliseconds << 80
    text = f"{value & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _heads(chains: Sequence[str]) -> tuple[dict[str, Head], dict[str, int]]:
    """Give the head of each chain that has one, and after which transaction it may be read."""
    heads: dict[str, Head] = {}
    after: dict[str, int] = {}
    for start in range(0, len(chains), _HEADS_AT_ONCE):
        some = chains[start : start + _HEADS_AT_ONCE]
        last = (
            "SELECT chain, MAX(seq) AS seq FROM trail_event "  # noqa: S608 - placeholders only
            f"WHERE chain IN ({', '.join(['%s'] * len(some))}) GROUP BY chain"
        )
        found = models.Event.objects.raw(
            "SELECT position, e.chain, e.seq, hash, recorded, after_tx "  # noqa: S608 - placeholders only
            f"FROM trail_event e JOIN ({last}) l ON e.chain = l.chain AND e.seq = l.seq",
            some,
        )
        for row in found:
            heads[row.chain] = Head(row.seq, row.hash, row.recorded)
            after[row.chain] = row.after_tx
    return heads, after


def _own_tx() -> int:
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])


def _insert(events: Sequence[Event], after_tx: Mapping[str, int]) -> None:
    adapt_time = cache(connection.ops.adapt_datetimefield_value)  # one instant serves a batch
    dashes = connection.features.has_native_uuid_field
    sealing = models.Payload.sealed_fields()[0].sealed
    key = ring().current
    rows = []
    payloads = []
    for event in events:
        name = event.id if dashes else event.id.replace("-", "")
        times = adapt_time(event.occurred), adapt_time(event.recorded)
        rows.append((name, *times, after_tx[event.chain], *_plain(event)))
        told = models.told(event.salt or b"", event.payload or "")
        payloads.append((name, b"", sealing(key, event.id, told), key.number))
    try:
        with connection.cursor() as cursor:
            _insert_rows(cursor, _INSERT_EVENT, rows)
            _insert_rows(cursor, _INSERT_PAYLOAD, payloads)
    except IntegrityError as collision:
        raise ChainMoved(
            "ChainMoved: another writer told an event of "
            f"{', '.join(sorted(after_tx)[:5])} first; load it again and decide anew"
        ) from collision
    except DatabaseError as error:
        if _is_full(error):
            raise TrailFull(
                "TrailFull: the database takes no more rows; nothing was kept. Give it room "
                f"({connection.settings_dict['NAME']}) and repeat"
            ) from error
        raise


def _insert_rows(cursor: CursorWrapper, insert: str, rows: Sequence[tuple[Any, ...]]) -> None:
    one = f"({', '.join(['%s'] * len(rows[0]))})"
    if connection.vendor == "sqlite":
        cursor.executemany(insert + one, rows)
        return
    # A server is a round trip away: many rows in one statement are four times as fast.
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        cursor.execute(insert + ", ".join([one] * len(some)), [*chain.from_iterable(some)])


def _is_full(error: DatabaseError) -> bool:
    cause = error.__cause__
    return (
        getattr(cause, "sqlite_errorname", "") == "SQLITE_FULL"
        or getattr(cause, "sqlstate", "") == "53100"  # PostgreSQL: disk_full
    )


def append(drafts: Sequence[Draft], *, after: Mapping[str, int] | None = None) -> tuple[Event, ...]:
    """Seal the drafts, each at the end of its chain, and save them in the caller's transaction.

    ``after`` says at which ``seq`` the caller last saw a chain (0: none yet); where the chain has
    moved since, or another writer wins the race, raise ChainMoved. Raise NotInTransaction,
    EventInvalid, TrailFull; after any of these the caller's transaction must be rolled back.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction(
            "NotInTransaction: tell events inside transaction.atomic(), with what they tell about"
        )
    if not drafts:
        return ()
    now = clock.now().astimezone(UTC)
    chains = list(dict.fromkeys(draft.chain for draft in drafts))
    heads, seen_after = _heads(chains)
    for name, seq in (after or {}).items():
        head = heads.get(name)
        if (head.seq if head else 0) != seq:
            raise ChainMoved(
                f"ChainMoved: {name} stands at {head.seq if head else 0}, not at {seq}; "
                "load it again and decide anew"
            )
    # A transaction may have begun before the one whose event it follows, and yet be numbered
    # lower: the follower takes the higher number, so that a reader sees the chain in order.
    own = _own_tx()
    after_tx = {name: max(own, seen_after.get(name, 0)) for name in chains}
    milliseconds = int(now.timestamp() * 1000)
    by = suite(settings.SUITE)
    events = []
    for draft in drafts:
        event = seal(
            draft,
            event_id=_event_id(milliseconds),
            head=heads.get(draft.chain),
            recorded=now,
            salt=os.urandom(_SALT_BYTES),
            by=by,
        )
        heads[draft.chain] = Head(event.seq, event.hash, event.recorded)
        events.append(event)
    _insert(events, after_tx)
    return tuple(events)


def tell(draft: Draft, *, after: int | None = None) -> Event:
    """Append one event; ``after`` and errors as in ``append``."""
    return append([draft], after=None if after is None else {draft.chain: after})[0]


def erase(event_id: str, *, authority: str, actor: str, reason: str) -> Event:
    """Erase the payload of an event because the law ``authority`` wants it; tell so on the trail.

    Envelope, digest and chain stay; data and salt are gone, and with them the meaning of the
    digest. Give the event that tells the erasure. Raise NothingToErase, and ValueError where no
    legal basis is named.
    """
    if not authority or not actor or not reason:
        raise ValueError("name the legal basis, the actor and the reason of an erasure")
    with transaction.atomic():
        event = models.Event.objects.filter(id=event_id).first()
        if event is None or not models.Payload.objects.filter(event_id=event_id).exists():
            raise NothingToErase(f"NothingToErase: no payload of event {event_id} is kept")
        models.Erasure.objects.create(
            event_id=event_id,
            authority=authority,
            actor=actor,
            reason=reason,
            recorded=clock.now(),
        )
        models.Payload.objects.filter(event_id=event_id).delete()
        return tell(
            Draft(
                type="tongban.trail.payload_erased.v1",
                chain=ERASURES,
                actor=actor,
                authority=authority,
                reason=reason,
                corrects=event_id,
                data={"event": event_id, "chain": event.chain, "seq": event.seq},
            )
        )
