"""Rows of a node's log (调用日志): two a call, each bound to the one before it by its hash.

A row keeps the exact text that was signed, so that whoever has the log and the public keys can
check every signature again, without the node. Bodies are no part of a row; their digest is.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from tongban.kernel.events import instant
from tongban.kernel.merkle import Frontier, leaf_hash
from tongban.kernel.suites import Suite, Verifier

Side = Literal["provider", "consumer"]
Kind = Literal["request", "answer", "delivery", "task", "batch", "alarm", "erasure"]
CHECKPOINT = "tongban-checkpoint/1"
_BEFORE = b"tongban.row.v1\n"


class RowInvalid(ValueError):
    """A text that is no row of a log."""


@dataclass(frozen=True, slots=True)
class RowDraft:
    """What a row says, before it has its place in the chain.

    ``fields`` and ``records`` are counts; ``micros`` the time a call took; ``digest``,
    ``signature_input``, ``signature`` (hex), ``base``, ``keyid``, ``nonce`` and ``suite`` are those
    of the message (empty where none was signed); ``subjects`` are marks of the key values.
    """

    side: Side
    kind: Kind
    call: str
    client: str = ""
    service: str = ""
    operation: str = ""
    purposes: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    consent: str = ""
    issue: str = ""
    user: str = ""
    represented: str = ""
    status: int = 0
    code: str = ""
    fields: int = 0
    records: int = 0
    digest: str = ""
    signature_input: str = ""
    signature: str = ""
    base: str = ""
    keyid: str = ""
    nonce: str = ""
    suite: str = ""
    subjects: tuple[str, ...] = ()
    micros: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A row in its place: ``seq`` counts from 1, ``at`` never runs backwards.

    ``text`` is the canonical JSON that is hashed, ``previous`` the hash of the row before (empty:
    the first), both hashes lower-case hex.
    """

    seq: int
    at: str
    previous: str
    hash: str
    text: str
    draft: RowDraft


_NAMES = tuple(f.name for f in fields(RowDraft))
_PLACED = tuple(sorted({*_NAMES, "seq", "at", "previous"}))
_LISTS = frozenset({"purposes", "grants", "subjects"})
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def row_hash(text: str, by: Suite) -> str:
    """Give the hash of a row's text in hex."""
    return by.digest(_BEFORE + text.encode()).hex()


def seal_row(draft: RowDraft, seq: int, at: datetime, previous: str, by: Suite) -> Row:
    """Give a draft its place. The text is canonical JSON (RFC 8785): sorted names, no floats."""
    placed = {name: getattr(draft, name) for name in _NAMES}
    written_at = instant(at)
    placed |= {"seq": seq, "at": written_at, "previous": previous}
    text = _write({name: placed[name] for name in _PLACED})
    return Row(seq, written_at, previous, row_hash(text, by), text, draft)


def read_row(text: str, by: Suite) -> Row:
    """Read a row's text as it was kept; raise RowInvalid."""
    try:
        told: Any = json.loads(text)
        if told.keys() != set(_PLACED):
            raise RowInvalid("RowInvalid: it has not the members of a row")
        placed: dict[str, Any] = {
            name: tuple(told[name]) if name in _LISTS else told[name] for name in _NAMES
        }
        draft = RowDraft(**placed)
    except (AttributeError, TypeError, ValueError) as wrong:
        raise RowInvalid(f"RowInvalid: it is no row ({wrong})") from wrong
    return Row(told["seq"], told["at"], told["previous"], row_hash(text, by), text, draft)


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row that does not hold, and why, in a sentence."""

    seq: int
    why: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A row as a store keeps it: its place, its hash and its text."""

    seq: int
    hash: str
    text: str


class Checker:
    """Walks a log row by row and says the first that does not hold.

    ``checkpoints`` maps a size to the root that was signed for it; ``key_of`` gives the verifier of
    a key id (None: the key is not known here, so that signature is not checked).
    """

    def __init__(
        self,
        by: Suite,
        checkpoints: Mapping[int, str] | None = None,
        key_of: Callable[[str], Verifier | None] | None = None,
    ) -> None:
        self._by = by
        self._checkpoints = dict(checkpoints or {})
        self._key_of = key_of
        self._previous = ""
        self._at = ""
        self.frontier = Frontier()
        self.signatures = 0
        self.unchecked = 0
        self.matched = 0

    def check(self, kept: Kept) -> Broken | None:
        """Take the next row; rows come from the first on, without a gap."""
        expected = self.frontier.size + 1
        why = self._fault(kept, expected)
        if why:
            return Broken(expected, why)
        return self._taken(kept.hash)

    def pass_over(self, seq: int, row_hash: str) -> Broken | None:
        """Take a row's hash unread: its place and the checkpoints are checked, its text is not."""
        expected = self.frontier.size + 1
        if seq != expected:
            return Broken(expected, f"row {expected} is missing")
        return self._taken(row_hash)

    def _taken(self, row_hash: str) -> Broken | None:
        expected = self.frontier.size + 1
        self.frontier = self.frontier.grown(
            [leaf_hash(bytes.fromhex(row_hash), self._by.digest)], self._by.digest
        )
        self._previous = row_hash
        wanted = self._checkpoints.pop(expected, None)
        if wanted is not None:
            if self.frontier.root(self._by.digest).hex() != wanted:
                return Broken(
                    expected,
                    f"the checkpoint of {expected} rows has another root: a row up to here was"
                    " rewritten after it was signed",
                )
            self.matched += 1
        return None

    def end(self) -> Broken | None:
        """Say whether the log ends before a checkpoint that was signed for it."""
        if self._checkpoints:
            size = max(self._checkpoints)
            return Broken(
                self.frontier.size + 1,
                f"a checkpoint was signed for {size} rows and there are {self.frontier.size}: the"
                " end was cut off",
            )
        return None

    def _fault(self, kept: Kept, expected: int) -> str:
        if kept.seq != expected:
            return f"row {expected} is missing"
        if row_hash(kept.text, self._by) != kept.hash:
            return "its text is not what its hash was made of"
        try:
            row = read_row(kept.text, self._by)
        except RowInvalid as wrong:
            return str(wrong)
        return self._misplaced(row, kept) or self._signed(row.draft)

    def _misplaced(self, row: Row, kept: Kept) -> str:
        if row.seq != kept.seq:
            return f"it says that it is row {row.seq}"
        if row.previous != self._previous:
            return "it does not follow the row before it"
        if row.at < self._at:
            return "it was written before the row that it follows"
        self._at = row.at
        return ""

    def _signed(self, draft: RowDraft) -> str:
        if not draft.signature:
            return ""
        if not _covers(draft):
            return "the text that was signed is not about the call that the row states"
        key = self._key_of(draft.keyid) if self._key_of else None
        if key is None:
            self.unchecked += 1
            return ""
        self.signatures += 1
        if not key.verify(draft.base.encode(), bytes.fromhex(draft.signature)):
            return "its signature does not hold"
        return ""


def _covers(draft: RowDraft) -> bool:
    """Say whether the signed text names the digest, the call, and the parties of the row."""
    lines = set(draft.base.split("\n"))
    stated = [f'"content-digest": {draft.digest}', f'"x-road-id": {draft.call}']
    if draft.kind == "request":
        stated.append(f'"x-road-client": {draft.client}')
    parameters = draft.signature_input.partition("=")[2]
    return all(line in lines for line in stated) and draft.base.endswith(
        f'"@signature-params": {parameters}'
    )


def verify_rows(rows: Iterable[Kept], checker: Checker) -> Broken | None:
    """Give the first row that does not hold, or None where the whole log stands."""
    for kept in rows:
        if broken := checker.check(kept):
            return broken
    return checker.end()


def checkpoint(node: str, frontier: Frontier, head: str, at: datetime, by: Suite) -> dict[str, Any]:
    """Give the document of a checkpoint (日志检查点) over the rows so far, to be signed."""
    return {
        "format": CHECKPOINT,
        "node": node,
        "size": frontier.size,
        "root": frontier.root(by.digest).hex(),
        "head": head,
        "at": instant(at),
        "suite": by.name,
    }
