"""Writes what the control plane tells its nodes: the snapshot of the network, and what was revoked.

Pure: rows in, documents out. The content of a snapshot says nothing of time or number, so that it
can be compared with the last one: a serial is spent only on a change.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongban.apps.exchange.domain.governance import (
    GOVERNMENT,
    NODE,
    PLATFORM,
    PROVIDING,
    Governance,
)
from tongban.apps.exchange.domain.words import Catalogue
from tongban.kernel.events import instant
from tongban.kernel.wire.snapshot import REVOCATIONS, SNAPSHOT
from tongban.kernel.wire.words import Identifier

CARD = "tongban-card/1"
#: A grant that ends with its law only; far, and still writable in every time zone.
OPEN_END = "2999-12-31T00:00:00+00:00"
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node of the network: where it listens, and for which members (credit codes) it speaks."""

    id: str
    address: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A public key of a member, in hex, with the time in which it is good."""

    id: str
    member: str
    suite: str
    public: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class PurposeRow:
    """A registered purpose with the most it may read: service id → attributes."""

    code: str
    item: str
    basis: str
    legal_basis: str
    fields: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant that has not ended; ``id`` as it stands on every log.

    ``subscribe``: the client's node subscribes by itself.
    """

    id: str
    client: str
    service: str
    fields: tuple[str, ...]
    purpose: str
    basis: str
    rows: Mapping[str, Sequence[Any]]
    bulk: bool
    since: datetime
    until: datetime
    calls: int
    records: int
    subscribe: bool = False


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """Another instance and its pinned key, whose consents count here while its feed is fresh."""

    name: str
    key: str
    suite: str
    public: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How old, in seconds, a node's snapshot and feed of revocations may become."""

    snapshot_age: int
    feed_age: int


def content(
    catalogue: Catalogue,
    limits: Limits,
    nodes: Sequence[NodeRow],
    keys: Iterable[KeyRow],
    purposes: Iterable[PurposeRow],
    grants: Iterable[GrantRow],
    cards: Iterable[Mapping[str, Any]] = (),
    instances: Iterable[InstanceRow] = (),
) -> Document:
    """Give the content of a snapshot: own network first, then what the cards of others tell.

    A grant without a service, client or purpose in the network, or of an unconditional service, is
    left out: it opens nothing. Of another instance's card only what bears its name is taken.
    """
    rules = catalogue.governance
    granted = list(grants)
    own = _own(catalogue, nodes)
    parts: dict[str, dict[str, Any]] = {
        "members": {m["member"]: m for m in own["members"]},
        "nodes": {n["id"]: n for n in own["nodes"]},
        "keys": {k.id: _key(k) for k in keys},
        "services": {s["id"]: s for s in own["services"]},
    }
    for card in cards:
        _add(parts, card, rules.instance)
    for grant in granted:
        _know_system(parts["members"], Identifier.parse(grant.client))
    services = parts["services"]
    registered = {p.code: _purpose(p, services) for p in sorted(purposes, key=lambda row: row.code)}
    return {
        "instance": rules.instance,
        "limits": {"snapshot_age": limits.snapshot_age, "feed_age": limits.feed_age},
        **{name: [found[at] for at in sorted(found)] for name, found in parts.items()},
        "instances": [
            {"name": one.name, "key": one.key, "suite": one.suite, "public": one.public}
            for one in sorted(instances, key=lambda row: row.name)
        ],
        "purposes": list(registered.values()),
        "grants": [
            _grant(g)
            for g in sorted(granted, key=lambda row: row.id)
            if g.purpose in registered
            and services.get(g.service, {}).get("sharing") == "conditional"
            and set(g.rows) <= services[g.service]["fields"].keys()
        ],
    }


def snapshot(told: Mapping[str, Any], serial: int, issued: datetime) -> Document:
    """Give the document of this content (``tongban-snapshot/1``)."""
    return {"format": SNAPSHOT, "serial": serial, "issued": instant(issued), **told}


def card(
    catalogue: Catalogue, nodes: Sequence[NodeRow], keys: Iterable[KeyRow], issued: datetime
) -> Document:
    """Give what other instances may know: members, nodes, keys and services, and no grant."""
    own = _own(catalogue, nodes)
    return {
        "format": CARD,
        "instance": catalogue.governance.instance,
        "issued": instant(issued),
        **own,
        "keys": [_key(k) for k in sorted(keys, key=lambda row: row.id)],
    }


def revocations(
    instance: str,
    entries: Iterable[Mapping[str, Any]],
    after: int,
    upto: int,
    serial: int,
    issued: datetime,
    others: Mapping[str, datetime],
) -> Document:
    """Give the document of a feed (``tongban-revocations/1``).

    Each entry has seq, kind, id and until; ``others`` says as of when other instances' are in it.
    """
    return {
        "format": REVOCATIONS,
        "instance": instance,
        "issued": instant(issued),
        "after": after,
        "upto": upto,
        "snapshot": serial,
        "entries": [{**entry, "until": instant(entry["until"])} for entry in entries],
        "others": {name: instant(at) for name, at in sorted(others.items())},
    }


def _know_system(members: dict[str, Any], client: Identifier) -> None:
    """Let a member have the subsystem that something was granted to."""
    member = members.get(client.member)
    if member is not None and member["instance"] == client.instance:
        systems = sorted({*member["subsystems"], client.subsystem})
        members[client.member] = {**member, "subsystems": systems}


def _own(catalogue: Catalogue, nodes: Sequence[NodeRow]) -> dict[str, list[Document]]:
    rules = catalogue.governance
    speaks = {member: node.id for node in nodes for member in node.members}
    systems: dict[str, set[str]] = {code: {PROVIDING} for code in rules.members.values()}
    for code in speaks:
        systems.setdefault(code, {PROVIDING}).add(NODE)
    systems[rules.operator_code].add(PLATFORM)
    return {
        "members": [
            {
                "instance": rules.instance,
                "class": GOVERNMENT,
                "member": one.uscc,
                "name": {"zh": one.name.zh, "en": one.name.en},
                "subsystems": sorted(systems[one.uscc]),
                "node": speaks.get(one.uscc, ""),
            }
            for one in sorted(catalogue.departments.values(), key=lambda d: d.uscc)
        ],
        "nodes": [
            {"id": node.id, "address": node.address}
            for node in sorted(nodes, key=lambda row: row.id)
        ],
        "services": _services(catalogue, rules),
    }


def _services(catalogue: Catalogue, rules: Governance) -> list[Document]:
    made = []
    for slug, contract in sorted(catalogue.contracts.items()):
        resource = contract.resource
        if contract.sharing == "none":
            continue  # never served, so nobody need know that it is there
        attributes = catalogue.vocabulary.kinds[resource.kind]
        made.append(
            {
                "id": str(rules.service(resource.department, slug)),
                "resource": slug,
                "key": list(resource.key),
                "fields": {name: attributes[name].type for name in sorted(resource.attributes)},
                "sharing": contract.sharing,
                "masks": dict(sorted(contract.masks.items())),
                "cycle": contract.cycle,
            }
        )
    return made


def _key(row: KeyRow) -> Document:
    return {
        "id": row.id,
        "member": row.member,
        "suite": row.suite,
        "public": row.public,
        "from": instant(row.since),
        "until": instant(row.until),
    }


def _purpose(row: PurposeRow, services: Mapping[str, Any]) -> Document:
    return {
        "code": row.code,
        "item": row.item,
        "basis": row.basis,
        "legal_basis": row.legal_basis,
        "fields": {
            service: sorted(fields)
            for service, fields in sorted(row.fields.items())
            if service in services
        },
    }


def _grant(row: GrantRow) -> Document:
    return {
        "id": row.id,
        "client": row.client,
        "service": row.service,
        "fields": sorted(row.fields),
        "purpose": row.purpose,
        "basis": row.basis,
        "filter": {name: sorted(values, key=str) for name, values in sorted(row.rows.items())},
        "bulk": row.bulk,
        "from": instant(row.since),
        "until": instant(row.until),
        "quota": {"calls": row.calls, "records": row.records},
        "subscribe": row.subscribe,
    }


def _add(parts: Mapping[str, dict[str, Any]], told: Mapping[str, Any], own: str) -> None:
    """Take another instance's members, with their nodes, keys and services, into ``parts``.

    A name that is there already stays as it is: nobody speaks for another instance's members.
    """
    name = told.get("instance", "")
    if not name or name == own:
        return
    members = {
        m["member"]: m
        for m in told.get("members", ())
        if m["instance"] == name and m["member"] not in parts["members"]
    }
    # two instances may call a node by one name: theirs is told apart by the instance
    nodes = {n["id"]: f"{name}.{n['id']}" for n in told.get("nodes", ())}
    for code, member in members.items():
        parts["members"][code] = {**member, "node": nodes.get(member["node"], "")}
    for node in told.get("nodes", ()):
        parts["nodes"][nodes[node["id"]]] = {**node, "id": nodes[node["id"]]}
    for key in told.get("keys", ()):
        if key["member"] in members:
            parts["keys"].setdefault(key["id"], key)
    for service in told.get("services", ()):
        place = Identifier.parse(service["id"])
        if place.instance == name and place.member in members:
            parts["services"].setdefault(service["id"], service)
