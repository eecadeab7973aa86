"""The Merkle tree of RFC 9162 (Certificate Transparency 2.0), section 2.1, over any suite's digest.

Makes and checks proofs that an entry is in a tree and that a tree only grew. It holds no tree and
signs no head: leaves come in as hashes, oldest first, or somebody gives the roots of their ranges.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Digest = Callable[[bytes], bytes]
#: Gives the root over the leaves from the first number up to, and without, the second.
RangeRoot = Callable[[int, int], bytes]


class ProofImpossible(ValueError):
    """The proof was asked for an entry or a size that the tree does not have."""


class FrontierInvalid(ValueError):
    """No tree has this size and these peaks."""


def leaf_hash(entry: bytes, digest: Digest) -> bytes:
    """Give H(0x00 ‖ entry)."""
    return digest(b"\x00" + entry)


def node_hash(left: bytes, right: bytes, digest: Digest) -> bytes:
    """Give H(0x01 ‖ left ‖ right)."""
    return digest(b"\x01" + left + right)


def root(leaves: Sequence[bytes], digest: Digest) -> bytes:
    """Give the root hash of a tree of these leaf hashes; of none, H of nothing.

    >>> from tongban.kernel.suites import suite
    >>> root([], suite("std").digest).hex()[:16]
    'e3b0c44298fc1c14'
    """
    return _subroot(leaves, 0, len(leaves), digest) if leaves else digest(b"")


def split(size: int) -> int:
    """Give the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def _subroot(leaves: Sequence[bytes], start: int, end: int, digest: Digest) -> bytes:
    if end - start == 1:
        return leaves[start]
    middle = start + split(end - start)
    left = _subroot(leaves, start, middle, digest)
    return node_hash(left, _subroot(leaves, middle, end, digest), digest)


def inclusion_proof(index: int, leaves: Sequence[bytes], digest: Digest) -> tuple[bytes, ...]:
    """Prove that leaf ``index`` is in the tree (2.1.3.1); raise ProofImpossible."""
    return inclusion_by(index, len(leaves), _roots(leaves, digest))


def _roots(leaves: Sequence[bytes], digest: Digest) -> RangeRoot:
    return lambda start, end: _subroot(leaves, start, end, digest)


def inclusion_by(index: int, size: int, range_root: RangeRoot) -> tuple[bytes, ...]:
    """Prove as `inclusion_proof` does, by the roots of ranges alone; raise ProofImpossible."""
    if not 0 <= index < size:
        raise ProofImpossible(f"ProofImpossible: a tree of {size} has no leaf {index}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            path.append(range_root(middle, end))
            end = middle
        else:
            path.append(range_root(start, middle))
            start = middle
    return tuple(reversed(path))


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes, digest: Digest
) -> bool:
    """Check that the leaf hash is at ``index`` of the tree of ``size`` with this root (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, made = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            made = node_hash(sibling, made, digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            made = node_hash(made, sibling, digest)
        place, last = place >> 1, last >> 1
    return last == 0 and made == root_hash


def consistency_proof(old: int, leaves: Sequence[bytes], digest: Digest) -> tuple[bytes, ...]:
    """Prove that the tree of the first ``old`` leaves grew into this one (2.1.4.1).

    Raise ProofImpossible unless 0 < old ≤ size.
    """
    return consistency_by(old, len(leaves), _roots(leaves, digest))


def consistency_by(old: int, size: int, range_root: RangeRoot) -> tuple[bytes, ...]:
    """Prove as `consistency_proof` does, by the roots of ranges alone; raise ProofImpossible."""
    if not 0 < old <= size:
        raise ProofImpossible(f"ProofImpossible: a tree of {size} had no size {old} before")
    path: list[bytes] = []
    start, end, whole = 0, size, True
    while old != end:
        middle = start + split(end - start)
        if old <= middle:
            path.append(range_root(middle, end))
            end = middle
        else:
            path.append(range_root(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(range_root(start, end))
    return tuple(reversed(path))


def verify_consistency(
    old: int,
    new: int,
    proof: Sequence[bytes],
    old_root: bytes,
    new_root: bytes,
    digest: Digest,
) -> bool:
    """Check that the tree of size ``old`` grew into that of size ``new`` (2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    was = now = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            was = node_hash(sibling, was, digest)
            now = node_hash(sibling, now, digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            now = node_hash(now, sibling, digest)
        place, last = place >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root


@dataclass(frozen=True, slots=True)
class Frontier:
    """What one must keep of a tree to let it grow: the roots of its full subtrees, largest first.

    A tree of ``size`` leaves has one for each bit that is set in ``size``: appending and the root
    take O(log n) digests and no leaf.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise FrontierInvalid(
                f"FrontierInvalid: a tree of {self.size} leaves has not {len(self.peaks)} peaks"
            )

    def __str__(self) -> str:
        """Write it as text: the size, then the peaks in hex, by colons."""
        return ":".join([str(self.size), *(peak.hex() for peak in self.peaks)])

    @classmethod
    def read(cls, text: str) -> "Frontier":
        """Read what ``str`` wrote; raise FrontierInvalid."""
        size, *peaks = text.split(":")
        try:
            found = cls(int(size), tuple(bytes.fromhex(peak) for peak in peaks))
        except ValueError as wrong:
            raise FrontierInvalid(f"FrontierInvalid: {text[:80]!r}: {wrong}") from None
        if str(found) != text or len({len(peak) for peak in found.peaks}) > 1:
            raise FrontierInvalid(f"FrontierInvalid: {text[:80]!r} is not in the exact form")
        return found

    def grown(self, leaves: Iterable[bytes], digest: Digest) -> "Frontier":
        """Give the frontier after these leaf hashes were appended, in order."""
        size, peaks = self.size, list(self.peaks)
        for leaf in leaves:
            made, bit = leaf, size
            while bit & 1:
                made, bit = node_hash(peaks.pop(), made, digest), bit >> 1
            peaks.append(made)
            size += 1
        return Frontier(size, tuple(peaks))

    def root(self, digest: Digest) -> bytes:
        """Give the root of the tree, equal to `root` of all its leaves.

        >>> from tongban.kernel.suites import suite
        >>> by, leaves = suite("std").digest, [bytes([n]) * 32 for n in range(5)]
        >>> Frontier().grown(leaves, by).root(by) == root(leaves, by)
        True
        """
        if not self.peaks:
            return digest(b"")
        made = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            made = node_hash(peak, made, digest)
        return made
