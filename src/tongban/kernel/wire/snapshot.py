"""What a node knows of the network: members, keys, services, purposes, grants, and what was ended.

The control plane signs two documents: a snapshot (网络快照), rare and whole, and a feed of
revocations (撤销), frequent and growing. Both are read here into frozen tables that answer at once;
what does not read cleanly is refused whole.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from tongban.kernel.suites import KeyInvalid, SuiteUnknown, Verifier, suite
from tongban.kernel.wire.words import Identifier, IdentifierInvalid, Plain

SNAPSHOT = "tongban-snapshot/1"
REVOCATIONS = "tongban-revocations/1"
_MASK = re.compile(r"keep:[0-9]{1,2},[0-9]{1,2}", re.ASCII)
Sharing = Literal["unconditional", "conditional", "none"]
Basis = Literal["statutory", "consent"]
T = TypeVar("T")


class SnapshotInvalid(ValueError):
    """A snapshot or feed that does not read; the node keeps its last good one."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member (成员单位): its name, its subsystems and the node that speaks for it."""

    instance: str
    member_class: str
    member: str
    zh: str
    en: str
    subsystems: frozenset[str]
    node: str


@dataclass(frozen=True, slots=True)
class Key:
    """A public key of a member, good from ``since`` to ``until``."""

    id: str
    member: str
    suite: str
    verifier: Verifier
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Instance:
    """Another instance of the chain (其他平台) by the key that it signs consents with."""

    name: str
    suite: str
    verifier: Verifier


@dataclass(frozen=True, slots=True)
class Service:
    """A resource as it is served: its record key, the type of each field, masks, update cycle."""

    id: str
    resource: str
    key: tuple[str, ...]
    fields: Mapping[str, str]
    sharing: Sharing
    masks: Mapping[str, str]
    cycle: str


@dataclass(frozen=True, slots=True)
class Purpose:
    """A registered purpose (用途): item, basis, law, and the most it may read of each service."""

    code: str
    item: str
    basis: Basis
    legal_basis: str
    fields: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant (授权): client × fields × purpose × rows × validity × quota.

    ``rows`` maps an attribute to the values it may have (empty: every record); ``bulk`` allows a
    walk of the whole register; ``calls`` and ``records`` are the quota of a day (0: none);
    ``subscribe``: the client's node is to subscribe by itself (数据回流).
    """

    id: str
    client: str
    service: str
    fields: frozenset[str]
    purpose: str
    basis: Basis
    rows: Mapping[str, frozenset[Plain]]
    bulk: bool
    since: datetime
    until: datetime
    calls: int
    records: int
    subscribe: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The network as signed at ``issued``; the ages say how long it may be relied on.

    ``instances`` are other instances by the id of their control key.
    """

    instance: str
    serial: int
    issued: datetime
    snapshot_age: timedelta
    feed_age: timedelta
    members: Mapping[str, Member]
    addresses: Mapping[str, str]
    keys: Mapping[str, Key]
    services: Mapping[str, Service]
    purposes: Mapping[str, Purpose]
    grants: Mapping[tuple[str, str], tuple[Grant, ...]]
    instances: Mapping[str, Instance] = field(default_factory=dict)

    def member_of(self, client: Identifier) -> Member | None:
        """Give the member that has this subsystem, or None."""
        found = self.members.get(client.member)
        if (
            found is None
            or client.subsystem not in found.subsystems
            or (found.instance, found.member_class) != (client.instance, client.member_class)
        ):
            return None
        return found

    def address_of(self, service: Identifier) -> str | None:
        """Give the address of the node that serves this, or None."""
        member = self.member_of(service)
        return None if member is None else self.addresses.get(member.node)

    def speaks_for(self, key: Key, member: str) -> bool:
        """Say whether the owner of this key may sign for the member: itself, or on one node."""
        if key.member == member:
            return True
        one, other = self.members.get(key.member), self.members.get(member)
        return one is not None and other is not None and one.node == other.node != ""

    def key(self, keyid: str, now: datetime) -> Key | None:
        """Give the key of this id if it is good now."""
        found = self.keys.get(keyid)
        return found if found is not None and found.since <= now < found.until else None


@dataclass(frozen=True, slots=True)
class Revocations:
    """What was ended before its time, as of ``issued``; each id with the end it would have had.

    ``others`` says as of when the feeds of other instances are in it; a consent of theirs bears
    their name (`foreign_consent`).
    """

    issued: datetime
    upto: int
    serial: int
    consents: Mapping[str, datetime]
    grants: Mapping[str, datetime]
    keys: Mapping[str, datetime]
    others: Mapping[str, datetime] = field(default_factory=dict)


def foreign_consent(instance: str, number: str) -> str:
    """Give the id under which another instance's withdrawn consent stands in a feed."""
    return f"{instance}:{number}"


def _instant(text: Any) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("an instant without zone")
    return found


def _read(document: Mapping[str, Any], wanted: str, build: Callable[[Mapping[str, Any]], T]) -> T:
    if document.get("format") != wanted:
        raise SnapshotInvalid(f"SnapshotInvalid: format {document.get('format')!r}, not {wanted}")
    try:
        return build(document)
    except (AttributeError, KeyError, TypeError, ValueError, IdentifierInvalid) as wrong:
        raise SnapshotInvalid(f"SnapshotInvalid: {wanted}: {wrong!r}") from wrong
    except (KeyInvalid, SuiteUnknown) as wrong:
        raise SnapshotInvalid(f"SnapshotInvalid: {wrong}") from wrong


def read_snapshot(document: Mapping[str, Any]) -> Snapshot:
    """Read the document of a signed snapshot; raise `SnapshotInvalid`.

    Whoever calls has checked its signature (`documents.open_document`).
    """
    return _read(document, SNAPSHOT, _snapshot)


def _snapshot(raw: Mapping[str, Any]) -> Snapshot:
    services = {s["id"]: _service(s) for s in raw["services"]}
    purposes = {p["code"]: _purpose(p) for p in raw["purposes"]}
    grants: dict[tuple[str, str], tuple[Grant, ...]] = {}
    for one in raw["grants"]:
        grant = _grant(one)
        if grant.service not in services or grant.purpose not in purposes:
            raise ValueError(f"grant {grant.id} names a service or purpose that is not there")
        if not grant.rows.keys() <= services[grant.service].fields.keys():
            raise ValueError(f"grant {grant.id} filters by no field of its service")
        place = (grant.client, grant.service)
        grants[place] = (*grants.get(place, ()), grant)
    limits = raw["limits"]
    return Snapshot(
        str(raw["instance"]),
        int(raw["serial"]),
        _instant(raw["issued"]),
        timedelta(seconds=limits["snapshot_age"]),
        timedelta(seconds=limits["feed_age"]),
        {m["member"]: _member(m) for m in raw["members"]},
        {n["id"]: str(n["address"]) for n in raw["nodes"]},
        {k["id"]: _key(k) for k in raw["keys"]},
        services,
        purposes,
        grants,
        {one["key"]: _instance(one) for one in raw.get("instances", ())},
    )


def _instance(raw: Mapping[str, Any]) -> Instance:
    verifier = suite(raw["suite"]).verifier(bytes.fromhex(raw["public"]))
    return Instance(str(raw["name"]), raw["suite"], verifier)


def _member(raw: Mapping[str, Any]) -> Member:
    for subsystem in raw["subsystems"]:
        Identifier(raw["instance"], raw["class"], raw["member"], subsystem)
    return Member(
        raw["instance"],
        raw["class"],
        raw["member"],
        raw["name"]["zh"],
        raw["name"]["en"],
        frozenset(raw["subsystems"]),
        raw["node"],
    )


def _key(raw: Mapping[str, Any]) -> Key:
    verifier = suite(raw["suite"]).verifier(bytes.fromhex(raw["public"]))
    since, until = _instant(raw["from"]), _instant(raw["until"])
    return Key(raw["id"], raw["member"], raw["suite"], verifier, since, until)


def _service(raw: Mapping[str, Any]) -> Service:
    if not Identifier.parse(raw["id"]).service:
        raise ValueError(f"{raw['id']} names no service")
    if raw["sharing"] not in {"unconditional", "conditional", "none"}:
        raise ValueError(f"{raw['id']} is shared {raw['sharing']!r}")
    key, fields = tuple(raw["key"]), dict(raw["fields"])
    for rule in raw.get("masks", {}).values():
        if not _MASK.fullmatch(rule):
            raise ValueError(f"{raw['id']} masks by {rule!r}, not by keep:a,b")
    if not key or not set(key) <= fields.keys():
        raise ValueError(f"the key of {raw['id']} is not among its fields")
    return Service(
        raw["id"],
        raw["resource"],
        key,
        fields,
        raw["sharing"],
        dict(raw.get("masks", {})),
        raw.get("cycle", ""),
    )


def _purpose(raw: Mapping[str, Any]) -> Purpose:
    most = {service: frozenset(fields) for service, fields in raw["fields"].items()}
    return Purpose(raw["code"], raw["item"], _basis(raw["basis"]), raw["legal_basis"], most)


def _basis(raw: Any) -> Basis:
    if raw == "statutory":
        return "statutory"
    if raw == "consent":
        return "consent"
    raise ValueError(f"basis {raw!r}")


def _grant(raw: Mapping[str, Any]) -> Grant:
    quota = raw.get("quota", {})
    return Grant(
        raw["id"],
        raw["client"],
        raw["service"],
        frozenset(raw["fields"]),
        raw["purpose"],
        _basis(raw["basis"]),
        {name: frozenset(values) for name, values in raw.get("filter", {}).items()},
        raw.get("bulk", False) is True,
        _instant(raw["from"]),
        _instant(raw["until"]),
        int(quota.get("calls", 0)),
        int(quota.get("records", 0)),
        raw.get("subscribe", False) is True,
    )


def read_revocations(document: Mapping[str, Any], before: Revocations | None) -> Revocations:
    """Read a feed and add it to what was known before; raise `SnapshotInvalid`.

    A feed goes on exactly where the last one ended (``after``), or begins at 0; one that was issued
    earlier than the last is refused. Entries whose end has come by themselves are let go. Nothing
    else is: what a whole feed leaves out, as after restoring the control plane's database, was
    revoked all the same.
    """
    return _read(document, REVOCATIONS, lambda raw: _revocations(raw, before))


def _revocations(raw: Mapping[str, Any], before: Revocations | None) -> Revocations:
    issued, after, upto = _instant(raw["issued"]), int(raw["after"]), int(raw["upto"])
    known: dict[str, dict[str, datetime]] = {"consent": {}, "grant": {}, "key": {}}
    if before is not None:
        if issued < before.issued or (after and upto < before.upto):
            raise ValueError("it is older than the feed that is known")
        known = {
            "consent": dict(before.consents),
            "grant": dict(before.grants),
            "key": dict(before.keys),
        }
    if after and (before is None or after != before.upto):
        raise ValueError(f"it goes on after {after}, which is not where the last one ended")
    at = after
    for entry in raw["entries"]:
        if int(entry["seq"]) <= at:
            raise ValueError("its entries are out of order")
        at = int(entry["seq"])
        known[entry["kind"]][entry["id"]] = _instant(entry["until"])
    if at > upto:
        raise ValueError("it holds more than it says")
    return Revocations(
        issued,
        upto,
        int(raw["snapshot"]),
        _running(known["consent"].items(), issued),
        _running(known["grant"].items(), issued),
        _running(known["key"].items(), issued),
        {str(name): _instant(at) for name, at in raw.get("others", {}).items()},
    )


def _running(entries: Iterable[tuple[str, datetime]], now: datetime) -> dict[str, datetime]:
    return {name: until for name, until in entries if until > now}
