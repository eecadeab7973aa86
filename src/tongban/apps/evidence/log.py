"""The log of this installation: its key, its tree, and how leaves are added to it.

Appending is one transaction with whatever moves: leaves and tiles are written together. The log is
begun once; another origin, suite or key is refused, because it would be another log.
"""

import os
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Max

from tongban.apps.evidence.models import Leaf, Log, Tile
from tongban.infra import clock
from tongban.infra.keys import own_key
from tongban.infra.trail.relay import Passed
from tongban.kernel.merkle import leaf_hash
from tongban.kernel.suites import Signer, Suite, suite
from tongban.kernel.tlog.checkpoints import origin_of
from tongban.kernel.tlog.leaves import SALT_BYTES, commitment, statement
from tongban.kernel.tlog.notes import NoteKey, note_key
from tongban.kernel.tlog.tiles import (
    HASH_BYTES,
    WIDTH,
    Edge,
    TiledTree,
    TileMissing,
    TilePath,
    Tiles,
    width_of,
)

_KEY = "evidence"
_ROWS_AT_ONCE = 1000
_LEAF = "INSERT INTO evidence_leaf (id, event_id, salt) VALUES "
_TILE = (
    "INSERT INTO evidence_tile (level, number, hashes) VALUES (%s, %s, %s) "
    "ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes"
)


class LogChanged(RuntimeError):
    """The settings name another log than the one that was begun here."""


def own() -> tuple[NoteKey, Signer]:
    """Give the key of this log, and what signs with it; raise LogChanged, KeyUnsafe.

    The first call begins the log.
    """
    key, signer = _own(Path(settings.HOME), settings.EVIDENCE_ORIGIN, settings.SUITE)
    held = Log.objects.filter(pk=1).first()
    if held is None:
        held, _ = Log.objects.get_or_create(pk=1, defaults={"key": str(key), "begun": clock.now()})
    if held.key != str(key):
        raise LogChanged(
            f"LogChanged: this log was begun as {held.key} and the settings now make {key}; set "
            "TONGBAN_EVIDENCE_ORIGIN and TONGBAN_SUITE as they were, and put the key back"
        )
    return key, signer


@lru_cache(maxsize=8)
def _own(home: Path, base: str, suite_name: str) -> tuple[NoteKey, Signer]:
    held = own_key(home, _KEY, suite_name)
    origin = origin_of(base, suite_name)
    return note_key(origin, suite_name, held.public, timestamped=False), held.signer


def size() -> int:
    """Give how many leaves the tree has."""
    last = Leaf.objects.aggregate(last=Max("id"))["last"]
    return 0 if last is None else last + 1


def read_tile(level: int, number: int) -> bytes:
    """Give the hashes of a tile, as wide as it is; raise TileMissing."""
    found = Tile.objects.filter(level=level, number=number).values_list("hashes", flat=True).first()
    if found is None:
        raise TileMissing(f"TileMissing: {TilePath(level, number)} is not in the database")
    return bytes(found)


def tree(at: int, tiles: Tiles | None = None) -> TiledTree:
    """Give the tree as it was at a size, to prove from; several may share ``tiles``."""
    return TiledTree(at, tiles or Tiles(read_tile, suite(settings.SUITE).digest))


def edge(at: int) -> Edge:
    """Give the right edge of the tree of this size, out of its tiles; raise TileMissing."""
    partial: list[bytes] = []
    while at >> (8 * len(partial)):
        level = len(partial)
        there = at >> (8 * level)
        width = width_of(level, there // WIDTH, at)
        row = read_tile(level, there // WIDTH)[: width * HASH_BYTES] if width else b""
        partial.append(row)
    return Edge(at, tuple(partial))


def append(events: Sequence[Passed]) -> None:
    """Add a leaf for each event, in their order, in the caller's transaction.

    Raise TileMissing where the tiles are not those of the tree, and what the database raises.
    """
    by = suite(settings.SUITE)
    digest = by.digest
    first = size()
    salts = os.urandom(SALT_BYTES * len(events))
    rows: list[tuple[int, UUID | str, bytes]] = []
    hashes: list[bytes] = []
    for number, event in enumerate(events):
        salt = salts[SALT_BYTES * number : SALT_BYTES * (number + 1)]
        entry = commitment(salt, statement(event.hash, event.suite), by)
        hashes.append(leaf_hash(entry, digest))
        rows.append((first + number, event.id, salt))
    _, tiles = edge(first).grown(hashes, digest)
    with connection.cursor() as cursor:
        one = "(%s, %s, %s)"
        if connection.vendor == "sqlite":
            cursor.executemany(_LEAF + one, rows)
        else:
            # a server is a round trip away
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                some = rows[start : start + _ROWS_AT_ONCE]
                values = [*chain.from_iterable(some)]
                cursor.execute(_LEAF + ", ".join([one] * len(some)), values)
        cursor.executemany(_TILE, [(*place, made) for place, made in tiles.items()])


def log_suite() -> Suite:
    """Give the suite of this log's tree."""
    return suite(settings.SUITE)
