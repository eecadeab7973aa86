"""Verbs of the network: nodes and keys, the signed snapshot and feed, checkpoints and looks.

The snapshot is written anew inside the transaction that changed anything in it; the feed of
revocations has the order of commits and no gap, so that a node that has read up to a number has
missed nothing before it.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from tongban.apps.exchange import queries
from tongban.apps.exchange.domain import network as written
from tongban.apps.exchange.domain.network import (
    Document,
    GrantRow,
    InstanceRow,
    KeyRow,
    Limits,
    NodeRow,
    PurposeRow,
)
from tongban.apps.exchange.events import (
    NETWORK,
    SNAPSHOT_PUBLISHED,
)
from tongban.apps.exchange.models import (
    Counter,
    Grant,
    Instance,
    Key,
    Node,
    Purpose,
    Revocation,
    Snapshot,
    SubscriptionRequest,
)
from tongban.infra import clock
from tongban.infra.keys import OwnKey, own_key
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft, canonical
from tongban.kernel.suites import Verifier, suite
from tongban.kernel.wire.documents import seal_document

_FRESH = 30  # seconds for which a snapshot is handed out before it is signed anew
_SEALED: dict[tuple[int, str, datetime, str], Document] = {}


def control_key() -> OwnKey:
    """Give the key by which this instance signs snapshots, feeds, cards, receipts and tokens."""
    return own_key(Path(settings.HOME), "control", settings.SUITE)


def control_key_id() -> str:
    """Give the id of the control key, which bears the operator's credit code."""
    return control_key().id(queries.catalogue().governance.operator_code)


def sign(document: Mapping[str, Any]) -> Document:
    """Sign a document with the instance's key."""
    key = control_key()
    return seal_document(dict(document), control_key_id(), key.signer, key.suite)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, ready to check what it signed."""

    suite: str
    verifier: Verifier


def public_key(row: Key | Instance) -> PublicKey:
    """Give the key of a row, ready to check."""
    return PublicKey(row.suite, suite(row.suite).verifier(bytes.fromhex(row.public)))


def node_key(keyid: str) -> PublicKey | None:
    """Give the key of a node of this instance if it is good now."""
    now = clock.now()
    row = Key.objects.filter(key=keyid, ended=None, since__lte=now, until__gt=now).first()
    return None if row is None else public_key(row)


def next_number(name: str) -> int:
    """Give the next number of a counter; held until the caller's transaction ends.

    Whoever comes second waits here, so that numbers become visible in their order.
    """
    Counter.objects.get_or_create(name=name)
    row = Counter.objects.select_for_update().get(name=name)
    row.value += 1
    row.save(update_fields=["value"])
    return int(row.value)


def mark_changed(name: str) -> None:
    """Put a mark that was never there before, by which caches know that they are out of date.

    Drawn, not counted: a transaction that is rolled back must not leave its number to the next one.
    """
    Counter.objects.update_or_create(name=name, defaults={"value": secrets.randbits(63)})


def limits() -> Limits:
    """Give how old a node's snapshot and feed may become, in seconds."""
    return Limits(settings.EXCHANGE_SNAPSHOT_AGE, settings.EXCHANGE_FEED_AGE)


def _nodes() -> list[NodeRow]:
    return [
        NodeRow(row.slug, row.address, tuple(row.members))
        for row in Node.objects.filter(ended=None).order_by("slug")
    ]


def _keys(now: datetime) -> list[KeyRow]:
    held = Key.objects.filter(ended=None, until__gt=now)
    return [KeyRow(r.key, r.member, r.suite, r.public, r.since, r.until) for r in held]


def _content(now: datetime) -> Document:
    purposes = [
        PurposeRow(row.code, row.item, row.basis, row.legal_basis, row.fields)
        for row in Purpose.objects.filter(ended=None)
    ]
    subscribed = set(SubscriptionRequest.objects.values_list("grant", flat=True))
    grants = [
        GrantRow(
            row.ref or f"g{row.pk}",
            row.client,
            row.service,
            tuple(row.fields),
            row.purpose_id,
            row.basis,
            row.rows,
            row.bulk,
            row.since,
            row.until,
            row.calls,
            row.records,
            row.pk in subscribed,
        )
        for row in Grant.objects.filter(ended=None, until__gt=now)
    ]
    cards = [row.card for row in Instance.objects.exclude(issued=None).order_by("name")]
    others = [
        InstanceRow(row.name, row.key, row.suite, row.public) for row in Instance.objects.all()
    ]
    return written.content(
        queries.catalogue(), limits(), _nodes(), _keys(now), purposes, grants, cards, others
    )


@transaction.atomic
def republish(actor: str) -> int:
    """Publish the network as it stands, unless the last snapshot says the same; give its serial.

    Call it at the end of the transaction that changed anything; a second caller waits for the
    first one.
    """
    Counter.objects.get_or_create(name="snapshot")
    counter = Counter.objects.select_for_update().get(name="snapshot")
    now = clock.now()
    content = _content(now)
    digest = hashlib.sha256(canonical(content)).hexdigest()
    last = Snapshot.objects.order_by("-serial").only("serial", "digest").first()
    if last is not None and last.digest == digest:
        return int(last.serial)
    counter.value += 1
    counter.save(update_fields=["value"])
    signed = sign(written.snapshot(content, counter.value, now))
    Snapshot.objects.create(serial=counter.value, digest=digest, signed=signed, issued=now)
    tell(
        SNAPSHOT_PUBLISHED,
        actor,
        {
            "serial": counter.value,
            "digest": digest,
            **{name: len(content[name]) for name in ("members", "services", "grants", "keys")},
        },
    )
    return int(counter.value)


def snapshot_now() -> Document:
    """Give the signed snapshot in force, signed anew so that its age counts from now.

    The content and its serial are those that were published; only ``issued`` moves on.
    """
    row = Snapshot.objects.order_by("-serial").first()
    if row is None:
        republish("system")
        row = Snapshot.objects.order_by("-serial").get()
    # every process of the control plane gives the same instant, so that no node sees it go back
    grid = int(clock.now().timestamp()) // _FRESH * _FRESH
    issued = max(datetime.fromtimestamp(grid, UTC), row.issued)
    place = (row.serial, row.digest, issued, control_key_id())
    if place not in _SEALED:
        document = dict(row.signed["document"])
        del document["format"], document["serial"], document["issued"]
        signed = sign(written.snapshot(document, row.serial, issued))
        _SEALED.clear()
        _SEALED[place] = signed
        return signed
    return _SEALED[place]


def card_now() -> Document:
    """Give the signed card of this instance, for other instances."""
    now = clock.now()
    return sign(written.card(queries.catalogue(), _nodes(), _keys(now), now))


def revoke(kind: str, ref: str, until: datetime, reason: str) -> int:
    """Put an entry into the feed, in the caller's transaction; give its number."""
    seq = next_number("revocations")
    Revocation.objects.create(
        seq=seq, kind=kind, ref=ref, until=until, at=clock.now(), reason=reason
    )
    return seq


def feed(after: int, *, abroad: bool = False) -> Document:
    """Give the signed feed of revocations beyond ``after`` (0: all that still matter).

    ``abroad``: as another instance may have it, with nothing but consents that were given here.
    """
    now = clock.now()
    serial = Snapshot.objects.order_by("-serial").values_list("serial", flat=True).first() or 0
    # first how far, then what: an entry that comes meanwhile is for the next feed
    upto = Revocation.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    rows = Revocation.objects.filter(seq__gt=after, seq__lte=upto).order_by("seq")
    if after == 0:
        rows = rows.filter(until__gt=now)
    others: dict[str, datetime] = {}
    if abroad:
        rows = rows.filter(kind="consent").exclude(ref__contains=":")
    else:
        fed = Instance.objects.exclude(feed_at=None)
        others = {row.name: row.feed_at for row in fed if row.feed_at is not None}
    entries = [
        {"seq": row.seq, "kind": row.kind, "id": row.ref, "until": row.until} for row in rows
    ]
    if after > upto:  # the node has read another database: let it begin anew
        return feed(0, abroad=abroad)
    instance = queries.catalogue().governance.instance
    return sign(written.revocations(instance, entries, after, upto, serial, now, others))


def tell(what: str, actor: str, data: Mapping[str, Any], reason: str = "") -> None:
    trail.tell(Draft(type=what, chain=NETWORK, actor=actor, reason=reason, data=data))
