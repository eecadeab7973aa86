"""The Merkle tree: proofs made here hold, agree with RFC 9162's recursion, and never bend."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel import merkle


def digest(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


LEAVES = [merkle.leaf_hash(bytes([n]), digest) for n in range(70)]
sizes = st.integers(1, 70)


def rfc_root(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, letter by letter."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return digest(b"\x01" + rfc_root(leaves[:k]) + rfc_root(leaves[k:]))


def rfc_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*rfc_path(m, leaves[:k]), rfc_root(leaves[k:])]
    return [*rfc_path(m - k, leaves[k:]), rfc_root(leaves[:k])]


def rfc_subproof(m: int, leaves: list[bytes], *, whole: bool) -> list[bytes]:
    """RFC 9162, 2.1.4.1."""
    if m == len(leaves):
        return [] if whole else [rfc_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*rfc_subproof(m, leaves[:k], whole=whole), rfc_root(leaves[k:])]
    return [*rfc_subproof(m - k, leaves[k:], whole=False), rfc_root(leaves[:k])]


@given(sizes, st.data())
def test_a_proof_of_inclusion_is_the_standards_and_holds(size: int, data: st.DataObject) -> None:
    leaves, index = LEAVES[:size], data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, leaves, digest)
    root = merkle.root(leaves, digest)
    assert root == rfc_root(leaves)
    assert list(proof) == rfc_path(index, leaves)
    assert merkle.verify_inclusion(leaves[index], index, size, proof, root, digest)


@given(sizes, st.data())
def test_a_proof_of_growth_is_the_standards_and_holds(size: int, data: st.DataObject) -> None:
    leaves, old = LEAVES[:size], data.draw(st.integers(1, size))
    proof = merkle.consistency_proof(old, leaves, digest)
    assert list(proof) == rfc_subproof(old, leaves, whole=True)
    before, after = merkle.root(leaves[:old], digest), merkle.root(leaves, digest)
    assert merkle.verify_consistency(old, size, proof, before, after, digest)


@st.composite
def changed(draw: st.DrawFn, proof: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Change a proof in one place: a bit, a step gone, a step more, two steps swapped."""
    parts = list(proof)
    ways = ["more"] + ["flip", "gone"] * bool(parts) + ["swap"] * (len(parts) > 1)
    at = draw(st.integers(0, max(0, len(parts) - 1)))
    match draw(st.sampled_from(ways)):
        case "more":
            parts.insert(draw(st.integers(0, len(parts))), draw(st.sampled_from(LEAVES)))
        case "flip":
            bit = draw(st.integers(0, 255))
            parts[at] = (int.from_bytes(parts[at]) ^ 1 << bit).to_bytes(32)
        case "gone":
            del parts[at]
        case _:
            other = (at + 1) % len(parts)
            parts[at], parts[other] = parts[other], parts[at]
    return tuple(parts)


@given(sizes, st.data())
def test_no_changed_proof_of_inclusion_holds(size: int, data: st.DataObject) -> None:
    leaves, index = LEAVES[:size], data.draw(st.integers(0, size - 1))
    root = merkle.root(leaves, digest)
    proof = merkle.inclusion_proof(index, leaves, digest)
    bad = data.draw(changed(proof))
    assert not merkle.verify_inclusion(leaves[index], index, size, bad, root, digest)
    other = data.draw(st.integers(-1, size).filter(lambda n: n != index))
    assert not merkle.verify_inclusion(leaves[index], other, size, proof, root, digest)
    assert not merkle.verify_inclusion(digest(b"x"), index, size, proof, root, digest)
    assert not merkle.verify_inclusion(leaves[index], index, size, proof, digest(root), digest)


@given(sizes, st.data())
def test_no_changed_proof_of_growth_holds(size: int, data: st.DataObject) -> None:
    leaves, old = LEAVES[:size], data.draw(st.integers(1, size))
    before, after = merkle.root(leaves[:old], digest), merkle.root(leaves, digest)
    proof = merkle.consistency_proof(old, leaves, digest)
    bad = data.draw(changed(proof))
    assert not merkle.verify_consistency(old, size, bad, before, after, digest)
    assert not merkle.verify_consistency(old, size, proof, digest(before), after, digest)
    assert not merkle.verify_consistency(old, size, proof, before, digest(after), digest)


@given(sizes.filter(lambda size: size > 1), st.data())
def test_a_rewritten_entry_cannot_pass_as_growth(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    rewritten = [*LEAVES[:size]]
    rewritten[data.draw(st.integers(0, old - 1))] = digest(b"forged")
    before, after = merkle.root(LEAVES[:old], digest), merkle.root(rewritten, digest)
    proof = merkle.consistency_proof(old, rewritten, digest)
    assert not merkle.verify_consistency(old, size, proof, before, after, digest)


def test_what_the_tree_does_not_have_is_not_proved() -> None:
    with pytest.raises(merkle.ProofImpossible, match="no leaf 3"):
        merkle.inclusion_proof(3, LEAVES[:3], digest)
    with pytest.raises(merkle.ProofImpossible, match="no size 4"):
        merkle.consistency_proof(4, LEAVES[:3], digest)
    with pytest.raises(merkle.ProofImpossible):
        merkle.consistency_proof(0, LEAVES[:3], digest)
    assert not merkle.verify_consistency(1, 2, [], LEAVES[0], LEAVES[1], digest)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=40), st.integers(0, 40))
def test_a_frontier_grows_to_the_root_of_all_leaves(leaves: list[bytes], cut: int) -> None:
    grown = merkle.Frontier().grown(leaves[:cut], digest).grown(leaves[cut:], digest)
    assert grown.size == len(leaves)
    assert len(grown.peaks) == len(leaves).bit_count()
    assert grown.root(digest) == merkle.root(leaves, digest)


@given(st.lists(st.integers(0, 40), max_size=5))
def test_a_frontier_that_was_written_down_grows_on(steps: list[int]) -> None:
    leaves = [merkle.leaf_hash(n.to_bytes(2), digest) for n in range(sum(steps))]
    frontier, at = merkle.Frontier(), 0
    for step in steps:
        frontier = frontier.grown(leaves[at : at + step], digest)
        frontier = merkle.Frontier.read(str(frontier))  # as a store keeps it
        at += step
        assert frontier.root(digest) == (rfc_root(leaves[:at]) if at else digest(b""))


@pytest.mark.parametrize(
    "text", ["", "x", "1", "0:00", "3:00", "-1:00", "1:0g", "01:00", "1:0A", "3:00:0000"]
)
def test_a_text_that_is_no_frontier_is_refused(text: str) -> None:
    with pytest.raises(merkle.FrontierInvalid):
        merkle.Frontier.read(text)
