"""What a log asks a witness (C2SP tlog-witness, add-checkpoint), and how a witness judges it.

Pure: the witness says what it last cosigned, this says whether the next may follow. A smaller tree,
another tree of the same size, and one that does not contain the last are refused.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tongban.kernel.merkle import Digest, verify_consistency
from tongban.kernel.tlog.checkpoints import Checkpoint, CheckpointInvalid, read_checkpoint
from tongban.kernel.tlog.notes import Note, NoteInvalid, NoteKey, digest_of, read_note, verify

_OLD = re.compile("old (0|[1-9][0-9]{0,18})", re.ASCII)
_MOST_PROOF = 63
_HASH_BYTES = 32
#: The type of the body of a 409: the size that the witness last cosigned.
SIZE_TYPE = "text/x.tlog.size"
#: The largest request: a note of 64 KiB and its proof.
LARGEST = 70_000


class RequestInvalid(ValueError):
    """The body is not of the form that add-checkpoint has."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request: the size from which ``proof`` leads, and the signed checkpoint as it came."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def __bytes__(self) -> bytes:
        """Write the body of the request."""
        lines = "".join(f"{b64encode(part).decode()}\n" for part in self.proof)
        return f"old {self.old}\n{lines}\n".encode() + self.note


def read_request(body: bytes) -> AddCheckpoint:
    """Read the body of a request, strictly; raise RequestInvalid.

    >>> read_request(b"old 0" + bytes([10, 10]) + b"note").old
    0
    """
    if len(body) > LARGEST:
        raise RequestInvalid(f"RequestInvalid: more than {LARGEST} bytes")
    head, blank, note = body.partition(b"\n\n")
    first, *lines = head.decode("ascii", "replace").split("\n")
    old = _OLD.fullmatch(first)
    if not blank or old is None:
        raise RequestInvalid("RequestInvalid: it begins with the line 'old', a space and a size")
    if len(lines) > _MOST_PROOF:
        raise RequestInvalid(f"RequestInvalid: more than {_MOST_PROOF} lines of proof")
    return AddCheckpoint(int(old[1]), tuple(map(_hash, lines)), note)


def _hash(line: str) -> bytes:
    try:
        told = b64decode(line, validate=True)
    except ValueError:
        told = b""
    if len(told) != _HASH_BYTES or b64encode(told).decode() != line:
        raise RequestInvalid("RequestInvalid: a line of the proof is no hash in base64")
    return told


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a witness does not cosign: the HTTP status, a sentence, and what it means.

    ``fork`` and ``rollback`` are the log's own doing, shown by its own signature: they are alarms.
    ``unproved`` may be the doing of whoever sent it: it is told, and settled by the next good one.
    ``note`` is what the log signed, where there is an alarm.
    """

    status: int
    why: str
    alarm: str = ""
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A checkpoint that may be cosigned, and the note with the log's own signature alone."""

    checkpoint: Checkpoint
    note: Note


#: Gives the root that was cosigned of a log (by origin) at a size; None: none was.
RootAt = Callable[[str, int], bytes | None]


def judge(
    request: AddCheckpoint,
    logs: Mapping[str, NoteKey],
    last: Mapping[str, Checkpoint],
    root_at: RootAt,
) -> Taken | Refused:
    """Say whether a witness may cosign, by the order of checks of tlog-witness.

    ``logs`` are the known logs by origin, ``last`` what was last cosigned of each; by ``root_at``
    an old checkpoint that comes again is told from a log that went back.
    """
    try:
        note = read_note(request.note)
        checkpoint = read_checkpoint(note.text)
    except (NoteInvalid, CheckpointInvalid) as wrong:
        return Refused(400, str(wrong))
    log = logs.get(checkpoint.origin)
    if log is None:
        return Refused(404, f"{checkpoint.origin[:80]!r} is no log that this witness knows")
    try:
        signed = verify(note, [log])
    except NoteInvalid as wrong:
        return Refused(403, str(wrong))
    if not signed:
        return Refused(403, f"{log.name} has not signed it")
    if request.old > checkpoint.size:
        return Refused(400, "the old size is larger than that of the checkpoint")
    # lines of others are not ours to keep, and whoever sends may add any number of them
    own = next(one for one in note.signatures if (one.name, one.id) == (log.name, log.id))
    taken = Taken(checkpoint, Note(note.text, (own,)))
    held = last.get(checkpoint.origin) or Checkpoint(log.name, 0, digest_of(log).digest(b""))
    return _follows(request, taken, held, digest_of(log).digest, root_at)


def _follows(
    request: AddCheckpoint, taken: Taken, held: Checkpoint, digest: Digest, root_at: RootAt
) -> Taken | Refused:
    tree = taken.checkpoint

    def alarm(status: int, why: str, kind: str) -> Refused:
        return Refused(status, why, kind, taken.note)

    before = held.root if tree.size == held.size else root_at(tree.origin, tree.size)
    if before is not None and before != tree.root:
        # the protocol asks for the size first; the alarm is raised either way
        status = 422 if request.old == held.size else 409
        return alarm(status, f"the log signed two trees of {tree.size} leaves", "fork")
    if request.old != held.size:
        why = f"this witness has cosigned {held.size} leaves"
        if tree.size < held.size and before is None:
            return alarm(409, f"{why}, and never {tree.size}", "rollback")
        return Refused(409, why)
    if request.old:
        proved = verify_consistency(
            held.size, tree.size, request.proof, held.root, tree.root, digest
        )
    else:
        proved = not request.proof
    if not proved:
        return alarm(422, "the proof does not lead from the last cosigned tree", "unproved")
    return taken
