"""Checkpoints (C2SP tlog-checkpoint): origin, size and root of a tree, as the text of a note.

Refuses extension lines, which C2SP advises against: what a log adds beyond the tree nobody could
audit. A std tree is built with SHA-256 as C2SP says, a gm tree with SM3 under an origin of its own.
"""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from tongban.kernel.suites import Signer
from tongban.kernel.tlog.notes import (
    Note,
    NoteInvalid,
    NoteKey,
    digest_of,
    read_note,
    sign,
    verify,
)

_SIZE = re.compile("0|[1-9][0-9]{0,18}", re.ASCII)
_HASH_BYTES = 32
#: How the origin of a tree of suite gm ends, so that no two trees share an origin.
GM_ORIGIN = "/gm"


class CheckpointInvalid(ValueError):
    """A note that is no checkpoint of this log."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree at one size; ``str`` gives the text that is signed.

    >>> print(Checkpoint("example.com/log", 0, bytes(32)), end="")
    example.com/log
    0
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
    """

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        """Write the text of the note."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def read_checkpoint(text: str) -> Checkpoint:
    """Read the text of a note; raise CheckpointInvalid."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise CheckpointInvalid("CheckpointInvalid: it has not the three lines origin, size, root")
    origin, size, root = lines[:3]
    if not _SIZE.fullmatch(size):
        raise CheckpointInvalid(f"CheckpointInvalid: {size[:24]!r} is no size of a tree")
    try:
        told = b64decode(root, validate=True)
    except ValueError:
        told = b""
    if len(told) != _HASH_BYTES or b64encode(told).decode() != root:
        raise CheckpointInvalid("CheckpointInvalid: the third line is no hash of 32 bytes")
    return Checkpoint(origin, int(size), told)


def origin_of(base: str, suite_name: str) -> str:
    """Give the origin of an installation's tree: ``base`` for std, another one for gm."""
    return base + (GM_ORIGIN if suite_name == "gm" else "")


def sign_checkpoint(checkpoint: Checkpoint, key: NoteKey, signer: Signer) -> Note:
    """Sign as the log; raise ValueError where the key's name is not the origin."""
    if key.name != checkpoint.origin:
        raise ValueError(f"a log signs under its origin {checkpoint.origin}, not {key.name}")
    text = str(checkpoint)
    return Note(text, (sign(text, key, signer),))


def open_checkpoint(written: bytes, log: NoteKey) -> tuple[Checkpoint, Note]:
    """Give the checkpoint that this log signed; raise NoteInvalid or CheckpointInvalid.

    The suite of the tree is that of the log's key and is never taken from what was sent.
    """
    note = read_note(written)
    checkpoint = read_checkpoint(note.text)
    if checkpoint.origin != log.name:
        raise CheckpointInvalid(
            f"CheckpointInvalid: it is of {checkpoint.origin[:80]!r}, not of {log.name!r}"
        )
    if not verify(note, [log]):
        raise NoteInvalid(f"NoteInvalid: {log.name} has not signed it")
    if not checkpoint.size and checkpoint.root != digest_of(log).digest(b""):
        raise CheckpointInvalid(
            "CheckpointInvalid: an empty tree has the digest of nothing as root"
        )
    return checkpoint, note
