"""The audit: walks everything again and names the first difference.

Recomputes every chain of the trail, every leaf, every tile, every root and every signature from
what they stand for; takes nothing from a copy.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.db.models import Exists, OuterRef

from tongban.apps.evidence import log, witnesses
from tongban.apps.evidence.models import Checkpoint, Leaf, Tile
from tongban.apps.evidence.services import FOLLOWER
from tongban.infra.trail import queries as trail
from tongban.infra.trail import relay
from tongban.kernel.merkle import Frontier, leaf_hash
from tongban.kernel.suites import Suite
from tongban.kernel.tlog.checkpoints import CheckpointInvalid, open_checkpoint
from tongban.kernel.tlog.leaves import commitment, statement
from tongban.kernel.tlog.notes import NoteInvalid, read_signatures, verify
from tongban.kernel.tlog.tiles import WIDTH, Edge, TileMissing, TilePath

_AT_ONCE = 16 * WIDTH


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that does not hold: where, and why (a sentence)."""

    where: str
    why: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{self.where}: {self.why}"


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found; ``difference`` None where all that was walked holds."""

    events: int
    leaves: int
    tiles: int
    checkpoints: int
    cosignatures: int
    root: str
    waiting: int
    difference: Difference | None


class _Found(Exception):
    def __init__(self, where: str, why: str) -> None:
        self.difference = Difference(where, why)
        super().__init__(str(self.difference))


class _Walk:
    def __init__(self, progress: Callable[[int], None]) -> None:
        self.progress = progress
        self.by: Suite = log.log_suite()
        self.key, _ = log.own()
        self.policy = witnesses.policy()
        self.edge = Edge()
        self.frontier = Frontier()
        self.tiles = self.checkpoints = self.cosignatures = 0

    def run(self) -> None:
        broken = trail.verify()
        if broken is not None:
            raise _Found(f"trail {broken.chain}:{broken.seq} ({broken.event_id})", broken.why)
        for rows in _batches():
            self._leaves(rows)
            self.progress(self.edge.size)
        self._no_more_tiles()
        self._every_event()
        beyond = Checkpoint.objects.filter(id__gt=self.edge.size).order_by("id").first()
        if beyond is not None:
            why = f"it was signed, and the log has {self.edge.size} leaves"
            raise _Found(f"checkpoint {beyond.pk}", why)

    def _leaves(self, rows: list[tuple[int, UUID, bytes]]) -> None:
        seals = trail.seals([event for _, event, _ in rows])
        hashes: list[bytes] = []
        for place, event, salt in rows:
            if place != self.edge.size + len(hashes):
                raise _Found(f"leaf {self.edge.size + len(hashes)}", "it is missing")
            if event not in seals:
                raise _Found(f"leaf {place}", f"its event {event} is not on the trail")
            entry = commitment(salt, statement(*seals[event]), self.by)
            hashes.append(leaf_hash(entry, self.by.digest))
        before = self.edge.size
        self.edge, made = self.edge.grown(hashes, self.by.digest)
        for at, hashes_made in made.items():
            self._tile(at, hashes_made)
        self._roots(before, hashes)

    def _tile(self, place: tuple[int, int], made: bytes) -> None:
        try:
            held = log.read_tile(*place)
        except TileMissing:
            raise _Found(f"tile {TilePath(*place)}", "it is missing") from None
        # a tile that later leaves made wider is compared whole when they come
        if held[: len(made)] != made:
            first = next(n for n in range(WIDTH) if made[32 * n :][:32] != held[32 * n :][:32])
            level, number = place
            leaf = (number * WIDTH + first) << (8 * level)
            raise _Found(
                f"tile {TilePath(level, number)}",
                f"its hash {first} is not that of what it stands for, from leaf {leaf} on",
            )
        if len(made) == WIDTH * 32:
            self.tiles += 1

    def _roots(self, before: int, hashes: list[bytes]) -> None:
        done = 0
        signed = Checkpoint.objects.filter(id__gt=before, id__lte=before + len(hashes))
        for row in signed.order_by("id").prefetch_related("cosignatures"):
            self.frontier = self.frontier.grown(hashes[done : row.pk - before], self.by.digest)
            done = row.pk - before
            if self.frontier.root(self.by.digest).hex() != row.root:
                raise _Found(f"checkpoint {row.pk}", "another tree was signed than the leaves make")
            self._signed(row)
        self.frontier = self.frontier.grown(hashes[done:], self.by.digest)

    def _signed(self, row: Checkpoint) -> None:
        where = f"checkpoint {row.pk}"
        try:
            tree, note = open_checkpoint(row.note.encode(), self.key)
        except (NoteInvalid, CheckpointInvalid) as wrong:
            raise _Found(where, str(wrong)) from None
        if (tree.size, tree.root.hex()) != (row.pk, row.root):
            raise _Found(where, "its note says another tree than its row")
        self.checkpoints += 1
        for one in row.cosignatures.all():
            known = self.policy.witnesses.get(one.witness)
            if known is None:
                continue
            try:
                held = verify(note.signed_also(read_signatures(f"{one.line}\n")), [known.key])
            except NoteInvalid as wrong:
                raise _Found(where, f"{one.witness}: {wrong}") from None
            if not held or held[0].time != int(one.time.timestamp()):
                raise _Found(where, f"{one.witness} has not signed it so")
            self.cosignatures += 1

    def _no_more_tiles(self) -> None:
        wanted = 0
        for level in range(64):
            there: int = self.edge.size >> (8 * level)
            if not there:
                break
            wanted += -(-there // WIDTH)
            last = (there - 1) // WIDTH
            width = there - last * WIDTH
            if len(log.read_tile(level, last)) != width * 32:
                raise _Found(f"tile {TilePath(level, last)}", f"it is not {width} hashes wide")
        if Tile.objects.count() != wanted:
            raise _Found("tiles", f"there are {Tile.objects.count()}, the tree has {wanted}")

    def _every_event(self) -> None:
        told = relay.passed(FOLLOWER)
        leaf = Leaf.objects.filter(event_id=OuterRef("id"))
        lost = told.filter(~Exists(leaf)).order_by("position").first()
        if lost is not None:
            raise _Found(f"event {lost.id}", f"{lost.chain}:{lost.seq} has no leaf")
        if told.count() != self.edge.size:
            raise _Found("trail", f"{told.count()} events were read, {self.edge.size} have leaves")


def _batches() -> Iterator[list[tuple[int, UUID, bytes]]]:
    rows = Leaf.objects.order_by("id").values_list("id", "event_id", "salt").iterator(_AT_ONCE)
    numbered = enumerate(rows)
    for _, some in groupby(numbered, key=lambda pair: pair[0] // _AT_ONCE):
        yield [(place, event, bytes(salt)) for _, (place, event, salt) in some]


def audit(progress: Callable[[int], None] = lambda _: None) -> Audit:
    """Walk everything; raise LogChanged, PolicyInvalid. Not while other processes append."""
    walk = _Walk(progress)
    difference: Difference | None = None
    try:
        walk.run()
    except _Found as found:
        difference = found.difference
    return Audit(
        trail.count(),
        walk.edge.size,
        walk.tiles,
        walk.checkpoints,
        walk.cosignatures,
        walk.frontier.root(walk.by.digest).hex(),
        trail.count() - relay.passed(FOLLOWER).count(),
        difference,
    )
