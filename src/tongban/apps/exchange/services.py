"""Verbs of the exchange: fetch facts about one person, supply a register, publish a catalogue."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from tongban.apps.exchange import grants, network
from tongban.apps.exchange.catalogue import services as registry
from tongban.apps.exchange.domain import Answer, Fetched, Purpose
from tongban.apps.exchange.events import CALLED, CATALOGUE, CATALOGUE_PUBLISHED
from tongban.apps.exchange.fetching import InsideTransaction, Planned, fetch, fetch_all
from tongban.apps.exchange.models import CatalogueVersion
from tongban.apps.exchange.supplying import NotGranted, StoreUnavailable, supply, supply_for
from tongban.infra import clock
from tongban.infra.packs import Pack
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft, canonical

__all__ = [
    "CALLED",
    "Answer",
    "Fetched",
    "InsideTransaction",
    "NotGranted",
    "Planned",
    "Purpose",
    "StoreUnavailable",
    "fetch",
    "fetch_all",
    "publish_catalogue",
    "supply",
    "supply_for",
]


def publish_catalogue(packs: Sequence[Pack], data: Mapping[str, Any], actor: str) -> int:
    """Save merged catalogue data as a new version, unless it is the one in force; give its number.

    Call it inside a transaction, with data that `reading.problems` finds nothing in.
    """
    registry.sync_packs(data, actor)
    version = _keep_version(packs, data, actor)
    grants.sync(data, actor)
    network.republish(actor)
    return version


def _keep_version(packs: Sequence[Pack], data: Mapping[str, Any], actor: str) -> int:
    content = canonical(dict(data))
    digest = hashlib.sha256(content).hexdigest()
    last = CatalogueVersion.objects.order_by("-pk").first()
    if last is not None and last.digest == digest:
        return int(last.pk)
    row = CatalogueVersion.objects.create(
        digest=digest, content=content.decode(), published_at=clock.now()
    )
    trail.tell(
        Draft(
            type=CATALOGUE_PUBLISHED,
            chain=CATALOGUE,
            actor=actor,
            data={"version": row.pk, "digest": digest, "packs": [pack.slug for pack in packs]},
        )
    )
    return int(row.pk)
