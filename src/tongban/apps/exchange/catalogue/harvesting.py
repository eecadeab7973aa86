"""Takes in another catalogue (目录汇聚): of another instance, or any in DCAT, page by page.

A record keeps its owner and the way it came. Ours that come back, and what came through us before,
are passed over, so instances that harvest each other settle and nothing outlives its owner.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from tongban.apps.exchange import queries as exchange
from tongban.apps.exchange.catalogue import fetching, graphs, rows
from tongban.apps.exchange.catalogue.graphs import Document, DocumentRefused
from tongban.apps.exchange.catalogue.rows import Write
from tongban.apps.exchange.domain import dcat, registry
from tongban.apps.exchange.domain.dcat import Read
from tongban.apps.exchange.domain.records import Origin
from tongban.apps.exchange.events import HARVESTED, harvest_chain
from tongban.apps.exchange.models import Peer, Resource
from tongban.infra import clock
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft

_PAGES = 2_000
_TOLD = 20  # reasons that the trail and the result keep
#: Pages of a Tongban instance, below its address.
PATH = "/exchange/v1/catalogue.jsonld"


@dataclass(slots=True)
class Harvest:
    """What one harvest did, in records."""

    peer: str
    seen: int = 0
    changed: int = 0
    withdrawn: int = 0
    own: int = 0
    passed: int = 0
    refused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.seen} seen, {self.changed} changed, {self.withdrawn} withdrawn, "
            f"{self.own} own, {self.passed} known better, {len(self.refused)} refused"
        )


def harvest(source: str, name: str, *, actor: str) -> Harvest:
    """Take in the catalogue at an address, or in a file, under the name of a peer.

    Each page is saved by itself; what the peer held before and does not hold now is withdrawn at
    the end, so a harvest that breaks off withdraws nothing. Raises `FetchRefused`, `Unreachable`,
    `DocumentRefused`; the peer keeps the reason.
    """
    peer, _ = Peer.objects.update_or_create(name=name, defaults={"address": source})
    done = Harvest(name)
    try:
        held: set[str] = set()
        for document in _pages(source, name):
            _take(document, peer, held, done)
        with transaction.atomic():
            _drop(peer, held, done)
            _finish(peer, done, actor)
    except (fetching.FetchRefused, fetching.Unreachable, DocumentRefused) as error:
        Peer.objects.filter(pk=peer.pk).update(outcome=str(error)[:1000])
        raise
    return done


def _pages(source: str, name: str) -> Iterator[Document]:
    if not source.startswith(("http://", "https://")):
        path = Path(source)
        if path.stat().st_size > fetching.LARGEST:
            raise DocumentRefused(f"DocumentRefused: {source} has over {fetching.LARGEST} bytes")
        yield graphs.parse(path.read_bytes(), graphs.kind_of("", path.name))
        return
    url = source + PATH if urlsplit(source).path in {"", "/"} else source
    seen: set[str] = set()
    while url:
        if url in seen or len(seen) >= _PAGES:
            raise DocumentRefused(f"DocumentRefused: {source} has no end of pages")
        seen.add(url)
        found = fetching.fetch(url, networks=settings.HARVEST_NETWORKS, token=_token(name))
        yield graphs.parse(found.data, graphs.kind_of(found.media_type, urlsplit(url).path))
        url = found.next


def _token(name: str) -> str:
    """Give our token at a peer: the file ``peers/<name>.token`` below TONGBAN_HOME, or none."""
    path = Path(settings.HOME) / "peers" / f"{name}.token"
    return path.read_text(encoding="ascii").strip() if path.is_file() else ""


def _take(document: Document, peer: Peer, held: set[str], done: Harvest) -> None:
    own = exchange.catalogue().governance.instance
    source = document.instance or peer.name
    found, bad = dcat.datasets(document.datasets, source)
    done.seen += len(found) + len(bad)
    done.refused += bad[: max(0, _TOLD - len(done.refused))]
    theirs = {read.iri: read for read in found if own not in (read.origin, *read.path)}
    done.own += len(found) - len(theirs)
    for start in range(0, len(theirs), rows.BATCH):
        some = dict(list(theirs.items())[start : start + rows.BATCH])
        with transaction.atomic():
            known = {row.iri: row for row in Resource.objects.filter(iri__in=list(some))}
            better = [read for read in some.values() if _better(read, known.get(read.iri), peer)]
            done.passed += len(some) - len(better)
            held.update(read.iri for read in better if read.state == "published")
            changed = rows.save([_write(read, peer) for read in better], clock.now())
            done.changed += len(changed)


def _better(read: Read, row: Resource | None, peer: Peer) -> bool:
    """Tell whether this telling of a record counts: the peer we have it from, or a shorter way."""
    if row is None:
        return read.state == "published"
    if row.source != Resource.Source.HARVESTED or row.iri != read.iri or row.origin != read.origin:
        return False
    if row.peer_id == peer.pk:
        return True
    gone = row.state == Resource.State.WITHDRAWN
    return read.state == "published" and (gone or len(read.path) < len(row.path))


def _write(read: Read, peer: Peer) -> Write:
    mark = hashlib.sha256(read.iri.encode()).hexdigest()[:24]
    entry = dcat.local(read, f"{registry.HARVESTED}{mark}")
    origin = Origin(read.origin, read.origin_id, read.iri, read.path)
    return Write(entry, origin, Resource.Source.HARVESTED, read.state, peer.pk)


def _drop(peer: Peer, held: set[str], done: Harvest) -> None:
    kept = Resource.objects.filter(peer=peer, state=Resource.State.PUBLISHED)
    gone = [row for row in kept.iterator() if row.iri not in held]
    writes = [
        Write(one.entry, one.origin, one.source, Resource.State.WITHDRAWN, peer.pk)
        for start in range(0, len(gone), rows.BATCH)
        for one in rows.entries(gone[start : start + rows.BATCH])
    ]
    done.withdrawn = len(rows.save(writes, clock.now()))


def _finish(peer: Peer, done: Harvest, actor: str) -> None:
    Peer.objects.filter(pk=peer.pk).update(harvested_at=clock.now(), outcome=str(done))
    if done.changed or done.withdrawn or done.refused:
        trail.tell(
            Draft(
                type=HARVESTED,
                chain=harvest_chain(peer.name),
                actor=actor,
                data={
                    "peer": peer.name,
                    "address": peer.address,
                    "seen": done.seen,
                    "changed": done.changed,
                    "withdrawn": done.withdrawn,
                    "own": done.own,
                    "refused": done.refused,
                },
            )
        )


def harvest_all(actor: str) -> list[Harvest]:
    """Harvest every peer that has an address on the network; one that fails stops no other."""
    done = []
    for peer in Peer.objects.filter(enabled=True, address__startswith="http").order_by("name"):
        try:
            done.append(harvest(peer.address, peer.name, actor=actor))
        except (fetching.FetchRefused, fetching.Unreachable, DocumentRefused):
            continue  # the peer keeps the reason, and the next round tries again
    return done
