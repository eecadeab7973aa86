"""Reads of evidence: the published checkpoint, proofs of events, tiles, and how the log stands.

What is published is what the policy accepts: a checkpoint that too few witnesses signed is not
shown as one, however new it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from uuid import UUID

from django.db.models import Count, OuterRef, Subquery

from tongban.apps.evidence import log, witnesses
from tongban.apps.evidence.models import Checkpoint, Cosignature, Leaf, Tile, WitnessState
from tongban.infra.trail import queries as trail
from tongban.kernel.tlog.leaves import commitment, statement
from tongban.kernel.tlog.notes import Note, read_note, read_signatures
from tongban.kernel.tlog.policy import Policy
from tongban.kernel.tlog.proofs import Proof
from tongban.kernel.tlog.tiles import HASH_BYTES, WIDTH, TilePath, Tiles, bundle

_AT_ONCE = 500
_FEW = 8


class NotYetProved(LookupError):
    """An event has no leaf in a published checkpoint yet; ask again in a while."""


class NoSuchTile(LookupError):
    """The log has no such tile, or not so wide a one."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A token of a time-stamp authority (RFC 3161), and the bytes that it is over."""

    token: bytes
    over: bytes


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint that the policy accepts: with whose signatures, and since when.

    ``note`` bears every signature, ``signed_by_log`` the log's own alone.
    """

    size: int
    root: str
    note: bytes
    signed_by_log: bytes
    signed: datetime
    witnessed: Mapping[str, datetime]
    stamp: Stamp | None


def published(*, at_least: int = 0, stamped: bool = False) -> Published | None:
    """Give the newest checkpoint that the policy accepts, of this size at least; None: none yet.

    ``stamped``: only of those that bear a token of a time-stamp authority.
    """
    policy = witnesses.policy()
    rows = Checkpoint.objects.order_by("-id").filter(id__gte=at_least)
    if stamped:
        rows = rows.filter(token__isnull=False)
    if least := policy.least():
        # after days without witnesses the last good one lies far back: the database finds it
        lines = Cosignature.objects.filter(checkpoint=OuterRef("pk"), witness__in=policy.witnesses)
        signed = lines.order_by().values("checkpoint").annotate(n=Count("pk")).values("n")
        rows = rows.annotate(signed_by=Subquery(signed)).filter(signed_by__gte=least)
    for start in count(0, _FEW):
        some = list(rows.prefetch_related("cosignatures")[start : start + _FEW])
        for row in some:
            found = _published(row, policy)
            if found is not None:
                return found
        if len(some) < _FEW:
            break
    return None


def _published(row: Checkpoint, policy: Policy) -> Published | None:
    lines = {one.witness: one for one in row.cosignatures.all() if one.witness in policy.witnesses}
    if not policy.satisfied(frozenset(lines)):
        return None
    note = read_note(row.note.encode())
    more = [read_signatures(f"{one.line}\n")[0] for one in lines.values()]
    times = {name: one.time for name, one in lines.items()}
    token = getattr(row, "token", None)
    return Published(
        row.pk,
        row.root,
        str(note.signed_also(more)).encode(),
        row.note.encode(),
        row.signed,
        times,
        None if token is None else Stamp(bytes(token.token), row.note.encode()),
    )


@dataclass(frozen=True, slots=True)
class Proved:
    """Where an event stands in the log: the salt of its leaf and the proof, and its time stamp."""

    salt: bytes
    proof: Proof
    stamp: Stamp | None


def proofs(event_ids: Sequence[str]) -> Mapping[str, Proved]:
    """Prove each event in one published checkpoint; raise NotYetProved.

    Leaves of one story lie near each other, so that they share most of what is read.
    """
    leaves: dict[str, tuple[int, bytes]] = {}
    for start in range(0, len(event_ids), _AT_ONCE):
        some = [UUID(one) for one in event_ids[start : start + _AT_ONCE]]
        rows = Leaf.objects.filter(event_id__in=some).values_list("id", "event_id", "salt")
        leaves |= {str(event): (place, bytes(salt)) for place, event, salt in rows}
    missing = [one for one in event_ids if one not in leaves]
    last = max((place for place, _ in leaves.values()), default=-1)
    found = None
    if not missing:
        found = published(at_least=last + 1, stamped=True) or published(at_least=last + 1)
    if found is None:
        raise NotYetProved(
            f"NotYetProved: {len(missing) or 'some'} of {len(event_ids)} events are in no witnessed"
            " checkpoint yet; run tongban evidence checkpoint, or look at tongban evidence status"
        )
    tree = log.tree(found.size, Tiles(log.read_tile, log.log_suite().digest))
    return {
        event: Proved(salt, Proof(place, tree.inclusion(place), found.note), found.stamp)
        for event, (place, salt) in leaves.items()
    }


def tile(path: TilePath) -> bytes:
    """Give a tile, or a bundle of entries, as tlog-tiles serves it; raise NoSuchTile."""
    level = max(path.level, 0)
    held = Tile.objects.filter(level=level, number=path.index).values_list("hashes", flat=True)
    row = held.first()
    if row is None or len(row) < path.width * HASH_BYTES:
        raise NoSuchTile(f"NoSuchTile: {path}")
    if path.level < 0:
        return bundle(entries(path.index * WIDTH, path.width))
    return bytes(row)[: path.width * HASH_BYTES]


def entries(first: int, count: int) -> list[bytes]:
    """Give the entries of the log from a place on; raise NoSuchTile where an event is gone."""
    rows = Leaf.objects.filter(id__gte=first, id__lt=first + count).order_by("id")
    leaves = list(rows.values_list("event_id", "salt"))
    seals = trail.seals([event for event, _ in leaves])
    if len(leaves) != count or len(seals) != count:
        raise NoSuchTile(f"NoSuchTile: of {count} entries from {first} on some are gone: audit")
    by = log.log_suite()
    return [commitment(bytes(salt), statement(*seals[event]), by) for event, salt in leaves]


@dataclass(frozen=True, slots=True)
class WitnessView:
    """How a witness of the policy stands: when it last signed which size, and what is wrong."""

    name: str
    key: str
    url: str
    size: int
    at: datetime | None
    fault: str


@dataclass(frozen=True, slots=True)
class Status:
    """How the log stands."""

    key: str
    suite: str
    leaves: int
    signed: int
    published: Published | None
    wanted: str
    witnesses: tuple[WitnessView, ...]

    @property
    def witnessed(self) -> bool:
        """Whether anybody but ourselves vouches for what is published."""
        return bool(self.published and self.published.witnessed)


def status() -> Status:
    """Say how the log and its witnesses stand; raise PolicyInvalid, LogChanged."""
    key, _ = log.own()
    policy = witnesses.policy()
    states = {row.name: row for row in WitnessState.objects.all()}
    views = []
    for one in policy.witnesses.values():
        held = states.get(one.name)
        size, at, fault = (held.size, held.at, held.fault) if held else (0, None, "")
        views.append(WitnessView(one.name, str(one.key), one.url, size, at, fault))
    last = Checkpoint.objects.order_by("-id").first()
    return Status(
        str(key),
        key.suite,
        log.size(),
        last.pk if last else 0,
        published(),
        policy.words(),
        tuple(views),
    )


def note_of(size: int) -> Note | None:
    """Give the checkpoint of this size with every signature that is held; None: none was signed."""
    row = Checkpoint.objects.filter(pk=size).prefetch_related("cosignatures").first()
    if row is None:
        return None
    lines = [read_signatures(f"{one.line}\n")[0] for one in row.cosignatures.all()]
    return read_note(row.note.encode()).signed_also(lines)
