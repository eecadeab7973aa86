"""Verbs of nodes: register and end nodes and keys; keep the checkpoints and looks they hand in.

A checkpoint that says that a log was rewritten is refused and told as an alarm. Nothing that a node
handed in is changed later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from tongban.apps.exchange import network, queries
from tongban.apps.exchange.events import ALARM, CHECKPOINT, KEY_ENDED, NODE_ADDED, NODE_ENDED
from tongban.apps.exchange.models import Checkpoint, Key, Look, Node
from tongban.apps.exchange.network import tell
from tongban.infra import clock
from tongban.kernel.codes import USCC
from tongban.kernel.suites import KeyInvalid, SuiteUnknown, suite
from tongban.kernel.wire.documents import KeyOf, key_id, open_document
from tongban.kernel.wire.rows import CHECKPOINT as CHECKPOINT_FORMAT

KEY_YEARS = 3


class NodeInvalid(ValueError):
    """A node that cannot be registered as it is described."""


class CheckpointForked(ValueError):
    """A node handed in a checkpoint that its earlier ones contradict."""


@dataclass(frozen=True, slots=True)
class NewNode:
    """A node to register: where it listens, whom it speaks for, and its public keys.

    ``keys`` are pairs of suite and public key in hex; the first member owns them all.
    """

    id: str
    address: str
    members: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]


@transaction.atomic
def add_node(new: NewNode, actor: str) -> Node:
    """Register a node, or bring a known one up to date; raises `NodeInvalid`."""
    rules = queries.catalogue().governance
    for member in new.members:
        if wrong := USCC.validate(member):
            raise NodeInvalid(f"NodeInvalid: member {member}: {wrong}")
        if not rules.department(member):
            raise NodeInvalid(f"NodeInvalid: {member} is no department; add it to departments.yaml")
    if not new.members or not new.keys:
        raise NodeInvalid("NodeInvalid: name a member and a public key")
    taken = {
        member: row.slug
        for row in Node.objects.filter(ended=None).exclude(slug=new.id)
        for member in row.members
    }
    if double := sorted(set(new.members) & taken.keys()):
        raise NodeInvalid(
            f"NodeInvalid: {taken[double[0]]} speaks for {double[0]} already; end that node first"
        )
    now = clock.now()
    node, _ = Node.objects.update_or_create(
        slug=new.id,
        defaults={"address": new.address, "members": list(new.members), "ended": None},
        create_defaults={"address": new.address, "members": list(new.members), "added": now},
    )
    for suite_name, public in new.keys:
        add_key(new.members[0], suite_name, public, node=node)
    tell(
        NODE_ADDED,
        actor,
        {"node": new.id, "members": list(new.members), "keys": [k for _, k in new.keys]},
    )
    network.republish(actor)
    return node


def add_key(member: str, suite_name: str, public: str, *, node: Node | None = None) -> Key:
    """Register a public key (hex) of a member; the same key twice is one. Raises `NodeInvalid`."""
    try:
        key = bytes.fromhex(public)
        suite(suite_name).verifier(key)
    except (ValueError, KeyInvalid, SuiteUnknown) as wrong:
        raise NodeInvalid(f"NodeInvalid: public key: {wrong}") from None
    now = clock.now()
    row, _ = Key.objects.get_or_create(
        key=key_id(member, suite(suite_name), key),
        defaults={
            "member": member,
            "node": node,
            "suite": suite_name,
            "public": public.lower(),
            "since": now - timedelta(minutes=5),
            "until": now + timedelta(days=365 * KEY_YEARS),
        },
    )
    return row


@transaction.atomic
def end_key(node: str, key: str, actor: str, reason: str) -> None:
    """End a public key of a node at once, in the feed and in the snapshot; raises `NodeInvalid`."""
    row = Key.objects.filter(node__slug=node, key=key, ended=None).first()
    if row is None:
        raise NodeInvalid(
            f"NodeInvalid: {node} has no key {key} in use; node init named it, and the logs do"
        )
    row.ended = clock.now()
    row.save(update_fields=["ended"])
    network.revoke("key", key, row.until, reason)
    tell(KEY_ENDED, actor, {"key": key}, reason)
    network.republish(actor)


@transaction.atomic
def end_node(slug: str, actor: str, reason: str) -> None:
    """Take a node out of the network with all its keys; raises `NodeInvalid`."""
    node = Node.objects.filter(slug=slug, ended=None).first()
    if node is None:
        raise NodeInvalid(f"NodeInvalid: no node {slug}; see tongban exchange node list")
    node.ended = clock.now()
    node.save(update_fields=["ended"])
    for row in Key.objects.filter(node=node, ended=None):
        row.ended = node.ended
        row.save(update_fields=["ended"])
        network.revoke("key", row.key, row.until, reason)
    tell(NODE_ENDED, actor, {"node": slug}, reason)
    network.republish(actor)


def seen(keyid: str, what: str = "") -> Node | None:
    """Note that the node of this key was heard of; ``what`` is ``snapshot`` or ``feed``."""
    key = Key.objects.select_related("node").filter(key=keyid).first()
    if key is None or key.node is None:
        return None
    now = clock.now()
    fields = {"last_seen": now}
    if what:
        fields[f"{what}_at"] = now
    Node.objects.filter(pk=key.node.pk).update(**fields)
    return key.node


def take_checkpoint(node: Node, signed: Mapping[str, Any]) -> Checkpoint:
    """Keep a node's signed checkpoint for good; raises `CheckpointForked` after an alarm.

    A checkpoint that is smaller than one that is held, or of the same size with another root, means
    that the log was rewritten: it is refused, and told.
    """
    keys = {row.key: network.public_key(row) for row in Key.objects.filter(node=node, ended=None)}
    return keep_checkpoint(node.slug, signed, keys.get)


def keep_checkpoint(node: str, signed: Mapping[str, Any], key_of: KeyOf) -> Checkpoint:
    """Keep a checkpoint that one of these keys signed; see `take_checkpoint`."""
    document = open_document(signed, key_of)
    size, root, head = int(document["size"]), str(document["root"]), str(document["head"])
    if document.get("format") != CHECKPOINT_FORMAT or document.get("node") != node:
        raise ValueError("the document is no checkpoint of this node")
    with transaction.atomic():
        network.next_number("checkpoints")  # one at a time: the last one is compared with
        last = Checkpoint.objects.filter(node=node).order_by("-size").first()
        same = Checkpoint.objects.filter(node=node, size=size).first()
        if same is not None and (same.root, same.head) == (root, head):
            return same
        fault = ""
        if same is not None:
            fault = f"two roots for {size} rows"
        elif last is not None and size < last.size:
            fault = f"{size} rows after {last.size}"
        if not fault:
            row = Checkpoint.objects.create(
                node=node,
                size=size,
                root=root,
                head=head,
                signed=dict(signed),
                received=clock.now(),
            )
            tell(CHECKPOINT, "system", {"node": node, "size": size, "root": root})
            return row
        tell(
            ALARM,
            "system",
            {"node": node, "alarm": "checkpoint", "what": fault, "size": size, "root": root},
        )
    raise CheckpointForked(f"CheckpointForked: {node}: {fault}; its log was rewritten")


def record_looks(node: str, looks: Iterable[Mapping[str, Any]]) -> int:
    """Keep what a node logged of who looked at whom, once a row and subject; give how many are new.

    A look has ``seq``, ``at``, ``subjects`` (marks), ``call``, ``client``, ``service``,
    ``purposes``, and may have ``consent``, ``issue``, ``status``.
    """
    rows = [
        Look(
            node=node,
            row=int(look["seq"]),
            mark=str(mark),
            at=datetime.fromisoformat(look["at"]),
            call=str(look.get("call", "")),
            client=str(look["client"]),
            service=str(look["service"]),
            purposes=list(look.get("purposes", ())),
            consent=str(look.get("consent", "")),
            issue=str(look.get("issue", "")),
            status=int(look.get("status", 0)),
        )
        for look in looks
        for mark in look["subjects"]
    ]
    known = set(
        Look.objects.filter(node=node, row__in={row.row for row in rows}).values_list("row", "mark")
    )
    fresh = list({(r.row, r.mark): r for r in rows if (r.row, r.mark) not in known}.values())
    try:
        Look.objects.bulk_create(fresh)
    except IntegrityError:  # two posts of the same rows at once: the other one kept them
        return 0
    return len(fresh)


@dataclass(frozen=True, slots=True)
class NodeState:
    """How a node stands; instants are None where it was never heard of."""

    id: str
    address: str
    members: Sequence[str]
    keys: Sequence[str]
    last_seen: datetime | None
    snapshot_at: datetime | None
    feed_at: datetime | None
    checkpoint: int
    checkpoint_at: datetime | None


def nodes() -> tuple[NodeState, ...]:
    """Give the nodes of this instance with when they were heard of and their last checkpoint."""
    found = []
    for row in Node.objects.filter(ended=None).prefetch_related("keys").order_by("slug"):
        last = Checkpoint.objects.filter(node=row.slug).order_by("-size").first()
        found.append(
            NodeState(
                row.slug,
                row.address,
                row.members,
                [key.key for key in row.keys.all() if key.ended is None],
                row.last_seen,
                row.snapshot_at,
                row.feed_at,
                last.size if last else 0,
                last.received if last else None,
            )
        )
    return tuple(found)
