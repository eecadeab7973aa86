"""Tiles (C2SP tlog-tiles): a tree cut into pieces of 256 hashes, each written once and kept.

Grows a tree by its right edge alone, and proves out of tiles that somebody reads. Keeps nothing:
the tiles come from where they are stored.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tongban.kernel.merkle import Digest, consistency_by, inclusion_by, node_hash, split

WIDTH = 256
HASH_BYTES = 32
FULL_BYTES = WIDTH * HASH_BYTES
_HEIGHT = 8
_MOST_LEVEL = 63
_PATH = re.compile(
    r"(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*)([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)
_KEPT = 4096
_MOST_ENTRY = 0xFFFF

#: Gives the hashes of the tile (level, index), one after the other, as wide as it is.
ReadTile = Callable[[int, int], bytes]


class TileMissing(LookupError):
    """A tile that the tree must have is not there, or is narrower than the tree says."""


class TilePathInvalid(ValueError):
    """The text names no tile."""


@dataclass(frozen=True, slots=True)
class TilePath:
    """Which tile is asked for; ``level`` -1 is a bundle of entries, ``width`` 256 a full tile.

    >>> str(TilePath(0, 1234067)), str(TilePath(-1, 5, 16))
    ('0/x001/x234/067', 'entries/005.p/16')
    """

    level: int
    index: int
    width: int = WIDTH

    def __str__(self) -> str:
        """Write it as it stands behind ``/tile/``."""
        parts = [f"{self.index % 1000:03d}"]
        rest = self.index // 1000
        while rest:
            parts.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        level = "entries" if self.level < 0 else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"{level}/{'/'.join(parts)}{partial}"

    @classmethod
    def read(cls, text: str) -> "TilePath":
        """Read what stands behind ``/tile/``, in its one form; raise TilePathInvalid."""
        found = _PATH.fullmatch(text) if len(text) < 100 else None
        if found is None:
            raise TilePathInvalid(f"TilePathInvalid: {text[:100]!r}")
        level = -1 if found[1] == "entries" else int(found[1])
        index = int(found[2].replace("x", "").replace("/", "") + found[3])
        made = cls(level, index, int(found[4] or WIDTH))
        # leading groups of zeros would be a second name of one tile
        if level > _MOST_LEVEL or not 0 < made.width <= WIDTH or str(made) != text:
            raise TilePathInvalid(f"TilePathInvalid: {text[:100]!r}")
        return made


def width_of(level: int, index: int, size: int) -> int:
    """Give how many hashes the tile has in a tree of this size; 0: it is not there."""
    there: int = size >> (_HEIGHT * level)
    return max(0, min(WIDTH, there - index * WIDTH))


def bundle(entries: Iterable[bytes]) -> bytes:
    """Write entries as a bundle: each behind its length in two bytes; raise ValueError."""
    parts = []
    for entry in entries:
        if len(entry) > _MOST_ENTRY:
            raise ValueError(f"an entry has at most {_MOST_ENTRY} bytes, not {len(entry)}")
        parts.append(len(entry).to_bytes(2, "big") + entry)
    return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Edge:
    """What one must keep of a tree to let it grow: on each level the tile that is not full yet."""

    size: int = 0
    partial: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        for level, hashes in enumerate(self.partial):
            if len(hashes) != (self.size >> (_HEIGHT * level)) % WIDTH * HASH_BYTES:
                raise TileMissing(
                    f"TileMissing: level {level} of a tree of {self.size} is not"
                    f" {len(hashes) // HASH_BYTES} hashes wide"
                )
        if self.size >> (_HEIGHT * len(self.partial)):
            raise TileMissing(f"TileMissing: a tree of {self.size} has more levels")

    def grown(
        self, leaves: Sequence[bytes], digest: Digest
    ) -> tuple["Edge", dict[tuple[int, int], bytes]]:
        """Append leaf hashes; give the new edge and the tiles that were made or became wider."""
        tiles: dict[tuple[int, int], bytes] = {}
        partial: list[bytes] = []
        fresh, level = b"".join(leaves), 0
        while fresh or level < len(self.partial):
            held = self.partial[level] if level < len(self.partial) else b""
            row = held + fresh
            first = (self.size >> (_HEIGHT * level)) // WIDTH
            up = []
            for at in range(0, len(row) if fresh else 0, FULL_BYTES):
                tile = row[at : at + FULL_BYTES]
                tiles[level, first + at // FULL_BYTES] = tile
                if len(tile) == FULL_BYTES:
                    up.append(tile_root(tile, digest))
            partial.append(row[len(row) - len(row) % FULL_BYTES :])
            fresh, level = b"".join(up), level + 1
        return Edge(self.size + len(leaves), tuple(partial)), tiles


def tile_root(tile: bytes, digest: Digest) -> bytes:
    """Give the root over the hashes of a full tile, or of a part that is a power of two wide."""
    while len(tile) > HASH_BYTES:
        tile = _above(tile, digest)
    return tile


def _above(row: bytes, digest: Digest) -> bytes:
    step = 2 * HASH_BYTES
    return b"".join(
        # node_hash(left, right): the two stand side by side already
        [digest(b"\x01" + row[at : at + step]) for at in range(0, len(row), step)]
    )


class Tiles:
    """Reads tiles and keeps them with what lies between their levels, the last used ones.

    A tile only ever becomes wider: what is kept of a narrow one stays true, and it is read again
    where more of it is asked for.
    """

    def __init__(self, read: ReadTile, digest: Digest, kept: int = _KEPT) -> None:
        """``read`` gives what there is of a tile, or raises TileMissing."""
        self._read = read
        self._most = kept
        self.digest = digest
        self._held: OrderedDict[tuple[int, int], list[bytes]] = OrderedDict()

    def node(self, height: int, index: int) -> bytes:
        """Give the root over the leaves from ``index`` × 2^height on, 2^height of them."""
        level, inner = divmod(height, _HEIGHT)
        per_tile = _HEIGHT - inner
        place = level, index >> per_tile
        at = (index & ((1 << per_tile) - 1)) * HASH_BYTES
        rows = self._held.get(place)
        if rows is None or len(rows[inner]) <= at:
            rows = self._fetched(place)
            if len(rows[inner]) <= at:
                raise TileMissing(f"TileMissing: tile {TilePath(*place)} is not wide enough")
        else:
            self._held.move_to_end(place)
        return rows[inner][at : at + HASH_BYTES]

    def _fetched(self, place: tuple[int, int]) -> list[bytes]:
        rows = [self._read(*place)]
        for _ in range(_HEIGHT - 1):
            # a hash without its neighbour has nothing above it yet
            pairs = len(rows[-1]) // (2 * HASH_BYTES) * 2 * HASH_BYTES
            rows.append(_above(rows[-1][:pairs], self.digest))
        self._held[place] = rows
        self._held.move_to_end(place)
        if len(self._held) > self._most:
            self._held.popitem(last=False)
        return rows


class TiledTree:
    """A tree of one size over tiles: its root, and proofs that equal those of RFC 9162."""

    def __init__(self, size: int, tiles: Tiles) -> None:
        self.size = size
        self._tiles = tiles
        self._ragged: dict[tuple[int, int], bytes] = {}

    def range_root(self, start: int, end: int) -> bytes:
        """Give the root over a range that a proof needs; raise TileMissing."""
        count = end - start
        if not count & (count - 1):
            height = count.bit_length() - 1
            return self._tiles.node(height, start >> height)
        found = self._ragged.get((start, end))
        if found is None:
            middle = start + split(count)
            left, right = self.range_root(start, middle), self.range_root(middle, end)
            found = self._ragged[start, end] = node_hash(left, right, self._tiles.digest)
        return found

    def root(self) -> bytes:
        """Give the root of the tree; of an empty one the digest of nothing."""
        return self.range_root(0, self.size) if self.size else self._tiles.digest(b"")

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """Prove that the leaf is there; raise ProofImpossible, TileMissing."""
        return inclusion_by(index, self.size, self.range_root)

    def consistency(self, old: int) -> tuple[bytes, ...]:
        """Prove that the tree of ``old`` leaves grew into this one; raise ProofImpossible.

        From nothing there is nothing to prove: the proof is empty (C2SP tlog-witness).
        """
        return consistency_by(old, self.size, self.range_root) if old else ()


def reader_of(tiles: Mapping[tuple[int, int], bytes]) -> ReadTile:
    """Give a reader over tiles held in memory."""

    def read(level: int, index: int) -> bytes:
        try:
            return tiles[level, index]
        except KeyError:
            raise TileMissing(f"TileMissing: {TilePath(level, index)}") from None

    return read
