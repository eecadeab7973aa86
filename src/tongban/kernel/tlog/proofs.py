"""Proofs as files (C2SP tlog-proof): where an entry is, its path to the root, and the checkpoint.

Self-contained: with the entry and a policy it can be checked offline. Only what equals its one
writing is read.
"""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from tongban.kernel.merkle import leaf_hash, verify_inclusion
from tongban.kernel.suites import suite
from tongban.kernel.tlog.policy import Policy, Witnessed, accept

_FIRST = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile("index (0|[1-9][0-9]{0,18})", re.ASCII)
_MOST_PATH = 63


class ProofInvalid(ValueError):
    """The text is no proof, or it does not lead from the entry to the checkpoint."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The place of an entry, the hashes from its sibling up, and the signed checkpoint."""

    index: int
    path: tuple[bytes, ...]
    note: bytes

    def __bytes__(self) -> bytes:
        """Write the file."""
        lines = "".join(f"{b64encode(part).decode()}\n" for part in self.path)
        return f"{_FIRST}\nindex {self.index}\n{lines}\n".encode() + self.note


def read_proof(written: bytes) -> Proof:
    """Read a file; raise ProofInvalid."""
    head, _, note = written.partition(b"\n\n")
    first, index, *lines = [*head.decode("ascii", "replace").split("\n"), ""]
    found = _INDEX.fullmatch(index)
    if first != _FIRST or found is None or len(lines) > _MOST_PATH + 1:
        raise ProofInvalid("ProofInvalid: it does not begin as a tlog-proof does")
    try:
        path = tuple(b64decode(line, validate=True) for line in lines if line)
    except ValueError:
        raise ProofInvalid("ProofInvalid: a line of the path is no base64") from None
    proof = Proof(int(found[1]), path, note)
    if bytes(proof) != written or any(len(part) != 32 for part in path):
        raise ProofInvalid("ProofInvalid: it is not written in its one form")
    return proof


def check(proof: Proof, entry: bytes, policy: Policy) -> Witnessed:
    """Check that the entry is in a tree that the policy accepts; raise what does not hold.

    ProofInvalid, NoteInvalid, CheckpointInvalid, NotWitnessed.
    """
    found = accept(proof.note, policy)
    digest = suite(found.log.suite).digest
    tree = found.checkpoint
    leaf = leaf_hash(entry, digest)
    if not verify_inclusion(leaf, proof.index, tree.size, proof.path, tree.root, digest):
        raise ProofInvalid(f"ProofInvalid: the entry is not at {proof.index} of the tree")
    return found
