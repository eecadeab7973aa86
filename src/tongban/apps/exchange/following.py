"""Follows what other instances revoke: a consent that was withdrawn there must not count here.

Each instance asks the others for their signed feed and puts what is new into its own, with the
instant as of which it was heard; nodes stop relying on consents of an instance that is silent.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from tongban.apps.exchange import levels, network, queries
from tongban.apps.exchange.domain.levels import DocumentUnfit
from tongban.apps.exchange.models import Instance, Revocation
from tongban.infra import clock
from tongban.kernel.events import canonical, instant
from tongban.kernel.wire.snapshot import (
    Revocations,
    SnapshotInvalid,
    foreign_consent,
    read_revocations,
)

FEED_REQUEST = "tongban-feed-request/1"
_PATIENCE = 3.0  # seconds: an instance that is silent must not keep the others waiting
_AHEAD = timedelta(minutes=5)  # a feed that was issued later than this tells of a wrong clock
_NEVER = datetime.min.replace(tzinfo=UTC)


def follow() -> int:
    """Take the feed of every other instance; give how many answered.

    What is wrong with one changes nothing: its feed just grows older, and its consents stop.
    """
    good = 0
    for row in Instance.objects.order_by("name"):
        try:
            _take(row)
        except (*levels.FAULTS, SnapshotInvalid):
            continue
        good += 1
    return good


def _take(row: Instance) -> None:
    own = queries.catalogue().governance.instance
    asked = {
        "format": FEED_REQUEST,
        "origin": own,
        "to": row.name,
        "after": row.feed_upto,
        "at": instant(clock.now()),
    }
    body = levels.call(row, "POST", "feed", canonical(network.sign(asked)), _PATIENCE)
    document = levels.opened(row, body)
    before = Revocations(row.feed_at or _NEVER, row.feed_upto, 0, {}, {}, {})
    if document.get("instance") != row.name:
        raise DocumentUnfit(f"DocumentUnfit: it is no feed of {row.name}")
    told = read_revocations(document, before)
    if told.issued > clock.now() + _AHEAD:
        raise DocumentUnfit("DocumentUnfit: its feed was issued in the future; set the clocks")
    with transaction.atomic():
        for number, until in told.consents.items():
            ref = foreign_consent(row.name, number)
            if not Revocation.objects.filter(kind="consent", ref=ref).exists():
                network.revoke("consent", ref, until, f"{row.name}撤回 / withdrawn at {row.name}")
        Instance.objects.filter(pk=row.pk).update(feed_upto=told.upto, feed_at=told.issued)


def hand_out(body: bytes) -> dict[str, Any]:
    """Answer another instance's signed question for our feed; the answer is signed.

    Raises `DocumentInvalid`, `DocumentUnfit`.
    """
    document, origin = levels.signed_by(body)
    own = queries.catalogue().governance.instance
    after = document.get("after")
    fits = (document.get("format"), document.get("origin"), document.get("to"))
    if fits != (FEED_REQUEST, origin.name, own) or type(after) is not int or after < 0:
        raise DocumentUnfit(f"DocumentUnfit: it is no question of {origin.name} for this feed")
    return network.feed(after, abroad=True)
