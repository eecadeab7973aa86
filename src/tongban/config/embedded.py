"""The exchange node inside this process: the same protocol, judged, signed and logged, no socket.

For one machine: every department that no node of its own speaks for is served here, out of its
store below TONGBAN_HOME. The keys, signatures, judgement and log are those of a node; only the wire
is missing.
"""

import json
import secrets
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from tongban.apps.exchange import network, nodes, queries, subject_keys
from tongban.apps.exchange.domain import Contract
from tongban.apps.exchange.models import Revocation, Snapshot
from tongban.apps.exchange.transport import Asked, Heard, NodeRefused, SourceSilent
from tongban.infra import clock
from tongban.kernel.events import canonical
from tongban.kernel.suites import suite
from tongban.kernel.wire import snapshot as read
from tongban.kernel.wire.words import Caller
from tongban.node import core
from tongban.node.core import Accepted, Identity, Node, Outcome, Prepared, View
from tongban.node.providers.base import ProviderFailed, Setting
from tongban.node.providers.sqlite import Sqlite
from tongban.node.store import Committed, Entry, QuotaSpent, Store, Told, write_checkpoint
from tongban.ports.files import write_whole

NODE = "embedded"
_FINAL = frozenset({400, 401, 403, 404})
# the last snapshot, and the last revocation where there is one
_STANDING = """
SELECT s.serial, s.digest, r.seq, r.at
  FROM (SELECT serial, digest FROM exchange_snapshot ORDER BY serial DESC LIMIT 1) s
  LEFT JOIN (SELECT seq, at FROM exchange_revocation ORDER BY seq DESC LIMIT 1) r ON 1 = 1
"""


@dataclass(frozen=True, slots=True)
class _Network:
    """The network as published, with this node speaking for everybody who has no other."""

    snapshot: read.Snapshot
    services: frozenset[str]
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Made:
    """A call as this process made it: how it ended for who asked, and for who was asked."""

    outcome: Outcome
    provided: Outcome | None = None

    @property
    def entries(self) -> list[Entry]:
        """What is to be logged of it."""
        return [one.entry for one in (self.provided, self.outcome) if one and one.entry]

    def heard(self, told: Sequence[Told]) -> Heard:
        """Give what came of it, now that the log has said so of its entries."""
        for one in told:
            if isinstance(one, QuotaSpent):
                # as from a node of its own (429): tomorrow there is a new one
                return SourceSilent(f"limited: the quota of {one.grant} for today is spent")
            if not isinstance(one, Committed):
                return SourceSilent(f"the node's log does not take the call ({one})")
        response = self.outcome.response
        if self.outcome.found is not None and response.status == HTTPStatus.OK:
            return self.outcome.found
        said = json.loads(response.body)
        if response.status in _FINAL:
            return NodeRefused(said["type"].removeprefix("tongban:"), said["zh"], said["en"])
        detail = self.provided.detail if self.provided is not None else ""
        return SourceSilent(detail or self.outcome.detail or said["en"])


class Embedded:
    """Both ends of a call in one process; safe for several threads."""

    def __init__(self) -> None:
        own = network.control_key()
        home = Path(settings.HOME)
        self._own = own
        self._key = network.PublicKey(own.suite, suite(own.suite).verifier(own.public))
        self._identity = Identity(
            NODE,
            network.control_key_id(),
            suite(own.suite),
            own.signer,
            subject_keys.own(NODE, own.suite),
        )
        self._secret = secrets.token_bytes(32)
        self.store = Store.open(home / "node" / "log.sqlite3", own.suite)
        self._lock = threading.Lock()
        self._beside = 0  # the serial of the snapshot that lies beside the log
        self._providers: dict[tuple[str, int, Path], Sqlite] = {}

    def ask_all(self, asked: Sequence[Asked]) -> Sequence[Heard]:
        """Make calls one after another; one transaction logs both sides of all of them."""
        known, revoked = self._published()
        self._lay_beside(known)
        view = View(known.snapshot, revoked, self._control)
        node = Node(self._identity, lambda: view, known.services)
        made = [self._consume(node, one, known) for one in asked]
        return self._kept(made)

    def _consume(self, node: Node, asked: Asked, known: _Network) -> _Made | SourceSilent:
        caller = Caller(
            queries.catalogue().governance.platform,
            asked.call,
            asked.purposes,
            asked.consent,
            asked.issue,
            asked.user,
        )
        question = core.Asked(caller, asked.service, asked.question)
        prepared = node.prepare(question, secrets.token_urlsafe(16), clock.now())
        if isinstance(prepared, Outcome):
            return _Made(prepared)
        if str(asked.service) not in known.services:
            return SourceSilent("its node is not in this process; set TONGBAN_NODE")
        return self._provide(node, prepared)

    def _provide(self, node: Node, prepared: Prepared) -> _Made:
        """Let the provider's side answer, and take the answer."""
        heard = node.receive(prepared.request, clock.now())
        if isinstance(heard, Accepted):
            heard = self._answered(node, heard)
        outcome = node.accept(prepared, heard.response, clock.now())
        return _Made(outcome, heard)

    def _answered(self, node: Node, accepted: Accepted) -> Outcome:
        try:
            found = self._provider(accepted).ask_now(accepted.permit.question)
        except ProviderFailed as failed:
            refused = core.unavailable(failed.detail)
            outcome = node.refuse(accepted, refused, clock.now())
            return replace(outcome, detail=failed.detail)
        return node.answer(accepted, found, clock.now())

    def _kept(self, made: Sequence[_Made | SourceSilent]) -> list[Heard]:
        """Log what was made, all of it or nothing; give then what came of each call."""
        entries = [one.entries if isinstance(one, _Made) else [] for one in made]
        try:
            told = iter(self.store.commit(list(chain.from_iterable(entries))))
        except sqlite3.Error as error:
            silent = SourceSilent(f"the node's log takes nothing ({error})")
            return [silent if isinstance(one, _Made) else one for one in made]
        return [
            one.heard(list(islice(told, len(own)))) if isinstance(one, _Made) else one
            for one, own in zip(made, entries, strict=True)
        ]

    def hand_in(self) -> int:
        """Sign a checkpoint, keep it outside the log, and keep who looked at whom."""
        sealed = self.store.checkpoint(NODE, self._identity.keyid, self._own.signer)
        if sealed is not None:
            write_checkpoint(Path(settings.HOME) / "checkpoints" / NODE, sealed)
        for size, kept in self.store.unhanded():
            nodes.keep_checkpoint(NODE, kept, self._control)
            self.store.handed([size])
        fresh = 0
        while looks := self.store.looks(int(self.store.remembered("looks") or 0) + 1):
            fresh += nodes.record_looks(NODE, looks)
            self.store.remember("looks", str(looks[-1]["seq"]))
        return fresh

    # --- what the node knows --------------------------------------------------------------------

    def _control(self, keyid: str) -> network.PublicKey | None:
        return self._key if keyid == self._identity.keyid else None

    def _published(self) -> tuple[_Network, read.Revocations]:
        """Give the network and the revocations as they stand, by one short query a call."""
        with connection.cursor() as cursor:
            cursor.execute(_STANDING)
            found = cursor.fetchone()
        if found is None:
            network.snapshot_now()
            return self._published()
        serial, digest, seq, at = found
        known = _read(serial, digest, self._identity.keyid, self._own.public.hex(), self._own.suite)
        revoked = _revocations(str(connection.settings_dict["NAME"]), seq or 0, at)
        now = clock.now()
        network_now = replace(known, snapshot=replace(known.snapshot, issued=now))
        return network_now, replace(revoked, issued=now)

    def _lay_beside(self, known: _Network) -> None:
        """Leave the network beside the log as a node does: who verifies takes the keys from it."""
        serial = known.snapshot.serial
        if self._beside == serial:
            return
        sealed = network.sign(known.document)
        with self._lock:
            try:
                write_whole(self.store.path.with_name("snapshot.json"), canonical(sealed))
            except OSError as error:
                raise SourceSilent(f"the node's folder takes nothing ({error})") from error
            self._beside = serial

    def _provider(self, accepted: Accepted) -> Sqlite:
        catalogue = queries.catalogue()
        service = accepted.permit.service
        place = (service.resource, catalogue.version, Path(settings.DEPARTMENT_STORES))
        with self._lock:
            if place not in self._providers:
                contract = catalogue.contracts[service.resource]
                self._providers[place] = Sqlite(_setting(contract, service.fields, self._secret))
            return self._providers[place]


def _setting(contract: Contract, types: Mapping[str, str], secret: bytes) -> Setting:
    resource = contract.resource
    options = {
        "kind": "sqlite",
        "file": f"{resource.department}.sqlite",
        "table": contract.table,
        "key": list(resource.key),
        "fields": dict(contract.columns),
    }
    return Setting(resource.slug, options, Path(settings.DEPARTMENT_STORES), secret, types)


@lru_cache(maxsize=8)
def _read(serial: int, digest: str, keyid: str, public: str, suite_name: str) -> _Network:
    """Give a published network with this node in it, for all members that have no other."""
    row = Snapshot.objects.get(serial=serial, digest=digest)
    document: dict[str, Any] = dict(row.signed["document"])
    mine = {m["member"] for m in document["members"] if not m["node"]}
    operator = keyid.partition("/")[0]
    document["members"] = [
        {**m, "node": NODE} if m["member"] in {*mine, operator} else m for m in document["members"]
    ]
    document["nodes"] = [*document["nodes"], {"id": NODE, "address": "in-process:"}]
    key = {"id": keyid, "member": operator, "suite": suite_name, "public": public, **_EVER}
    document["keys"] = [*(k for k in document["keys"] if k["id"] != keyid), key]
    known = read.read_snapshot(document)
    services = frozenset(s for s in known.services if s.split("/")[2] in mine)
    return _Network(known, services, document)


_EVER = {"from": "1970-01-01T00:00:00+00:00", "until": "2999-12-31T00:00:00+00:00"}


@lru_cache(maxsize=8)
def _revocations(_database: str, upto: int, _at: object) -> read.Revocations:
    now = clock.now()
    known: dict[str, dict[str, datetime]] = {"consent": {}, "grant": {}, "key": {}}
    for row in Revocation.objects.filter(seq__lte=upto, until__gt=now):
        known[row.kind][row.ref] = row.until
    return read.Revocations(now, upto, 0, known["consent"], known["grant"], known["key"])
