"""Rows of a node's log (调用日志): two a call, each bound to the one before it by its hash.

A row keeps the exact text that was signed, so that whoever has the log and the public keys can
check every signature again, without the node. Bodies are no part of a row; their digest is.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Literal, get_args

from tongban.kernel.events import instant
from tongban.kernel.merkle import Frontier, leaf_hash
from tongban.kernel.suites import Suite, Verifier
from tongban.kernel.wire.words import Operation

Side = Literal["provider", "consumer"]
Kind = Literal["request", "answer", "delivery", "task", "batch", "alarm", "erasure"]
CHECKPOINT = "tongban-checkpoint/1"
_BEFORE = b"tongban.row.v1\n"


class RowInvalid(ValueError):
    """A text that is no row of a log, or a draft that no row can hold."""


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
_PLACED = dict.fromkeys(sorted({*_NAMES, "seq", "at", "previous"}))
_LISTS = frozenset({"purposes", "grants", "subjects"})
_COUNTS = frozenset({"status", "fields", "records", "micros", "seq"})
_ONE_OF = {"side": get_args(Side), "kind": get_args(Kind)}
_values = attrgetter(*_NAMES)
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
#: The rows of one group are written at one instant.
_instant = lru_cache(maxsize=8)(instant)


def row_hash(text: str, by: Suite) -> str:
    """Give the hash of a row's text in hex; raise RowInvalid for half a character."""
    try:
        return by.digest(_BEFORE + text.encode()).hex()
    except UnicodeEncodeError:
        raise RowInvalid("RowInvalid: it holds half a character (lone surrogate)") from None


def seal_row(draft: RowDraft, seq: int, at: datetime, previous: str, by: Suite) -> Row:
    """Give a draft its place; raise RowInvalid.

    The text is canonical JSON (RFC 8785): sorted names, no floats. It is written here and not by
    `kernel.events.canonical`, which walks through every value: that would cost as much again.
    """
    written_at = _instant(at)
    placed: dict[str, Any] = _PLACED.copy()  # keeps the order of the names
    placed.update(zip(_NAMES, _values(draft), strict=True))
    placed["seq"], placed["at"], placed["previous"] = seq, written_at, previous
    text = _write(placed)
    return Row(seq, written_at, previous, row_hash(text, by), text, draft)


def read_row(text: str, by: Suite) -> Row:
    """Read a row's text as it was kept; raise RowInvalid, also for any but the one written form."""
    try:
        told: Any = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise RowInvalid(f"RowInvalid: it is no row ({wrong})") from None
    if not isinstance(told, dict) or told.keys() != _PLACED.keys():
        raise RowInvalid("RowInvalid: it has not the members of a row")
    for name, value in told.items():
        if name in _COUNTS:
            fit = type(value) is int and value >= 0
        elif name in _LISTS:
            fit = type(value) is list and all(type(one) is str for one in value)
        else:
            fit = type(value) is str and (name not in _ONE_OF or value in _ONE_OF[name])
        if not fit:
            raise RowInvalid(f"RowInvalid: {name} is not what a row has there")
    # a member that stands twice, or an escape that need not be, would let two texts mean one row
    if _write(told) != text:
        raise RowInvalid("RowInvalid: it is not written in the one form of a row")
    placed: dict[str, Any] = {
        name: tuple(told[name]) if name in _LISTS else told[name] for name in _NAMES
    }
    draft = RowDraft(**placed)
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
    a key id (None: the key is not known here, so that signature is not checked). ``bare`` counts
    rows of messages that carry no signature: what was never sent, or came unsigned.
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
        self._sure = 0
        self.row: Row | None = None  # the last that was read
        self.frontier = Frontier()
        self.signatures = 0
        self.unchecked = 0
        self.bare = 0
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
                    f"the checkpoint of {expected} rows has another root: a row from"
                    f" {self._sure + 1} to {expected} was rewritten after it was signed",
                )
            self.matched += 1
            self._sure = expected
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
        try:
            if row_hash(kept.text, self._by) != kept.hash:
                return "its text is not what its hash was made of"
            row = read_row(kept.text, self._by)
        except RowInvalid as wrong:
            return str(wrong)
        before = self.row.draft if self.row else None
        self.row = row
        return self._misplaced(row, kept) or self._signed(row.draft, before)

    def _misplaced(self, row: Row, kept: Kept) -> str:
        if row.seq != kept.seq:
            return f"it says that it is row {row.seq}"
        if row.previous != self._previous:
            return "it does not follow the row before it"
        if row.at < self._at:
            return "it was written before the row that it follows"
        self._at = row.at
        return ""

    def _signed(self, draft: RowDraft, before: RowDraft | None) -> str:
        if not draft.signature:
            self.bare += draft.kind in {"request", "answer"}
            return ""
        if fault := _uncovered(draft, before):
            return f"the text that was signed is not about what the row states: {fault}"
        key = self._key_of(draft.keyid) if self._key_of else None
        if key is None:
            self.unchecked += 1
            return ""
        self.signatures += 1
        if not key.verify(draft.base.encode(), bytes.fromhex(draft.signature)):
            return "its signature does not hold"
        return ""


_READS = get_args(Operation)
#: What a row of a request states, by the header that was signed.
_STATED = (
    ("x-road-client", "client"),
    ("x-road-userid", "user"),
    ("x-road-issue", "issue"),
    ("x-road-represented-party", "represented"),
)


def _uncovered(draft: RowDraft, before: RowDraft | None) -> str:
    """Say what of the row the signed text (RFC 9421, 2.5) does not bear out; empty: nothing.

    ``before`` is the row before it: an answer beside its request must be bound to that one.
    """
    signed: dict[str, str] = {}
    for line in draft.base.split("\n"):
        name, _, value = line.partition(": ")
        if name in signed:
            return f"{name} stands twice"
        signed[name] = value
    parameters = draft.signature_input.partition("=")[2]
    if signed.get('"@signature-params"') != parameters:
        return "signature_input"
    wanted = {
        "digest": signed.get('"content-digest"') == draft.digest,
        "call": signed.get('"x-road-id"') == draft.call,
        "keyid": f';keyid="{draft.keyid}"' in parameters,
        "nonce": (f';nonce="{draft.nonce}"' in parameters) == (draft.nonce != ""),
        "signature": _is_hex(draft.signature),
    }
    if draft.kind == "request":
        wanted |= {
            name: signed.get(f'"{header}"', "") == getattr(draft, name) for header, name in _STATED
        }
        wanted["purposes"] = _listed(signed.get('"tb-purpose"', "")) == draft.purposes
        wanted["service"] = _leads_to(signed.get('"@path"', ""), draft)
    elif draft.kind == "answer":
        wanted["status"] = signed.get('"@status"') == str(draft.status)
        wanted["service"] = _leads_to(signed.get('"@path";req', ""), draft)
        if before is not None and _asks(before, draft):
            bound = f":{b64encode(bytes.fromhex(before.signature)).decode()}:"
            wanted["request"] = signed.get('"signature";req;key="tb"') == bound
    return ", ".join(name for name, held in wanted.items() if not held)


def _is_hex(text: str) -> bool:
    try:
        return bytes.fromhex(text).hex() == text
    except ValueError:
        return False


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip(" ") for part in text.split(",")) if text else ()


def _leads_to(path: str, draft: RowDraft) -> bool:
    place = f"/r1/{draft.service}"
    if draft.operation in _READS:
        return path in {place, f"{place}/{draft.operation}"}
    delivered = draft.kind == "answer" and draft.operation == "deliver"  # to a path of the client
    return delivered or path.startswith(f"{place}/subscriptions")


def _asks(before: RowDraft, answer: RowDraft) -> bool:
    """Whether the row before is the request of this answer, and signed."""
    return (
        before.kind == "request"
        and bool(before.signature)
        and (before.side, before.call) == (answer.side, answer.call)
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
