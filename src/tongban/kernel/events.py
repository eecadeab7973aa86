"""The trail envelope 办件留痕: who did what, for whom, under which law, and what came before.

An event commits to its data by a salted digest, so that the data may lawfully be erased and the
chain still stand. The kernel seals and verifies; it draws no salt, reads no clock, stores nothing.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from tongban.kernel.suites import Suite, SuiteUnknown, suite

#: Lifecycle transitions of IEEE 1849 (XES), standard extension.
LIFECYCLES = frozenset(
    {"schedule", "assign", "withdraw", "reassign", "start", "suspend", "resume", "pi_abort"}
    | {"ate_abort", "complete", "autoskip", "manualskip", "unknown"}
)
_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){2,}\.v[1-9][0-9]*", re.ASCII)
_EXACT = 2**53 - 1


class EventInvalid(ValueError):
    """An envelope or its data cannot be written as evidence."""


class PayloadErased(LookupError):
    """The data of this event was lawfully erased."""


def _plain(value: Any, where: str) -> Any:
    kind = type(value)
    if kind is str:
        if "\x00" in value:
            raise EventInvalid(f"EventInvalid: {where} holds a NUL character; remove it")
        return value
    if value is None or kind is bool:
        return value
    if kind is int:
        if abs(value) > _EXACT:
            raise EventInvalid(
                f"EventInvalid: {where} is beyond ±(2^53-1), which not every reader of JSON "
                "keeps; write it as text"
            )
        return value
    if kind is dict or isinstance(value, Mapping):
        for key in value:
            if type(key) is not str:
                raise EventInvalid(f"EventInvalid: {where} has the name {key!r}; names are text")
        # RFC 8785 3.2.3 sorts by UTF-16 unit; for ASCII names that is Python's own order
        ascii_only = all(map(str.isascii, value))
        names = sorted(value) if ascii_only else sorted(value, key=lambda name: _utf16(name, where))
        return {_plain(name, where): _plain(value[name], f"{where}.{name}") for name in names}
    if kind is list or kind is tuple:
        return [_plain(part, f"{where}[{at}]") for at, part in enumerate(value)]
    advice = {"float": "integer fen or text", "date": "text (ISO 8601)", "Decimal": "text"}
    raise EventInvalid(
        f"EventInvalid: {where} is {kind.__name__}; write it as "
        f"{advice.get(kind.__name__, 'text, whole number, list or object')}"
    )


def _utf16(name: str, where: str) -> bytes:
    try:
        return name.encode("utf-16-be")
    except UnicodeEncodeError:
        raise EventInvalid(f"EventInvalid: a name in {where} has half a character") from None


_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def canonical(value: Any) -> bytes:
    """Write JSON in the one form that can be hashed (RFC 8785 without floating point).

    Objects, lists, text, whole numbers to ±(2^53-1), true, false and null; raise EventInvalid for
    all else.

    >>> canonical({"名": "王䶮", "fen": 10, "b": [True, None]}).decode()
    '{"b":[true,null],"fen":10,"名":"王䶮"}'
    >>> canonical({"yuan": 0.1})
    Traceback (most recent call last):
    tongban.kernel.events.EventInvalid: EventInvalid: data.yuan is float; write it as integer fen \
or text
    """
    try:
        return _write(_plain(value, "data")).encode()
    except UnicodeEncodeError:
        raise EventInvalid("EventInvalid: data holds half a character (lone surrogate)") from None
    except RecursionError:
        raise EventInvalid("EventInvalid: data is nested too deep; flatten it") from None


@lru_cache(maxsize=1024)
def _check_type(name: str) -> None:
    if not _TYPE.fullmatch(name):
        raise EventInvalid(
            f"EventInvalid: type {name!r}; write house, room, what happened and version, "
            "as tongban.cases.branch_decided.v1"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event as its author tells it; place in the chain, instant and hash come with sealing.

    ``chain`` names the story it belongs to (a case id); ``occurred`` is the instant with zone
    (None: as it is recorded); ``authority`` the legal basis; ``corrects`` an earlier event's id;
    ``data`` is JSON as ``canonical`` takes it (checked when sealed). Raise EventInvalid.
    """

    type: str
    chain: str
    actor: str
    organisation: str = ""
    on_behalf_of: str = ""
    authority: str = ""
    item: str = ""
    item_version: str = ""
    step: str = ""
    lifecycle: str = "complete"
    occurred: datetime | None = None
    reason: str = ""
    corrects: str = ""
    data: Mapping[str, Any]

    def __post_init__(self) -> None:
        _check_type(self.type)
        told = (
            f"{self.chain}{self.actor}{self.organisation}{self.on_behalf_of}{self.authority}"
            f"{self.item}{self.item_version}{self.step}{self.reason}{self.corrects}"
        )
        try:
            if b"\x00" in told.encode():
                raise EventInvalid(f"EventInvalid: {self.type} holds a NUL character; remove it")
        except UnicodeEncodeError:
            raise EventInvalid(f"EventInvalid: {self.type} holds half a character") from None
        if not self.chain or not self.actor:
            raise EventInvalid(f"EventInvalid: {self.type} needs a chain and an actor")
        if self.lifecycle not in LIFECYCLES:
            raise EventInvalid(
                f"EventInvalid: lifecycle {self.lifecycle!r}; take one of XES: "
                + ", ".join(sorted(LIFECYCLES))
            )
        if self.occurred is not None and self.occurred.tzinfo is None:
            raise EventInvalid(f"EventInvalid: {self.type} occurred at a time without zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A sealed event.

    ``hash``, ``previous`` and ``payload_digest`` are lower-case hex; ``seq`` counts from 1 in its
    chain; ``previous`` of the first is empty. ``payload`` (canonical JSON) and ``salt`` are None
    once the payload was lawfully erased.
    """

    id: str
    type: str
    chain: str
    seq: int
    actor: str
    organisation: str
    on_behalf_of: str
    authority: str
    item: str
    item_version: str
    step: str
    lifecycle: str
    occurred: datetime
    recorded: datetime
    reason: str
    corrects: str
    previous: str
    suite: str
    payload_digest: str
    hash: str
    salt: bytes | None
    payload: str | None

    @property
    def erased(self) -> bool:
        """Whether the payload was erased; the envelope stands."""
        return self.payload is None

    @property
    def data(self) -> dict[str, Any]:
        """Give a fresh copy of the data; raise PayloadErased."""
        if self.payload is None:
            raise PayloadErased(
                f"PayloadErased: the data of event {self.id} ({self.chain}:{self.seq}) was "
                "lawfully erased; ask `erased` before reading it"
            )
        found: dict[str, Any] = json.loads(self.payload)
        return found


_ENVELOPE = tuple(f.name for f in fields(Event) if f.name not in {"hash", "salt", "payload"})
_SORTED = tuple(sorted(_ENVELOPE))


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stands: its last ``seq`` and ``hash`` and when that was recorded."""

    seq: int
    hash: str
    recorded: datetime


def instant(time: datetime) -> str:
    """Write an instant with zone in the one form that is hashed: UTC with microseconds."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def payload_digest(salt: bytes, written: bytes, by: Suite) -> str:
    """Give H(salt‖canonical data) in hex: it tells nothing of the data without the salt."""
    return by.digest(salt + written).hex()


def envelope(event: Event) -> dict[str, Any]:
    """Give what the hash of an event is over: every field but the hash, the salt and the data."""
    found = {name: getattr(event, name) for name in _SORTED}
    found["recorded"] = instant(event.recorded)
    same = event.occurred is event.recorded
    found["occurred"] = found["recorded"] if same else instant(event.occurred)
    return found


def event_hash(event: Event) -> str:
    """Give the hash over every field of the envelope, the payload digest and the previous hash.

    Raise SuiteUnknown.
    """
    written = _write(envelope(event)).encode()
    return suite(event.suite).digest(b"tongban.event.v1\n" + written).hex()


def seal(
    draft: Draft, *, event_id: str, head: Head | None, recorded: datetime, salt: bytes, by: Suite
) -> Event:
    """Give the draft its place after ``head`` (None: it opens the chain).

    ``salt`` is 16 bytes or more that nobody can guess. A clock that was set back does not turn the
    story round: ``recorded`` is never before the head's. Raise EventInvalid for data that cannot be
    evidence.
    """
    written = canonical(draft.data)
    recorded = recorded if head is None else max(recorded, head.recorded)
    event = Event(
        id=event_id,
        type=draft.type,
        chain=draft.chain,
        seq=1 if head is None else head.seq + 1,
        actor=draft.actor,
        organisation=draft.organisation,
        on_behalf_of=draft.on_behalf_of,
        authority=draft.authority,
        item=draft.item,
        item_version=draft.item_version,
        step=draft.step,
        lifecycle=draft.lifecycle,
        occurred=recorded if draft.occurred is None else draft.occurred,
        recorded=recorded,
        reason=draft.reason,
        corrects=draft.corrects,
        previous="" if head is None else head.hash,
        suite=by.name,
        payload_digest=payload_digest(salt, written, by),
        hash="",
        salt=salt,
        payload=written.decode(),
    )
    object.__setattr__(event, "hash", event_hash(event))
    return event


@dataclass(frozen=True, slots=True)
class Broken:
    """The first event of a chain that does not hold, and why (a sentence)."""

    chain: str
    seq: int
    event_id: str
    why: str


def _unlinked(event: Event, head: Head | None) -> str:
    expected = 1 if head is None else head.seq + 1
    if event.seq != expected:
        return f"event {expected} of the chain is missing"
    if event.previous != ("" if head is None else head.hash):
        return "it does not follow the event before it"
    if head is not None and event.recorded < head.recorded:
        return "it was recorded before the event it follows"
    return ""


def _changed(event: Event) -> str:
    try:
        by = suite(event.suite)
    except SuiteUnknown as unknown:
        return str(unknown)
    if event.hash != event_hash(event):
        return "its envelope was changed"
    if event.payload is None and event.salt is None:
        return ""
    if event.payload is None or event.salt is None:
        return "half of its payload is missing"
    if event.payload_digest != payload_digest(event.salt, event.payload.encode(), by):
        return "its data was changed"
    return ""


def verify_chain(events: Iterable[Event]) -> Broken | None:
    """Give the first event that does not hold, or None where the whole chain stands.

    ``events`` are those of one chain in order from its first. An erased payload does not break a
    chain; whether the erasure was lawful is for whoever keeps the record of erasures. That the end
    of a chain was cut off cannot be seen from the chain: compare its head with a witnessed one.
    """
    head: Head | None = None
    chain: str | None = None
    for event in events:
        chain = event.chain if chain is None else chain
        alien = "" if event.chain == chain else "it belongs to another chain"
        if why := alien or _unlinked(event, head) or _changed(event):
            return Broken(chain, event.seq, event.id, why)
        head = Head(event.seq, event.hash, event.recorded)
    return None


def to_cloudevent(event: Event, source: str) -> dict[str, Any]:
    """Write the event as CloudEvents 1.0 in JSON format; ``source`` is a URI reference.

    What the trail knows beyond CloudEvents goes into extension attributes (lower-case names, 1.0
    section 3); an empty field is left out. ``data`` is absent once erased.
    """
    extensions = {
        "actor": event.actor,
        "organisation": event.organisation,
        "onbehalfof": event.on_behalf_of,
        "authority": event.authority,
        "item": event.item,
        "itemversion": event.item_version,
        "step": event.step,
        "lifecycle": event.lifecycle,
        "recordedtime": instant(event.recorded),
        "reason": event.reason,
        "corrects": event.corrects,
        # the sequence extension wants text that sorts
        "sequence": f"{event.seq:010d}",
        "previoushash": event.previous,
        "eventhash": event.hash,
        "payloaddigest": event.payload_digest,
        "suite": event.suite,
    }
    told: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "source": source,
        "type": event.type,
        "subject": event.chain,
        "time": instant(event.occurred),
    }
    told.update((name, text) for name, text in extensions.items() if text)
    if not event.erased:
        told |= {"datacontenttype": "application/json", "data": event.data}
    return told
