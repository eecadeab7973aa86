"""Verbs between instances (平台级联): exchange cards, send requests upward or down, take decisions.

Another instance is known by its name, address and pinned key. Its members, keys, nodes and services
enter our network by its signed card; nothing it says of anybody else is taken.
"""

import http.client
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from tongban.apps.exchange import grants, network, queries, requests
from tongban.apps.exchange.domain import levels
from tongban.apps.exchange.domain.levels import Decision, DocumentUnfit
from tongban.apps.exchange.domain.network import CARD
from tongban.apps.exchange.domain.requests import ENDED, Action, State
from tongban.apps.exchange.events import CARD_TAKEN
from tongban.apps.exchange.models import Grant, GrantRequest, Instance
from tongban.infra import clock
from tongban.kernel.events import canonical
from tongban.kernel.suites import KeyInvalid, SuiteUnknown, suite
from tongban.kernel.wire.documents import DocumentInvalid, open_document
from tongban.kernel.wire.words import Identifier, IdentifierInvalid

_LARGEST = 32 * 1024 * 1024
_PATIENCE = 20.0  # seconds
_WAITS = (State.PROVIDER, State.WITHDRAWN, State.LAPSED)
#: What another instance may do wrong.
FAULTS = (OSError, http.client.HTTPException, DocumentInvalid, DocumentUnfit, KeyError, TypeError)


class InstanceInvalid(ValueError):
    """Another instance that cannot be registered as it is described."""


def add_instance(name: str, relation: str, address: str, key: Mapping[str, str]) -> Instance:
    """Register another instance by its pinned key (``suite``, ``public`` in hex, ``id``)."""
    try:
        Identifier(name, "GOV", key["id"][:18], "data")
        suite(key["suite"]).verifier(bytes.fromhex(key["public"]))
    except (IdentifierInvalid, KeyInvalid, SuiteUnknown, KeyError, ValueError) as wrong:
        raise InstanceInvalid(f"InstanceInvalid: {wrong}") from wrong
    if name == queries.catalogue().governance.instance:
        raise InstanceInvalid(f"InstanceInvalid: {name} is this instance; name another one")
    if relation not in levels.RELATIONS or urlsplit(address).scheme not in {"http", "https"}:
        raise InstanceInvalid("InstanceInvalid: give parent, child or other, and an http address")
    with transaction.atomic():
        row, _ = Instance.objects.update_or_create(
            name=name,
            defaults={
                "relation": relation,
                "address": address.rstrip("/"),
                "key": key["id"],
                "suite": key["suite"],
                "public": key["public"].lower(),
            },
        )
        network.republish("system")  # nodes check its consents by this key
    return row


def synchronise() -> int:
    """Take every other instance's card, send what waits for it, take its decisions.

    Gives how many instances answered; what was wrong with the others stands in their ``outcome``.
    """
    good = 0
    for row in Instance.objects.order_by("name"):
        try:
            _take_card(row)
            _settle(row)
        except FAULTS as wrong:
            outcome = f"{type(wrong).__name__}: {wrong}"[:500]
        else:
            outcome = ""
            good += 1
        Instance.objects.filter(pk=row.pk).update(outcome=outcome)
    return good


def opened(row: Instance, body: bytes) -> dict[str, Any]:
    """Open a document that this instance signed with its pinned key; raises `DocumentInvalid`."""
    key = network.public_key(row)
    return open_document(body, lambda keyid: key if keyid == row.key else None)


def _take_card(row: Instance) -> None:
    document = opened(row, call(row, "GET", "card"))
    if document.get("format") != CARD or document.get("instance") != row.name:
        raise DocumentUnfit(f"DocumentUnfit: it is no card of {row.name}")
    old = {name: value for name, value in row.card.items() if name != "issued"}
    if row.card and document["issued"] < row.card["issued"]:
        raise DocumentUnfit("DocumentUnfit: the card is older than the one that is known")
    same = old == {name: value for name, value in document.items() if name != "issued"}
    with transaction.atomic():
        row.card, row.issued = document, clock.now()
        row.save(update_fields=["card", "issued"])
        if not same:
            network.tell(
                CARD_TAKEN,
                "system",
                {
                    "instance": row.name,
                    **{n: len(document[n]) for n in ("members", "nodes", "keys", "services")},
                },
            )
            network.republish("system")


def _settle(row: Instance) -> None:
    """Send the requests that this instance must decide, and take what it decided or ended."""
    own = queries.catalogue().governance.instance
    for asked in GrantRequest.objects.filter(sent_to=row.name, answered=False, state__in=_WAITS):
        if asked.state != State.PROVIDER and not asked.reviewed_by:
            continue  # withdrawn before it was sent
        withdrawn = asked.state != State.PROVIDER
        told = levels.request(asked, own, withdrawn=withdrawn, at=clock.now())
        body = call(row, "POST", "requests", canonical(network.sign(told)))
        decided = levels.read_decision(opened(row, body), row.name, asked.number)
        with transaction.atomic():
            _take(asked, decided, row.name)
    given = Grant.objects.filter(ref__startswith=f"{row.name}:", ended=None)
    for asked in GrantRequest.objects.filter(grant__in=given).select_related("grant"):
        told = levels.request(asked, own, withdrawn=False, at=clock.now())
        body = call(row, "POST", "requests", canonical(network.sign(told)))
        if levels.read_decision(opened(row, body), row.name, asked.number).ended:
            grants.end(f"g{asked.grant.pk}", row.name, "资源所属平台已终止 / ended by its owner")


def _take(asked: GrantRequest, decided: Decision, instance: str) -> None:
    """Do to a request here what its owner decided there."""
    if asked.state != State.PROVIDER:
        asked.answered = True
    elif decided.state == State.GRANTED and decided.grant:
        requests.decided_abroad(asked, Action.GRANT, instance, decided)
        grants.give(asked, "request", instance, ref=f"{instance}:{decided.grant}")
        asked.answered = True
    elif decided.state in ENDED:
        requests.decided_abroad(asked, Action.REFUSE, instance, decided)
        asked.answered = True
    asked.save(update_fields=["answered"])


def signed_by(body: bytes) -> tuple[dict[str, Any], Instance]:
    """Open a document of any registered instance; give which. Raises `DocumentInvalid`."""
    by: list[Instance] = []

    def key_of(keyid: str) -> network.PublicKey | None:
        row = Instance.objects.filter(key=keyid).first()
        if row is None:
            return None
        by.append(row)
        return network.public_key(row)

    return open_document(body, key_of), by[0]


def receive(body: bytes) -> dict[str, Any]:
    """Take a signed request of another instance; give the signed word on how it stands here.

    The same request again changes nothing and is answered anew: that is how a decision is fetched.
    Raises `DocumentInvalid`, `DocumentUnfit`.
    """
    document, origin = signed_by(body)
    rules = queries.catalogue().governance
    told = levels.read_request(document, origin.name, rules.instance)
    client = Identifier.parse(told["client"])
    if client.member not in {m["member"] for m in origin.card.get("members", ())}:
        raise DocumentUnfit(f"DocumentUnfit: {client.member} is no member of {origin.name}")
    row = GrantRequest.objects.filter(number=told["number"]).first()
    with transaction.atomic():
        if row is None:
            row = requests.from_abroad(told, origin.name)
        elif row.origin != origin.name:
            raise DocumentUnfit("DocumentUnfit: the number is of another instance's request")
        elif told["withdrawn"] and State(row.state) not in ENDED:
            requests.withdrawn_abroad(row, origin.name)
    grant = Grant.objects.filter(request=row).first()
    return network.sign(
        levels.decision(
            Decision(
                row.number,
                str(row.state),
                row.refusal,
                row.note,
                f"g{grant.pk}" if grant else "",
                grant is not None and grant.ended is not None,
            ),
            rules.instance,
            clock.now(),
        )
    )


def call(
    row: Instance, method: str, what: str, body: bytes = b"", patience: float = _PATIENCE
) -> bytes:
    """Ask another instance; bounded in time and size, no redirect is followed."""
    parts = urlsplit(row.address)
    link: http.client.HTTPConnection
    if parts.scheme == "https":
        link = http.client.HTTPSConnection(
            parts.netloc, timeout=patience, context=ssl.create_default_context()
        )
    else:
        link = http.client.HTTPConnection(parts.netloc, timeout=patience)
    try:
        headers = {"Content-Type": "application/json"} if body else {}
        link.request(method, f"{parts.path}/exchange/v1/{what}", body or None, headers)
        answer = link.getresponse()
        told = answer.read(_LARGEST + 1)
    finally:
        link.close()
    if answer.status != http.HTTPStatus.OK or len(told) > _LARGEST:
        raise OSError(f"{row.name} answers {answer.status}: {told[:200]!r}")
    return told
