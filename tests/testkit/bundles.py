"""Bundles for tests, made by the kernel alone: a tree, three witnesses, a story, a document."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tongban.kernel import merkle
from tongban.kernel.events import Draft, Event, Head, seal
from tongban.kernel.suites import Signer, suite
from tongban.kernel.tlog.bundles import event_line, list_files
from tongban.kernel.tlog.checkpoints import Checkpoint, sign_checkpoint
from tongban.kernel.tlog.leaves import commitment, statement
from tongban.kernel.tlog.notes import NoteKey, cosign, note_key
from tongban.kernel.tlog.policy import Group, Policy, Witness, write_policy

NAMES = ("court", "notary", "audit")
MADE = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SIGNED = int(MADE.timestamp())
DOCUMENT = b"%PDF-1.4 a paper that somebody handed in"
PAPER = "documents/01-marriage.pdf"


@dataclass(frozen=True)
class Hand:
    """A key and what signs with it."""

    key: NoteKey
    signer: Signer


@dataclass(frozen=True)
class Made:
    """A bundle's files and everything that one needs to forge them."""

    files: dict[str, bytes]
    events: tuple[Event, ...]
    log: Hand
    witnesses: tuple[Hand, ...]
    policy: Policy
    tree: Checkpoint

    def relisted(self, changed: Mapping[str, bytes | None]) -> dict[str, bytes]:
        """Change files (None: leave out) and sign the list anew, as the keeper of the log can."""
        files = {n: c for n, c in {**self.files, **changed}.items() if c is not None}
        files.pop("manifest.txt")
        note = list_files("case-1", MADE, files, self.log.key, self.log.signer)
        return {**files, "manifest.txt": str(note).encode()}

    def note(self, signing: Sequence[int], time: int = SIGNED) -> bytes:
        """Give the checkpoint with the signatures of these witnesses."""
        note = sign_checkpoint(self.tree, self.log.key, self.log.signer)
        hands = [self.witnesses[n] for n in signing]
        lines = [cosign(note.text, one.key, one.signer, time + n) for n, one in enumerate(hands)]
        return str(note.signed_also(lines)).encode()


def hand(name: str, by: str, number: int, *, timestamped: bool) -> Hand:
    """Give a key out of a number."""
    signer = suite(by).signer(bytes(31) + bytes([number]))
    return Hand(note_key(name, by, signer.public, timestamped=timestamped), signer)


def story(count: int, chain: str = "case-1") -> list[Event]:
    """Seal so many events; the first names the document, the last was erased."""
    events: list[Event] = []
    head = None
    for number in range(count):
        told = {"n": number, "名": "王䶮"}
        if not number:
            told["materials"] = {"marriage": hashlib.sha256(DOCUMENT).hexdigest()}
        event = seal(
            Draft(type="tongban.cases.stepped.v1", chain=chain, actor="clerk", data=told),
            event_id=f"0190{number:04x}-0000-7000-8000-{len(chain):012x}",
            head=head,
            recorded=MADE - timedelta(hours=1),
            salt=bytes([number]) * 32,
            by=suite("std"),
        )
        events.append(event)
        head = Head(event.seq, event.hash, event.recorded)
    return events


def told(chain: str, *drafts: tuple[str, dict[str, object]]) -> list[Event]:
    """Seal a story of these types and data."""
    events: list[Event] = []
    head = None
    for number, (what, data) in enumerate(drafts):
        event = seal(
            Draft(type=what, chain=chain, actor="system", data=data),
            event_id=f"0191{number:04x}-0000-7000-8000-{len(chain):012x}",
            head=head,
            recorded=MADE - timedelta(hours=1),
            salt=bytes([number]) * 32,
            by=suite("std"),
        )
        events.append(event)
        head = Head(event.seq, event.hash, event.recorded)
    return events


def make(
    by: str = "std",
    *,
    count: int = 4,
    others: int = 9,
    needed: int = 2,
    more: Sequence[Event] = (),
    beside: Mapping[str, bytes] | None = None,
) -> Made:
    """Make a bundle of ``count`` events in a tree with as many ``others`` before and behind.

    ``more`` events have the leaves after those, in their order; ``beside`` are further files.
    """
    events = [*story(count), *more]
    log = hand("tongban.example/log" + ("/gm" if by == "gm" else ""), by, 1, timestamped=False)
    hands = tuple(
        hand(f"{name}.example/witness", by, 2 + n, timestamped=True) for n, name in enumerate(NAMES)
    )
    digest = suite(by).digest
    salts = [digest(b"salt %d" % n) for n in range(len(events))]
    ours = [
        merkle.leaf_hash(commitment(s, statement(e.hash, e.suite), suite(by)), digest)
        for s, e in zip(salts, events, strict=True)
    ]
    before, behind = ([digest(b"%d %d" % (side, n)) for n in range(others)] for side in (0, 1))
    leaves = [*before, *ours, *behind]
    tree = Checkpoint(log.key.name, len(leaves), merkle.root(leaves, digest))
    policy = Policy(
        {log.key.name: log.key},
        {n: Witness(n, one.key) for n, one in zip(NAMES, hands, strict=True)},
        {"most": Group(needed, NAMES)},
        "most",
    )
    lines = [
        event_line(event, salt, others + n, merkle.inclusion_proof(others + n, leaves, digest))
        for n, (event, salt) in enumerate(zip(events, salts, strict=True))
    ]
    made = Made({"manifest.txt": b""}, tuple(events), log, hands, policy, tree)
    files: dict[str, bytes] = {
        "events.jsonl": b"".join(line + b"\n" for line in lines),
        "checkpoint.txt": made.note(range(len(NAMES))),
        "policy.txt": write_policy(policy).encode(),
        "README.txt": b"read me\n",
        PAPER: DOCUMENT,
        **(beside or {}),
    }
    return Made(made.relisted(files), tuple(events), log, hands, policy, tree)
