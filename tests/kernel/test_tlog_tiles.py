"""Tiles: trees over 256-wide pieces give the roots and proofs of RFC 9162, however they grew."""

import hashlib
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel import merkle
from tongban.kernel.tlog.tiles import (
    FULL_BYTES,
    HASH_BYTES,
    WIDTH,
    Edge,
    TiledTree,
    TileMissing,
    TilePath,
    TilePathInvalid,
    Tiles,
    bundle,
    reader_of,
    width_of,
)

MOST = 70_000


def digest(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


LEAVES = [digest(number.to_bytes(4, "big")) for number in range(MOST)]


def grow(parts: list[int]) -> tuple[Edge, dict[tuple[int, int], bytes]]:
    """Append so many leaves at a time; give the edge and all tiles as last written."""
    edge, stored = Edge(), {}
    for part in parts:
        before = edge
        edge, made = edge.grown(LEAVES[edge.size : edge.size + part], digest)
        for place, tile in made.items():
            # a tile only ever becomes wider
            assert tile.startswith(stored.get(place, b""))
            assert len(stored.get(place, b"")) < FULL_BYTES
        stored |= made
        assert edge.size == before.size + part
    return edge, stored


@lru_cache(maxsize=1)
def large() -> dict[tuple[int, int], bytes]:
    return grow([MOST])[1]


def test_a_tree_of_70000_has_the_tiles_that_the_standard_counts() -> None:
    """tlog-tiles, section "Partial Tiles"."""
    tiles = large()
    widths = {place: len(tile) // HASH_BYTES for place, tile in tiles.items()}
    assert sum(level == 0 and width == WIDTH for (level, _), width in widths.items()) == 273
    assert widths[0, 273] == 112
    assert widths[1, 0] == WIDTH
    assert widths[1, 1] == 17
    assert widths[2, 0] == 1
    assert len(widths) == 273 + 1 + 2 + 1
    assert {place: width_of(*place, MOST) for place in widths} == widths
    assert width_of(2, 1, MOST) == width_of(0, 274, MOST) == width_of(3, 0, MOST) == 0


def test_a_tree_of_256_is_a_full_tile_and_a_partial_one_above() -> None:
    _, tiles = grow([256])
    assert {place: len(tile) // HASH_BYTES for place, tile in tiles.items()} == {
        (0, 0): 256,
        (1, 0): 1,
    }


@given(st.lists(st.integers(0, 700), min_size=1, max_size=6))
def test_however_it_grows_it_is_the_same_tree(parts: list[int]) -> None:
    edge, tiles = grow(parts)
    again, at_once = grow([sum(parts)])
    assert edge == again
    assert tiles == at_once
    tree = TiledTree(edge.size, Tiles(reader_of(tiles), digest))
    assert tree.root() == merkle.root(LEAVES[: edge.size], digest)


@given(st.integers(1, 1500), st.data())
def test_proofs_from_tiles_are_those_of_the_standard(size: int, data: st.DataObject) -> None:
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    tree = TiledTree(size, Tiles(reader_of(grow([size])[1]), digest, kept=2))
    leaves = LEAVES[:size]
    assert tree.inclusion(index) == merkle.inclusion_proof(index, leaves, digest)
    assert tree.consistency(old) == merkle.consistency_proof(old, leaves, digest)
    assert tree.consistency(0) == ()


@given(st.integers(1, MOST), st.data())
def test_an_old_size_is_proved_from_the_tiles_of_a_larger_tree(
    size: int, data: st.DataObject
) -> None:
    tree = TiledTree(size, Tiles(reader_of(large()), digest))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root = tree.root()
    assert merkle.verify_inclusion(LEAVES[index], index, size, tree.inclusion(index), root, digest)
    was = TiledTree(old, Tiles(reader_of(large()), digest)).root()
    assert merkle.verify_consistency(old, size, tree.consistency(old), was, root, digest)


def test_a_missing_or_narrow_tile_is_named() -> None:
    tiles = dict(large())
    tree = TiledTree(MOST, Tiles(reader_of({**tiles, (0, 273): tiles[0, 273][:64]}), digest))
    with pytest.raises(TileMissing, match="0/273"):
        tree.root()
    del tiles[0, 7]
    with pytest.raises(TileMissing, match="0/007"):
        TiledTree(MOST, Tiles(reader_of(tiles), digest)).inclusion(7 * WIDTH)


def test_an_edge_that_no_tree_has_is_refused() -> None:
    for size, partial in ((3, (bytes(32),)), (300, (bytes(44 * 32),)), (1, ())):
        with pytest.raises(TileMissing):
            Edge(size, partial)


@given(st.integers(-1, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_a_path_is_read_back(level: int, index: int, width: int) -> None:
    path = TilePath(level, index, width)
    assert TilePath.read(str(path)) == path


def test_a_path_is_written_as_the_standard_shows() -> None:
    assert str(TilePath(0, 1234067)) == "0/x001/x234/067"
    assert str(TilePath(3, 0, 1)) == "3/000.p/1"


@pytest.mark.parametrize(
    "wrong",
    [
        *("", "0", "0/0", "00/000", "64/000", "0/1000", "0/x000/001", "0/x001/x234/67"),
        *("0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/", "entries/x000", "0/000/"),
        *("0/001/234", "-1/000", "0/٠٠٠", "0/" + "x001/" * 40 + "001"),
    ],
)
def test_what_names_no_tile_is_refused(wrong: str) -> None:
    with pytest.raises(TilePathInvalid):
        TilePath.read(wrong)


def test_a_bundle_holds_each_entry_behind_its_length() -> None:
    assert bundle([b"ab", b"", b"c"]) == b"\x00\x02ab\x00\x00\x00\x01c"
    with pytest.raises(ValueError, match="65535"):
        bundle([bytes(65536)])
